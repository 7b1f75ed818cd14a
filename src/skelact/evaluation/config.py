"""Settings of each protocol; how it measures is in its own file."""

from typing import Literal

from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt, model_validator

from skelact.config import OLD_NAMES, Config, Precision
from skelact.encoders.config import EncoderConfig
from skelact.train.config import SGDNumbers, Tuning


class KnnConfig(Config):
    """Which k are reported, and how neighbours vote."""

    k: tuple[PositiveInt, ...] = Field(default=(1, 20), min_length=1)
    """Numbers of neighbours; the last one gives the headline figure."""
    cap: bool = True
    """Whether k is at most the train clips of the smallest class; more neighbours would have to be of other classes."""
    temperature: PositiveFloat = 0.1
    """tau: a neighbour's vote weighs exp(cosine similarity / tau)."""


class RetrievalConfig(Config):
    """What is searched, and how deep recall looks."""

    gallery: Literal["train", "test"] = "train"
    """What a test clip searches: the train clips, or all other test clips (each is left out of its own search)."""
    recall: tuple[PositiveInt, ...] = Field(default=(1, 5), min_length=1)
    """Numbers of first clips among which one of the own class is looked for."""


class ClusteringConfig(Config):
    """How k-means is run."""

    clusters: PositiveInt | None = None
    """Number of clusters; left out, the number of classes among the test clips."""
    starts: PositiveInt = 10
    """Starts of k-means, the tightest of which counts."""
    normalise: bool = True
    """Whether features are first brought to length 1, so that distance is cosine."""


class LinearConfig(SGDNumbers):
    """The published recipe (SGD without weight decay, no standardisation, no augmentation)."""

    lr: PositiveFloat = 3.0
    weight_decay: NonNegativeFloat = 0
    batch: PositiveInt = 128
    """Clips a step. A last, incomplete batch of an epoch is left out, unless it is the only one."""
    epochs: PositiveInt = 100
    milestones: tuple[PositiveInt, ...] = (80,)  # pyright: ignore[reportIncompatibleVariableOverride] (whole epochs)
    """Epochs at which the step schedule divides by ten."""
    initial_std: NonNegativeFloat = 0.02
    """Standard deviation of the initial weights; the initial bias is 0."""


class TuneConfig(Tuning):
    """SGD over network and head. Rate, momentum, batch, epochs and milestones are those of the published programs'
    fine-tuning; the weight decay is that of pretraining."""

    lr: PositiveFloat = 0.01
    batch: PositiveInt = 128
    """Clips a step. A last, incomplete batch of an epoch is left out, unless it is the only one."""
    epochs: PositiveInt = 150
    milestones: tuple[PositiveInt, ...] = (60, 100)  # pyright: ignore[reportIncompatibleVariableOverride] (whole epochs)
    """Epochs at which the step schedule divides by ten."""
    layer_decay: float = Field(default=1, gt=0, le=1)
    """Learning rate of a layer, as a multiple of the next layer's; the head has lr. 1: all layers alike."""
    network_mode: Literal["train", "eval"] = "train"
    """What the network is in while it learns. eval: no dropout, and BatchNorm by the running statistics that it came
    with, which stay (released)."""
    augmentation: Literal["none", "normal"] = "none"
    """normal: Crop and Shear, as in a normal view of pretraining. Released programs use none here."""
    initial_std: NonNegativeFloat = 0.02
    """Standard deviation of the head's initial weights; its initial bias is 0."""
    test_every: PositiveInt = 5
    """Epochs between tests, among which `best` is chosen; the last epoch is always tested."""
    precision: Precision = "float32"
    """bf16: autocast of the network in training; the head, the loss and the tests stay float32."""


class FinetuneConfig(TuneConfig):
    """The pretrained network and a new linear head learn all labels."""


PerClass = Literal["at_least_one", "released"]
"""Clips of a class of n: share x n, rounded, half up, but one at least; or half to even and possibly none."""


def labels_name(share: float, per_class: PerClass) -> str:
    """A choice of labels as it stands in file names: 10pct, or 10pct-released, which are other clips."""
    return f"{100 * share:g}pct" + ("-released" if per_class == "released" else "")


class SemiConfig(TuneConfig):
    """As finetune, with the labels of a share of the train clips."""

    share: float = Field(default=0.1, gt=0, le=1)
    """Share of the clips of every class that keep their label."""
    per_class: PerClass = "at_least_one"
    """The share rounded, half up, but at least one clip of each class; or half to even, possibly none (released)."""

    @property
    def percent(self) -> str:
        """The choice of labels as it stands in file names."""
        return labels_name(self.share, self.per_class)


class SupervisedConfig(TuneConfig):
    """The same network from random weights, with the numbers of ST-GCN's published program on NTU RGB+D."""

    old_names = OLD_NAMES

    lr: PositiveFloat = 0.1
    nesterov: bool = True
    batch: PositiveInt = 64
    epochs: PositiveInt = 80
    milestones: tuple[PositiveInt, ...] = (10, 50)
    preparation: str | None = None
    """Another preparation than the run's; without a run released."""
    frames: int | None = Field(default=None, ge=2)
    """Other frames than the run's; without a run 50."""
    width: PositiveInt | None = None
    """Another width of the network than the run's; without a run 16."""

    def network(self, encoder: EncoderConfig) -> EncoderConfig:
        """The run's network, with the width asked for. SkelactError where it has no width."""
        return encoder if self.width is None else encoder.with_width(self.width)

    @model_validator(mode="after")
    def _has_no_statistics(self) -> "SupervisedConfig":
        if self.network_mode == "eval":
            raise ValueError("random weights come with no running statistics: network_mode must be train, got 'eval'")
        return self


def finetune_released() -> FinetuneConfig:
    """As SkeAttnCLR's program fine-tunes joints of NTU-60, cross-subject."""
    return FinetuneConfig(lr=0.008, weight_decay=0, network_mode="eval")


def semi_released() -> SemiConfig:
    """As SkeAttnCLR's program learns a tenth of the labels of joints of NTU-60, cross-subject."""
    return SemiConfig(weight_decay=0, network_mode="eval", per_class="released")


class TransferConfig(Config):
    """Both ways of using the encoder on the other store."""

    linear: LinearConfig = LinearConfig()
    finetune: FinetuneConfig = FinetuneConfig()


class AllConfig(Config):
    """Settings of each protocol. Transfer is left out: on a store new to the run it is linear and finetune."""

    knn: KnnConfig = KnnConfig()
    retrieval: RetrievalConfig = RetrievalConfig()
    clustering: ClusteringConfig = ClusteringConfig()
    linear: LinearConfig = LinearConfig()
    shares: tuple[float, ...] = Field(default=(0.01, 0.05, 0.1), min_length=1)
    """Shares of the labels for semi."""
    semi: TuneConfig = TuneConfig()
    finetune: FinetuneConfig = FinetuneConfig()
    supervised: SupervisedConfig = SupervisedConfig()


AnyRecipe = (
    KnnConfig
    | RetrievalConfig
    | ClusteringConfig
    | LinearConfig
    | SemiConfig
    | FinetuneConfig
    | SupervisedConfig
    | TransferConfig
)
RECIPES: dict[str, type[AnyRecipe]] = {
    "knn": KnnConfig,
    "retrieval": RetrievalConfig,
    "clustering": ClusteringConfig,
    "linear": LinearConfig,
    "semi": SemiConfig,
    "finetune": FinetuneConfig,
    "supervised": SupervisedConfig,
    "transfer": TransferConfig,
}
"""The protocols, in order of cost, and their settings."""

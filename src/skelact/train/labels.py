"""Settings of trainings on labels: a linear layer on features (`linear.py`), a whole network (`tune.py`)."""

from typing import Literal

from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt, model_validator

from skelact.config import OLD_NAMES, Precision
from skelact.encoders.config import EncoderConfig
from skelact.train.config import SGDNumbers, Tuning

PerClass = Literal["at_least_one", "released"]
"""Labelled clips of a class of n clips: share x n, rounded half up, at least one; released: half to even, or none."""


class LinearConfig(SGDNumbers):
    """The published recipe (SGD without weight decay, no standardisation, no augmentation)."""

    lr: PositiveFloat = 3.0
    weight_decay: NonNegativeFloat = 0
    batch: PositiveInt = 128
    """Clips a step. The last, incomplete batch of an epoch is dropped, unless it is the only one."""
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
    """Clips a step. The last, incomplete batch of an epoch is dropped, unless it is the only one."""
    epochs: PositiveInt = 150
    milestones: tuple[PositiveInt, ...] = (60, 100)  # pyright: ignore[reportIncompatibleVariableOverride] (whole epochs)
    """Epochs at which the step schedule divides by ten."""
    layer_decay: float = Field(default=1, gt=0, le=1)
    """Learning rate of a layer as a multiple of the next layer's; the head has lr. 1: the same for all layers."""
    network_mode: Literal["train", "eval"] = "train"
    """Mode of the network while it learns. eval: no dropout, and BatchNorm keeps using the running statistics of
    pretraining (released)."""
    augmentation: Literal["none", "normal"] = "none"
    """normal: Crop and Shear, as in a normal view of pretraining. Released programs use none here."""
    initial_std: NonNegativeFloat = 0.02
    """Standard deviation of the head's initial weights; its initial bias is 0."""
    test_every: PositiveInt = 5
    """Epochs between tests, among which `best` is chosen; the last epoch is always tested."""
    precision: Precision = "float32"
    """bf16: autocast of the network in training; the head, the loss and the tests stay float32."""


class SupervisedConfig(TuneConfig):
    """The same network from random weights, with the numbers of ST-GCN's published program on NTU RGB+D."""

    old_names = OLD_NAMES

    lr: PositiveFloat = 0.1
    nesterov: bool = True
    batch: PositiveInt = 64
    epochs: PositiveInt = 80
    milestones: tuple[PositiveInt, ...] = (10, 50)
    preparation: str | None = None
    """Preparation other than the run's; without a run the default is released."""
    frames: int | None = Field(default=None, ge=2)
    """Frames other than the run's; without a run the default is 50."""
    width: PositiveInt | None = None
    """Width of the network other than the run's; without a run the default is 16."""

    def network(self, encoder: EncoderConfig) -> EncoderConfig:
        """The run's network, with the width asked for. SkelactError where that kind of network has no width."""
        return encoder if self.width is None else encoder.with_width(self.width)

    @model_validator(mode="after")
    def _has_no_statistics(self) -> "SupervisedConfig":
        if self.network_mode == "eval":
            raise ValueError("random weights come with no running statistics: network_mode must be train, got 'eval'")
        return self

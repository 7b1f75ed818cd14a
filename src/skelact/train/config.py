"""Configuration of a pretraining run. Defaults are those of the AimCLR paper."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, model_serializer, model_validator

from skelact.config import OLD_NAMES, Config, Precision, Preparation, Stream
from skelact.encoders.config import DEFAULT, AnyEncoderConfig
from skelact.methods.config import AnyMethodConfig

if TYPE_CHECKING:
    import torch

    import skelact.methods.method


Groups = Sequence["skelact.methods.method.ParameterGroup"]
Beta = Annotated[float, Field(ge=0, lt=1)]


class Schedule(Config):
    """The learning rate over a training; the same for pretraining, linear evaluation and fine-tuning."""

    lr: float = Field(default=0.1, gt=0)
    """Learning rate before the schedule lowers it."""
    schedule: Literal["step", "cosine", "exponential"] = "step"
    """step: divide by ten at each milestone; cosine: fall to zero along half a cosine; exponential: fall by the same
    factor at every step."""
    milestones: tuple[float, ...] = (250,)
    """Epochs at which the step schedule divides by ten."""
    warmup: float = Field(default=0, ge=0, lt=1)
    """Share of the training over which the rate rises from zero."""
    final: float = Field(default=0.01, gt=0, le=1)
    """The exponential schedule ends at this share of lr."""


class Clipping(Config):
    """Gradient clipping."""

    clip: float | None = Field(default=None, gt=0)
    """Largest L2 norm of the gradient over all parameters; a larger one is scaled down. None: no clipping."""


class SGDNumbers(Schedule):
    """Stochastic gradient descent with momentum."""

    momentum: float = Field(default=0.9, ge=0, lt=1)
    nesterov: bool = False
    """Nesterov's momentum."""
    weight_decay: float = Field(default=1e-4, ge=0)

    @model_validator(mode="after")
    def _nesterov_has_momentum(self) -> "SGDNumbers":
        if self.nesterov and not self.momentum:
            raise ValueError("nesterov needs a momentum above 0, got 0.0")
        return self

    def build(self, groups: Groups, fused: bool | None = None) -> "torch.optim.Optimizer":
        """PyTorch's optimiser of these groups; `fused`: PyTorch's fused kernel, on a GPU."""
        import torch

        from skelact.train.optimise import as_torch

        return torch.optim.SGD(
            as_torch(groups),
            lr=self.lr,
            momentum=self.momentum,
            weight_decay=self.weight_decay,
            nesterov=self.nesterov,
            fused=fused,
        )


class SGD(Clipping, SGDNumbers):
    """Stochastic gradient descent with momentum."""

    name: Literal["sgd"] = "sgd"


class Adam(Clipping, Schedule):
    """Adam, with weight decay as part of the gradient."""

    name: Literal["adam"] = "adam"
    lr: float = Field(default=1e-3, gt=0)
    """Learning rate before the schedule lowers it."""
    betas: tuple[Beta, Beta] = (0.9, 0.999)
    """Decay rates of the means of the gradient and of its square."""
    weight_decay: float = Field(default=0, ge=0)

    def build(self, groups: Groups, fused: bool | None = None) -> "torch.optim.Optimizer":
        """PyTorch's optimiser of these groups; `fused`: PyTorch's fused kernel, on a GPU."""
        import torch

        from skelact.train.optimise import as_torch

        return torch.optim.Adam(
            as_torch(groups), lr=self.lr, betas=self.betas, weight_decay=self.weight_decay, fused=fused
        )


class AdamW(Clipping, Schedule):
    """Adam with decoupled weight decay; norms and biases do not decay."""

    name: Literal["adamw"] = "adamw"
    lr: float = Field(default=1e-3, gt=0)
    """Learning rate before the schedule lowers it."""
    betas: tuple[Beta, Beta] = (0.9, 0.999)
    """Decay rates of the means of the gradient and of its square."""
    weight_decay: float = Field(default=0.05, ge=0)
    """Not applied to parameters of one axis (norms and biases)."""

    def build(self, groups: Groups, fused: bool | None = None) -> "torch.optim.Optimizer":
        """PyTorch's optimiser of these groups, each in two: with weight decay, without; `fused`: in one launch, on a
        GPU."""
        import torch

        from skelact.train.optimise import as_torch, norms_apart

        return torch.optim.AdamW(
            as_torch(norms_apart(groups)), lr=self.lr, betas=self.betas, weight_decay=self.weight_decay, fused=fused
        )


class Tuning(Clipping, SGDNumbers):
    """Settings of a training by SGD, or by another optimiser."""

    optimiser: Annotated[Adam | AdamW, Field(discriminator="name")] | None = None
    """Another optimiser than SGD, with its own settings. None: SGD, with the settings above."""

    @property
    def chosen(self) -> "Tuning | Adam | AdamW":
        """The optimiser's configuration."""
        return self.optimiser or self

    @model_validator(mode="after")
    def _no_numbers_of_two(self) -> "Tuning":
        if self.optimiser is not None:
            for name in sorted(OF_SGD):
                if getattr(self, name) != type(self).model_fields[name].default:
                    raise ValueError(f"{name} is of SGD: with {self.optimiser.name} give optimiser.{name}")
        return self

    @model_serializer(mode="wrap")
    def _without_what_is_not_used(self, values: Callable[[Any], dict[str, Any]]) -> dict[str, Any]:
        unused = OF_SGD if self.optimiser else {"optimiser"}  # SGD's: as before there were others
        return {name: value for name, value in values(self).items() if name not in unused}


OF_SGD = {*Clipping.model_fields, *SGDNumbers.model_fields}
"""Fields of a Tuning that are SGD's."""
Optimiser = SGD | Adam | AdamW
OPTIMISERS: dict[str, type[Optimiser]] = {"sgd": SGD, "adam": Adam, "adamw": AdamW}


def another_optimiser(old: Optimiser | Tuning, name: str) -> Optimiser:
    """`old` if it has that name; else the optimiser of that name with its own defaults, but the schedule and the
    clipping of `old`."""
    if not isinstance(old, Tuning) and old.name == name:
        return old
    kept = {*Schedule.model_fields, *Clipping.model_fields} - {"lr"}
    return OPTIMISERS[name](**old.model_dump(include=kept))


def _name(optimiser: Any) -> Any:
    """Which optimiser a value is; runs from before there were several name none and had SGD."""
    return optimiser.get("name", "sgd") if isinstance(optimiser, dict) else getattr(optimiser, "name", None)


AnyOptimiser = Annotated[
    Annotated[SGD, Tag("sgd")] | Annotated[Adam, Tag("adam")] | Annotated[AdamW, Tag("adamw")],
    Discriminator(_name),
]
"""Any optimiser, as a field of a configuration."""
FREE = {
    "log_every": "",
    "probe_every": "",
    "device": "results differ from those before by rounding only",
    "compile": "results differ from those before by rounding only",
}
"""Settings that may change when a run is resumed, and what that changes. All others decide what is learned.

Logging and probing do not affect the training, because they draw no random numbers. Another device adds up in another
order and so changes the last bits, as another number of threads does.
"""


class StageConfig(Config):
    """A further stage of a run. It continues with the encoder of the stage before; everything else starts anew."""

    recipe: str
    """Name of the recipe that these settings started from."""
    method: Annotated[AnyMethodConfig, Field(discriminator="name")]
    optimiser: AnyOptimiser = SGD()
    epochs: int = Field(default=300, ge=1)
    batch: int | None = Field(default=None, ge=2)
    """None: the batch of the first stage."""
    frozen: tuple[str, ...] = ()
    """Parts of the encoder that do not learn: layers by number (0, or 0-4; 0 is the one at the input) or parameters by
    pattern (blocks.*.spatial.*). A module that is frozen whole is in evaluation mode: no dropout, and BatchNorm by the
    running statistics that it came with."""


class TrainConfig(Config):
    """One pretraining run; written to the run's config.json and compared when it is resumed."""

    old_names = OLD_NAMES

    recipe: str
    """Name of the recipe that these settings started from."""
    method: Annotated[AnyMethodConfig, Field(discriminator="name")]
    encoder: AnyEncoderConfig = DEFAULT
    optimiser: AnyOptimiser = SGD()
    stream: Stream = "joint"
    preparation: Preparation = "released"
    """How clips are prepared."""
    frames: int = Field(default=50, ge=2)
    """Frames of a prepared clip."""
    batch: int = Field(default=128, ge=2)
    epochs: int = Field(default=300, ge=1)
    seed: int = 0
    device: str = "auto"
    """cpu, cuda, cuda:1, ...; auto: a GPU if there is one."""
    precision: Precision = "float32"
    """bf16: networks under autocast; losses stay float32."""
    compile: bool = False
    """Use torch.compile for the encoders' blocks. GPU only: the CPU has its own fast path."""
    log_every: int = Field(default=10, ge=1)
    """Steps between lines in metrics.jsonl."""
    probe_every: int = Field(default=10, ge=0)
    """Epochs between probes of the features (kNN, collapse); 0: never."""
    then: tuple[StageConfig, ...] = ()
    """Further stages, one after the other."""

    @model_serializer(mode="wrap")
    def _without_stages_that_are_not_there(self, values: Callable[[Any], dict[str, Any]]) -> dict[str, Any]:
        written = values(self)
        if not self.then:
            written.pop("then", None)  # a run of one stage is written as before there were several
        return written

    @property
    def stages(self) -> tuple["TrainConfig", ...]:
        """Every stage as a run of its own."""
        first = self.model_copy(update={"then": ()})
        return first, *(first.model_copy(update=_differing(stage, self.batch)) for stage in self.then)

    def frozen(self, stage: int) -> tuple[str, ...]:
        """What does not learn in a stage, by its number from 0."""
        return self.then[stage - 1].frozen if stage else ()


def _differing(stage: StageConfig, batch: int) -> dict[str, Any]:
    """What a stage has other than the first one, whose clips a batch are `batch`."""
    own = {"recipe": stage.recipe, "method": stage.method, "optimiser": stage.optimiser, "epochs": stage.epochs}
    return {**own, "batch": stage.batch or batch}

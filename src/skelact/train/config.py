"""What a pretraining run is: method, encoder, data, optimiser, clock. Defaults are those of the AimCLR paper."""

from typing import Annotated, Literal

from pydantic import Field

from skelact.config import Config, Precision, Stream, View
from skelact.encoders.config import STGCNConfig
from skelact.methods.config import AnyMethodConfig


class Optimiser(Config):
    """SGD with momentum, and its learning rate over the epochs."""

    lr: float = Field(default=0.1, gt=0)
    momentum: float = Field(default=0.9, ge=0, lt=1)
    weight_decay: float = Field(default=1e-4, ge=0)
    schedule: Literal["step", "cosine"] = "step"
    """Divide by ten at every milestone, or fall to zero along half a cosine."""
    milestones: tuple[float, ...] = (250,)
    """Epochs at which the step schedule divides by ten."""
    warmup: float = Field(default=0, ge=0, lt=1)
    """Share of the run over which the rate rises from zero."""


FREE = {
    "log_every": "",
    "probe_every": "",
    "device": "results differ from those before by rounding only",
    "compile": "results differ from those before by rounding only",
}
"""Settings that may change when a run is resumed, and what follows; all others decide what is learned.

How often losses are written and features looked at changes nothing of the training: a look draws no number. Where it is
computed changes the order of sums and so the last bits, as another number of threads does.
"""


class TrainConfig(Config):
    """One pretraining run; written to the run's config.json and compared when it is resumed."""

    recipe: str
    """Name of the recipe that these numbers started from."""
    method: Annotated[AnyMethodConfig, Field(discriminator="name")]
    encoder: STGCNConfig = STGCNConfig()
    optimiser: Optimiser = Optimiser()
    stream: Stream = "joint"
    view: View = "released"
    """Prepared view of the clips."""
    frames: int = Field(default=50, ge=2)
    """T"""
    batch: int = Field(default=128, ge=2)
    epochs: int = Field(default=300, ge=1)
    seed: int = 0
    device: str = "auto"
    """cpu, cuda, cuda:1, ...; auto takes a GPU where there is one."""
    precision: Precision = "float32"
    """bf16: autocast of the networks; losses stay float32."""
    compile: bool = False
    """torch.compile of the encoders' blocks, of query and key. GPUs only: a CPU has a faster path of its own."""
    log_every: int = Field(default=10, ge=1)
    """Steps between lines in metrics.jsonl."""
    probe_every: int = Field(default=10, ge=0)
    """Epochs between looks at the features (kNN, collapse); 0 for none."""

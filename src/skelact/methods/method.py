"""The interface between the training loop and a method: contrast, reconstruction, prediction, clustering."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor, nn

from skelact.encoders.encoder import Encoder
from skelact.maths.augment import Augmentation
from skelact.maths.draw import Draw
from skelact.maths.streams import Stream
from skelact.methods.config import MethodConfig as MethodConfig  # for your own methods

Losses = dict[str, Float[Tensor, ""]]


@dataclass(frozen=True)
class Moment:
    """Position of a training step in its run, and the random numbers of the step."""

    step: int
    """Number of the step, from 0."""
    total: int
    """Steps of the whole run."""
    epoch: int
    """Number of the epoch, from 0."""
    epochs: int
    """Epochs of the whole run; each has total / epochs steps."""
    draw: Draw
    """Random numbers for the clips of the batch, in their order; a function of seed, epoch and clip only.
    `draw.of(name)` starts a sequence for one purpose, such as a mask."""


@dataclass(frozen=True)
class ParameterGroup:
    """Parameters that share optimiser settings."""

    parameters: Sequence[Tensor]
    rate: float = 1.0
    """Their learning rate, as a multiple of the run's."""
    decays: bool = True
    """Whether weight decay applies. AdamW never decays norms and biases, whatever the group."""


class Method(nn.Module, ABC):
    """A method owns every network and buffer that training changes. Its state dict is its complete state.

    Built as `SomeMethod(config, encoder, skeleton)`. `config` is a `SomeMethod.Config`. Each call of `encoder()`
    returns a new network with random weights. A method of several streams calls `encoder(stream)`.
    """

    @property
    @abstractmethod
    def encoder(self) -> Encoder:
        """The network that is exported and evaluated, from clips (n, c, t, v, m) to features (n, d)."""

    def encoders(self) -> dict[Stream, Encoder]:
        """One encoder per stream, `encoder` first, for a method that makes several streams from views of joints.

        Empty for a method with one encoder. Its views are in the stream of the run.
        """
        return {}

    @abstractmethod
    def views(self) -> dict[str, Augmentation]:
        """Names of the augmented views, and the augmentation that makes each."""

    @abstractmethod
    def forward(self, views: dict[str, Float[Tensor, "n c t v m"]], moment: Moment) -> Losses:
        """Compute the losses of one step: `loss` is the total, in float32; the other entries are its parts, logged."""

    def after_step(self, moment: Moment) -> None:
        """Called after the optimiser step and before anything is saved. Default: nothing."""

    def parameter_groups(self) -> list[ParameterGroup]:
        """Parameters to train. Default: one group with all parameters that require a gradient."""
        return [ParameterGroup([parameter for parameter in self.parameters() if parameter.requires_grad])]

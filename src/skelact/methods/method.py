"""What the training loop asks of a method, whatever it learns by: contrast, reconstruction, prediction, clusters."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor, nn

from skelact.encoders.encoder import Encoder
from skelact.maths.augment import Augmentation
from skelact.maths.draw import Draw
from skelact.maths.streams import Stream
from skelact.methods.config import MethodConfig as MethodConfig  # for methods of one's own

Losses = dict[str, Float[Tensor, ""]]


@dataclass(frozen=True)
class Moment:
    """Where a training step stands in its run, and the random numbers of the step."""

    step: int
    """Number of the step, from 0."""
    total: int
    """Steps of the whole run."""
    epoch: int
    """Number of the epoch, from 0."""
    epochs: int
    """Epochs of the whole run; each has total / epochs steps."""
    draw: Draw
    """Draws for the clips of the batch, in their order; a function of seed, epoch and clip alone. `draw.of(name)`
    starts a sequence for one purpose, such as a mask."""


@dataclass(frozen=True)
class ParameterGroup:
    """Parameters that the optimiser treats alike."""

    parameters: Sequence[Tensor]
    rate: float = 1.0
    """Their learning rate, as a multiple of the run's."""
    decays: bool = True
    """Whether weight decay acts on them. AdamW leaves out norms and biases of any group by itself."""


class Method(nn.Module, ABC):
    """A method owns every network and buffer that training changes; its state dict is its whole state.

    Built as `SomeMethod(config, encoder, skeleton)`: `config` is a `SomeMethod.Config`, and `encoder()` a network with
    fresh weights, another one at each call. A method of several streams asks for `encoder(stream)`.
    """

    @property
    @abstractmethod
    def encoder(self) -> Encoder:
        """The network that training is for, from clips (n, c, t, v, m) to features (n, d): exported and evaluated."""

    def encoders(self) -> dict[Stream, Encoder]:
        """An encoder a stream, `encoder` first, of a method that makes several streams itself from views of joints.

        Empty for a method of one encoder, whose views come in the stream of the run.
        """
        return {}

    @abstractmethod
    def views(self) -> dict[str, Augmentation]:
        """Named views of a batch of clips and how each is made."""

    @abstractmethod
    def forward(self, views: dict[str, Float[Tensor, "n c t v m"]], moment: Moment) -> Losses:
        """One training step up to the loss. `loss` is whole and float32; its named parts stand beside it."""

    def after_step(self, moment: Moment) -> None:
        """Called once the optimiser has changed the weights, before anything is saved. Does nothing by default."""

    def parameter_groups(self) -> list[ParameterGroup]:
        """What the optimiser trains. Default: one group of all parameters that require a gradient."""
        return [ParameterGroup([parameter for parameter in self.parameters() if parameter.requires_grad])]

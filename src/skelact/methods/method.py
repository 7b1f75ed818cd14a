"""What the training loop asks of a method, whatever it learns by: contrast, reconstruction, prediction, clusters."""

from abc import ABC, abstractmethod

from jaxtyping import Float
from torch import Tensor, nn

from skelact.augment import Augmentation
from skelact.encoders.encoder import Encoder
from skelact.methods.config import MethodConfig as MethodConfig  # for methods of one's own
from skelact.streams import Stream

Losses = dict[str, Float[Tensor, ""]]


class Method(nn.Module, ABC):
    """A method owns every network and buffer that training changes; its state dict is its whole state.

    Built as `SomeMethod(config, encoder, skeleton)`: `config` is a `SomeMethod.Config`, and `encoder()` a network with
    fresh weights, another one at each call.
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
    def forward(self, views: dict[str, Float[Tensor, "n c t v m"]], epoch: int) -> Losses:
        """One training step up to the loss. `loss` is whole and float32; its named parts stand beside it."""

    def stepped(self, step: int, total: int) -> None:
        """What follows the optimiser's step number `step` (from 0) of `total`: nothing, unless a method says so."""

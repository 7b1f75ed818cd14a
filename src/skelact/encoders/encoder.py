"""What an encoder is: a network from clips to features that says what it gives."""

from abc import ABC, abstractmethod

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from skelact.system.world import SkelactError

TIME_BINS = 4
"""Entries over time of the tokens that are read out."""

Clips = Float[Tensor, "n c t v m"]
Map = Float[Tensor, "p d *axes"]


class Encoder(nn.Module, ABC):
    """Encodes every person of a clip apart and averages over the persons.

    A subclass gives `person_maps`, and `person_features` where these are not the mean of a map. One that mixes the
    persons of a clip overrides `feature_map`, `persons`, `pool` and `forward`.
    """

    def __init__(
        self,
        name: str,
        features: int,
        channels: int | None = None,
        axes: tuple[str, ...] = (),
        leaves_out_absent: bool = False,
    ):
        """`name` is that of its configuration, `channels` is `features` where it is left out."""
        super().__init__()
        self.name = name
        self.features = features
        """Length of the pooled features h."""
        self.channels = features if channels is None else channels
        """Channels d of a token of the feature map."""
        self.axes = axes
        """Axes of the tokens behind the channels, such as ("time", "joint"), ("time", "part") or ("time",); empty for
        one vector a person."""
        self.leaves_out_absent = leaves_out_absent
        """Whether absent persons are left out of the network and of the mean over persons."""

    @property
    def has_joint_axis(self) -> bool:
        """Whether the feature map has an entry for each time and joint, as a method that works on joints needs."""
        return self.axes == ("time", "joint")

    def require_joint_axis(self, method: str) -> None:
        """SkelactError, naming `method` and this encoder, unless the feature map is over time and joints."""
        if not self.has_joint_axis:
            found = " x ".join(self.axes) or "one vector a person"
            raise SkelactError(
                f"{method} works on joints: expected an encoder whose feature map is over time x joint, "
                f"found {self.name}, which gives {found}; take another encoder or another method"
            )

    @abstractmethod
    def person_maps(self, x: Float[Tensor, "p c t v"]) -> Map:
        """Feature map of each person."""

    def person_features(self, features: Map) -> Float[Tensor, "p h"]:
        """Features of each person from their map: its mean, in float32 or better, whatever the map is in."""
        return features.flatten(2).mean(2, dtype=_wide(features)) if features.ndim > 2 else features.to(_wide(features))

    def feature_map(self, x: Clips) -> Map:
        """Feature map of every person apart. Persons of a clip follow each other, those whom `persons` names."""
        everyone = x.permute(0, 4, 1, 2, 3)
        return self.person_maps(everyone[there(x)] if self._leaves_out(x) else everyone.flatten(0, 1))

    def persons(self, x: Clips) -> Bool[Tensor, "n m"]:
        """Persons of each clip that the feature map has, in its order."""
        return there(x) if self._leaves_out(x) else torch.ones(len(x), x.shape[4], dtype=torch.bool, device=x.device)

    def pool(self, features: Map, x: Clips) -> Float[Tensor, "n h"]:
        """h of the clips `x` from their feature map: features of each person, averaged over the persons of a clip."""
        of_persons = self.person_features(features)
        if not self._leaves_out(x):
            return of_persons.unflatten(0, (len(x), x.shape[4])).mean(1)
        present = there(x)
        clip = present.nonzero()[:, 0]
        total = of_persons.new_zeros(len(x), of_persons.shape[1]).index_add(0, clip, of_persons)
        return total / present.sum(1, keepdim=True)

    def tokens(self, x: Clips) -> Float[Tensor, "n k"]:
        """The feature map of each clip as one vector, which keeps what pooling averages away: which joint or place,
        and when. The mean over persons; an axis "time" of more than TIME_BINS entries in as many equal bins."""
        features, persons = self.feature_map(x), self.persons(x)
        features = features.to(_wide(features))
        if "time" in self.axes and features.shape[2 + self.axes.index("time")] > TIME_BINS:
            axis = 2 + self.axes.index("time")
            last = features.movedim(axis, -1)
            binned = nn.functional.adaptive_avg_pool1d(last.flatten(1, -2), TIME_BINS)
            features = binned.unflatten(1, last.shape[1:-1]).movedim(-1, axis)
        clip = persons.nonzero()[:, 0]
        total = features.new_zeros(len(x), *features.shape[1:]).index_add(0, clip, features)
        return total.flatten(1) / persons.sum(1, keepdim=True)

    def forward(self, x: Clips) -> Float[Tensor, "n h"]:
        """h of each clip. In evaluation absent persons are all alike, so one of them is computed."""
        if self.training or self.leaves_out_absent or x.shape[4] == 1:
            return self.pool(self.feature_map(x), x)
        present = there(x)
        everyone = x.permute(0, 4, 1, 2, 3)
        each = torch.cat([torch.zeros_like(everyone[:1, 0]), everyone[present]])
        row = torch.where(present, present.flatten().cumsum(0).view_as(present), 0)
        return self.person_features(self.person_maps(each))[row].mean(1)

    def layers(self) -> list[nn.Module]:
        """The layers from the input on, for learning rates layer by layer; every parameter is in one. Default: one."""
        return [self]

    def compile_blocks(self, backend: str = "inductor") -> None:
        """torch.compile what takes the time, in place. SkelactError where an encoder has no such blocks."""
        raise SkelactError(f"--compile: the encoder {self.name} has no blocks to compile; leave it out")

    def _leaves_out(self, x: Clips) -> bool:
        return self.leaves_out_absent and x.shape[4] > 1


def there(x: Clips) -> Bool[Tensor, "n m"]:
    """Which persons are in a clip: any of their numbers is not zero. The first one always is."""
    present = (x != 0).any(3).any(2).any(1)
    present[:, 0] = True
    return present


def _wide(x: Tensor) -> torch.dtype:
    return torch.promote_types(x.dtype, torch.float32)


@torch.no_grad()
def published_start(module: nn.Module) -> None:
    """Start the weights as the published programs do, whatever they were: N(0, 0.02) for convolutions and linear
    layers, N(1, 0.02) for BatchNorm, biases 0. For `nn.Module.apply`."""
    if isinstance(module, nn.Conv2d | nn.Linear):
        module.weight.normal_(0, 0.02)
        if module.bias is not None:
            module.bias.zero_()
    elif isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
        module.weight.normal_(1, 0.02)
        module.bias.zero_()

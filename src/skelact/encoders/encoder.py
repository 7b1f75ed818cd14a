"""The interface of encoders: networks from clips to features."""

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
    """Encodes every person of a clip separately, then averages over the persons.

    A subclass implements `person_maps`, and `person_features` if these are not the mean of the map. A subclass that
    mixes the persons of a clip overrides `feature_map`, `persons`, `pool` and `forward`.
    """

    def __init__(
        self,
        name: str,
        features: int,
        channels: int | None = None,
        axes: tuple[str, ...] = (),
        leaves_out_absent: bool = False,
    ):
        """`name` is that of the configuration; `channels` defaults to `features`."""
        super().__init__()
        self.name = name
        self.features = features
        """Length of the pooled features h."""
        self.channels = features if channels is None else channels
        """Channels d of the feature map."""
        self.axes = axes
        """Axes of the feature map after the channels, such as ("time", "joint"), ("time", "part") or ("time",). Empty:
        one vector per person."""
        self.leaves_out_absent = leaves_out_absent
        """Whether absent persons are left out of the network, its BatchNorm and the mean over persons. On a GPU the
        host then waits for the number of persons."""

    @property
    def has_joint_axis(self) -> bool:
        """Whether the feature map is over time and joints, which methods that work on joints need."""
        return self.axes == ("time", "joint")

    def require_joint_axis(self, method: str) -> None:
        """SkelactError, naming `method` and this encoder, unless the feature map is over time and joints."""
        if not self.has_joint_axis:
            found = " x ".join(self.axes) or "one vector a person"
            raise SkelactError(
                f"{method} works on joints: expected an encoder whose feature map is over time x joint, "
                f"found {self.name}, which gives {found}; use another encoder or method"
            )

    @abstractmethod
    def person_maps(self, x: Float[Tensor, "p c t v"]) -> Map:
        """Feature map of each person."""

    def person_features(self, features: Map) -> Float[Tensor, "p h"]:
        """Features of each person: the mean of the map, in float32 or better."""
        return features.flatten(2).mean(2, dtype=_wide(features)) if features.ndim > 2 else features.to(_wide(features))

    def feature_map(self, x: Clips) -> Map:
        """One map per person, clip by clip; absent persons only if absent='computed'."""
        everyone = x.permute(0, 4, 1, 2, 3)
        return self.person_maps(everyone[there(x)] if self._leaves_out(x) else everyone.flatten(0, 1))

    def persons(self, x: Clips) -> Bool[Tensor, "n m"]:
        """Which persons of each clip are in the feature map, in its order."""
        return there(x) if self._leaves_out(x) else torch.ones(len(x), x.shape[4], dtype=torch.bool, device=x.device)

    def pool(self, features: Map, x: Clips) -> Float[Tensor, "n h"]:
        """h of the clips `x` from their feature map: the mean over persons of their features."""
        of_persons = self.person_features(features)
        if not self._leaves_out(x):
            return of_persons.unflatten(0, (len(x), x.shape[4])).mean(1)
        present = there(x)
        clip = present.nonzero()[:, 0]
        total = of_persons.new_zeros(len(x), of_persons.shape[1]).index_add(0, clip, of_persons)
        return total / present.sum(1, keepdim=True)

    def tokens(self, x: Clips) -> Float[Tensor, "n k"]:
        """The feature map of each clip as one vector, which keeps what pooling averages away: which joint moved,
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
        """h of each clip. In evaluation mode one absent person is computed for all: they are equal."""
        if self.training or self.leaves_out_absent or x.shape[4] == 1:
            return self.pool(self.feature_map(x), x)
        present = there(x)
        everyone = x.permute(0, 4, 1, 2, 3)
        each = torch.cat([torch.zeros_like(everyone[:1, 0]), everyone[present]])
        row = torch.where(present, present.flatten().cumsum(0).view_as(present), 0)
        return self.person_features(self.person_maps(each))[row].mean(1)

    def layers(self) -> list[nn.Module]:
        """Layers from input to output, for layer-wise learning rates. Each parameter is in one. Default: one layer."""
        return [self]

    def compile_blocks(self, backend: str = "inductor") -> None:
        """Apply torch.compile to the expensive blocks, in place. SkelactError for an encoder without such blocks."""
        raise SkelactError(f"--compile: the encoder {self.name} has no blocks to compile; leave it out")

    def _leaves_out(self, x: Clips) -> bool:
        return self.leaves_out_absent and x.shape[4] > 1


def there(x: Clips) -> Bool[Tensor, "n m"]:
    """Which persons are present: any of their coordinates is not zero. The first person always counts as present."""
    present = (x != 0).any(3).any(2).any(1)
    present[:, 0] = True
    return present


def _wide(x: Tensor) -> torch.dtype:
    return torch.promote_types(x.dtype, torch.float32)


@torch.no_grad()
def published_start(module: nn.Module) -> None:
    """Overwrite the weights with the initial weights of the published programs: N(0, 0.02) for convolutions and linear
    layers, N(1, 0.02) for BatchNorm, biases 0. Use with `nn.Module.apply`."""
    if isinstance(module, nn.Conv2d | nn.Linear):
        module.weight.normal_(0, 0.02)
        if module.bias is not None:
            module.bias.zero_()
    elif isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
        module.weight.normal_(1, 0.02)
        module.bias.zero_()

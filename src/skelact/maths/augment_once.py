"""Augmentations for clips that are prepared once a clip (preparation `body`): every one keeps an absent joint at zero.

Values as in `augment`: each draws once a clip and applies. Lengths are in sizes of the body.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from skelact.maths.augment import Clips, rotation, transform
from skelact.maths.draw import Draw


@dataclass(frozen=True)
class Stretch:
    """Take a random stretch of each clip and bring it back to T frames: U[shortest, 1] of its frames."""

    shortest: float = 0.6

    def __call__(self, x: Clips, draw: Draw) -> Clips:
        length = draw.uniform(low=self.shortest, high=1.0) * x.shape[2]
        return stretch(x, draw.uniform() * (x.shape[2] - length), length)


def stretch(x: Clips, start: Float[Tensor, "n"], length: Float[Tensor, "n"]) -> Clips:
    """T samples of `length` frames from frame `start` of each clip, linear between frames, as an image is resized.

    A joint that is zero in one of the two frames is zero between them.
    """
    frames = x.shape[2]
    middle = (torch.arange(frames, device=x.device) + 0.5) / frames
    position = (start[:, None] + middle * length[:, None] - 0.5).clamp(0, frames - 1)
    before = position.long()
    weight = (position - before).to(x.dtype)[:, None, :, None, None]
    one, two = frame(x, before), frame(x, (before + 1).clamp(max=frames - 1))
    there = one.any(1, keepdim=True) & (two.any(1, keepdim=True) | (weight == 0))
    return torch.lerp(one, two, weight) * there


def frame(x: Clips, position: Tensor) -> Clips:
    """The frames `position` (n, t) of each clip."""
    return x.gather(2, position[:, None, :, None, None].expand(-1, x.shape[1], -1, *x.shape[3:]))


@dataclass(frozen=True)
class Turn:
    """Turn each clip by angles of its own about x, y and z, in degrees: U[-tilt, tilt] about each, and U[-yaw, yaw]
    more about y, which is up."""

    tilt: float = 10.0
    yaw: float = 0.0

    def __call__(self, x: Clips, draw: Draw) -> Clips:
        degrees = draw.uniform(3, low=-self.tilt, high=self.tilt)
        degrees[:, 1] += draw.uniform(low=-self.yaw, high=self.yaw)
        return transform(x, rotation(degrees))


@dataclass(frozen=True)
class Scale:
    """Multiply each axis of each clip by a factor of its own, U[1 - amount, 1 + amount]."""

    amount: float = 0.2

    def __call__(self, x: Clips, draw: Draw) -> Clips:
        return x * draw.uniform(3, low=1 - self.amount, high=1 + self.amount)[:, :, None, None, None].to(x.dtype)


@dataclass(frozen=True)
class Jitter:
    """Add N(0, std) to every number of a joint that is there."""

    std: float = 0.003

    def __call__(self, x: Clips, draw: Draw) -> Clips:
        there = x.any(1, keepdim=True)
        return x + self.std * draw.normal(x.shape[1:]).to(x.dtype) * there

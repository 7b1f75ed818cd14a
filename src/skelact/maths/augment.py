"""The augmentations of AimCLR (appendix A), for a batch of clips on any device. Every clip gets its own random numbers.

A class draws the random numbers and calls the function below it, which applies them. The golden arrays test the
functions. Clips have axes N, C, T, V, M.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Bool, Float, Int64
from torch import Tensor

from skelact.maths.draw import Draw

Clips = Float[Tensor, "n c t v m"]


@runtime_checkable
class Augmentation(Protocol):
    """A random change of a batch of clips."""

    def __call__(self, x: Clips, draw: Draw) -> Clips: ...


@dataclass(frozen=True)
class Chain:
    """Applies augmentations in order. Each has its own random numbers, so removing one does not change the others."""

    links: tuple[Augmentation, ...]

    def __call__(self, x: Clips, draw: Draw) -> Clips:
        used: dict[str, int] = {}
        for link in self.links:
            name = type(link).__name__
            used[name] = used.get(name, 0) + 1
            x = link(x, draw.of(f"{name} {used[name]}"))
        return x


@dataclass(frozen=True)
class Crop:
    """Pad the clip by T/gamma mirrored frames at both ends, cut T frames at a random start (appendix A; gamma = 6)."""

    gamma: float = 6.0

    def __call__(self, x: Clips, draw: Draw) -> Clips:
        padding = int(x.shape[2] / self.gamma)
        return crop(x, draw.integer(2 * padding + 1), padding)


def crop(x: Clips, start: Int64[Tensor, "n"], padding: int) -> Clips:
    """T frames from `start` of each clip, after padding both ends with `padding` mirrored frames, end frame first."""
    frames = x.shape[2]
    frame = torch.arange(frames, device=x.device) + start[:, None] - padding
    frame = torch.where(frame < 0, -1 - frame, frame)
    frame = torch.where(frame >= frames, 2 * frames - 1 - frame, frame)
    return _frames(x, frame)


def _frames(x: Clips, frame: Int64[Tensor, "n t"]) -> Clips:
    """Frames number `frame` of each clip. Copies whole rows, ten times as fast as number by number."""
    n, c, t = x.shape[:3]
    first = torch.arange(n * c, device=x.device).view(n, c, 1) * t
    return x.reshape(n * c * t, -1).index_select(0, (first + frame[:, None]).flatten()).view_as(x)


@dataclass(frozen=True)
class Shear:
    """Multiply each clip by one random 3 x 3 matrix with ones on its diagonal (appendix A; amplitude beta = 0.5)."""

    amplitude: float = 0.5

    def __call__(self, x: Clips, draw: Draw) -> Clips:
        slant = draw.uniform(3, 3, low=-self.amplitude, high=self.amplitude)
        slant.diagonal(dim1=1, dim2=2).fill_(1.0)
        return transform(x, slant)


def transform(x: Clips, matrix: Float[Tensor, "n 3 3"]) -> Clips:
    """Multiply every (x, y, z) by the matrix of its clip."""
    return torch.bmm(matrix.to(x.dtype), x.flatten(2)).view_as(x)


@dataclass(frozen=True)
class SpatialFlip:
    """Swap left and right joints, with probability p. Coordinates are not mirrored, as in the released program."""

    mirror: tuple[int, ...]
    p: float = 0.5

    def __call__(self, x: Clips, draw: Draw) -> Clips:
        return _where(draw.chance(self.p), spatial_flip(x, self.mirror), x)


def spatial_flip(x: Clips, mirror: Sequence[int]) -> Clips:
    """Joint v gets the coordinates of joint mirror[v]. One axis for joints and persons makes this ten times as fast."""
    persons = x.shape[4]
    column = torch.tensor(mirror, device=x.device)[:, None] * persons + torch.arange(persons, device=x.device)
    return x.reshape(-1, len(mirror) * persons).index_select(1, column.flatten()).view_as(x)


def _where(chosen: Bool[Tensor, "n"], changed: Clips, x: Clips) -> Clips:
    return torch.where(chosen[:, None, None, None, None], changed, x)


@dataclass(frozen=True)
class Rotate:
    """Rotate about x, then y, then z: one random axis by 0..main degrees, the others by 0..rest (appendix A)."""

    main: float = 30.0
    rest: float = 1.0

    def __call__(self, x: Clips, draw: Draw) -> Clips:
        largest = torch.full((len(x), 3), self.rest, device=x.device)
        largest.scatter_(1, draw.integer(3)[:, None], self.main)
        return transform(x, rotation(draw.uniform(3) * largest))


def rotation(degrees: Float[Tensor, "n 3"]) -> Float[Tensor, "n 3 3"]:
    """R_z R_y R_x as in the published programs: angles turn clockwise, seen from the tip of each axis."""
    c, s = torch.cos(torch.deg2rad(degrees)).unbind(1), torch.sin(torch.deg2rad(degrees)).unbind(1)
    one, zero = torch.ones_like(c[0]), torch.zeros_like(c[0])

    def matrix(*rows: tuple[Tensor, ...]) -> Tensor:
        return torch.stack([torch.stack(row, dim=1) for row in rows], dim=1)

    about_x = matrix((one, zero, zero), (zero, c[0], s[0]), (zero, -s[0], c[0]))
    about_y = matrix((c[1], zero, -s[1]), (zero, one, zero), (s[1], zero, c[1]))
    about_z = matrix((c[2], s[2], zero), (-s[2], c[2], zero), (zero, zero, one))
    return about_z @ about_y @ about_x


@dataclass(frozen=True)
class GaussianNoise:
    """Add N(0, std) to every coordinate, with probability p (paper: p = 1; released program: p = 0.5)."""

    std: float = 0.01
    p: float = 1.0

    def __call__(self, x: Clips, draw: Draw) -> Clips:
        chosen = draw.chance(self.p)
        noise = draw.normal(x.shape[1:]).to(x.dtype)
        return noise.mul_((self.std * chosen.to(x.dtype))[:, None, None, None, None]).add_(x)


@dataclass(frozen=True)
class GaussianBlur:
    """Sum neighbouring frames weighted by exp(-t^2 / (2 sigma^2)), sigma ~ U(low, high), with probability p (Eq. 11).

    As in paper and program, the weights do not sum to one. Frames beyond the ends count as zero.
    """

    taps: int = 15
    low: float = 0.1
    high: float = 2.0
    p: float = 0.5

    def __call__(self, x: Clips, draw: Draw) -> Clips:
        chosen = draw.chance(self.p)
        return _where(chosen, blur(x, draw.uniform(low=self.low, high=self.high), self.taps), x)


def blur(x: Clips, sigma: Float[Tensor, "n"], taps: int) -> Clips:
    """Blur each clip over time with its own sigma, in frames."""
    frames = torch.arange(x.shape[2], device=x.device)
    apart = (frames[:, None] - frames[None, :]).abs()
    near = torch.arange(taps // 2 + 1, device=x.device, dtype=x.dtype)
    weights = torch.exp(-near.square() / (2 * sigma.to(x.dtype)[:, None].square()))
    weights = torch.nn.functional.pad(weights, (0, 1))  # zero for frames farther away
    matrix = weights.index_select(1, apart.clamp(max=len(near)).flatten()).view(-1, *apart.shape)
    return torch.matmul(matrix[:, None], x.flatten(3)).view_as(x)


@dataclass(frozen=True)
class AxisMask:
    """Set one random coordinate axis to zero, with probability p."""

    p: float = 0.5

    def __call__(self, x: Clips, draw: Draw) -> Clips:
        chosen, axis = draw.chance(self.p), draw.integer(x.shape[1])
        return axis_mask(x, torch.where(chosen, axis, -1))


def axis_mask(x: Clips, axis: Int64[Tensor, "n"]) -> Clips:
    """Set coordinate axis `axis` of each clip to zero; -1 changes nothing."""
    kept = torch.arange(x.shape[1], device=x.device) != axis[:, None]
    return x * kept[:, :, None, None, None]


@dataclass(frozen=True)
class TemporalFlip:
    """Reverse time, with probability p."""

    p: float = 0.5

    def __call__(self, x: Clips, draw: Draw) -> Clips:
        return _where(draw.chance(self.p), x.flip(2), x)


def normal(shear: float = 0.5, gamma: float = 6.0) -> Chain:
    """The normal augmentations T: crop and shear."""
    return Chain((Crop(gamma), Shear(shear)))


def extreme(
    mirror: Sequence[int], shear: float = 0.5, gamma: float = 6.0, noise_p: float = 1.0, temporal_flip: bool = True
) -> Chain:
    """The extreme augmentations T': all eight, in the order of the released program.

    The released program omits the temporal flip and adds noise with probability 0.5.
    """
    chain = (
        Crop(gamma),
        Shear(shear),
        SpatialFlip(tuple(mirror)),
        Rotate(),
        GaussianNoise(p=noise_p),
        GaussianBlur(),
        AxisMask(),
    )
    return Chain((*chain, TemporalFlip()) if temporal_flip else chain)

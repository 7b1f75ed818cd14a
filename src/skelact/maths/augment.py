"""The augmentations of AimCLR (appendix A) as values: batched, on the clips' device, drawn once a clip.

Each value draws and applies; the function beside it applies given draws, which is what the golden arrays pin. Clips
have axes N, C, T, V, M.
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
    """One random change of a batch of clips."""

    def __call__(self, x: Clips, draw: Draw) -> Clips: ...


@dataclass(frozen=True)
class Chain:
    """Augmentations one after another, each with draws of its own: leaving one out changes no other's."""

    links: tuple[Augmentation, ...]

    def __call__(self, x: Clips, draw: Draw) -> Clips:
        seen: dict[str, int] = {}
        for link in self.links:
            name = type(link).__name__
            seen[name] = seen.get(name, 0) + 1
            x = link(x, draw.of(f"{name} {seen[name]}"))
        return x


@dataclass(frozen=True)
class Crop:
    """Pad the clip by T/gamma mirrored frames at both ends, cut T frames at a random start (appendix A; gamma = 6)."""

    gamma: float = 6.0

    def __call__(self, x: Clips, draw: Draw) -> Clips:
        padding = int(x.shape[2] / self.gamma)
        return crop(x, draw.integer(2 * padding + 1), padding)


def crop(x: Clips, start: Int64[Tensor, "n"], padding: int) -> Clips:
    """T frames from `start` of each clip padded by `padding` mirrored frames; the end frames stand twice."""
    frames = x.shape[2]
    place = torch.arange(frames, device=x.device) + start[:, None] - padding
    place = torch.where(place < 0, -1 - place, place)
    place = torch.where(place >= frames, 2 * frames - 1 - place, place)
    return _frames(x, place)


def _frames(x: Clips, place: Int64[Tensor, "n t"]) -> Clips:
    """The frames `place` of each clip; whole rows are copied, ten times as fast as number by number."""
    n, c, t = x.shape[:3]
    first = torch.arange(n * c, device=x.device).view(n, c, 1) * t
    return x.reshape(n * c * t, -1).index_select(0, (first + place[:, None]).flatten()).view_as(x)


@dataclass(frozen=True)
class Shear:
    """Slant each clip by one random 3 x 3 matrix with ones on its diagonal (appendix A; amplitude beta = 0.5)."""

    amplitude: float = 0.5

    def __call__(self, x: Clips, draw: Draw) -> Clips:
        slant = draw.uniform(3, 3, low=-self.amplitude, high=self.amplitude)
        slant.diagonal(dim1=1, dim2=2).fill_(1.0)
        return transform(x, slant)


def transform(x: Clips, matrix: Float[Tensor, "n 3 3"]) -> Clips:
    """Each coordinate triple times its clip's matrix."""
    return torch.bmm(matrix.to(x.dtype), x.flatten(2)).view_as(x)


@dataclass(frozen=True)
class SpatialFlip:
    """Exchange left and right joints, with probability p; coordinates are not mirrored, as published."""

    mirror: tuple[int, ...]
    p: float = 0.5

    def __call__(self, x: Clips, draw: Draw) -> Clips:
        return _where(draw.chance(self.p), spatial_flip(x, self.mirror), x)


def spatial_flip(x: Clips, mirror: Sequence[int]) -> Clips:
    """Joint v of every clip where joint mirror[v] was; joints and persons as one axis, ten times as fast."""
    persons = x.shape[4]
    place = torch.tensor(mirror, device=x.device)[:, None] * persons + torch.arange(persons, device=x.device)
    return x.reshape(-1, len(mirror) * persons).index_select(1, place.flatten()).view_as(x)


def _where(chosen: Bool[Tensor, "n"], changed: Clips, x: Clips) -> Clips:
    return torch.where(chosen[:, None, None, None, None], changed, x)


@dataclass(frozen=True)
class Rotate:
    """Turn about x, y and z in turn: one random axis by 0..main degrees, the others by 0..rest (appendix A)."""

    main: float = 30.0
    rest: float = 1.0

    def __call__(self, x: Clips, draw: Draw) -> Clips:
        largest = torch.full((len(x), 3), self.rest, device=x.device)
        largest.scatter_(1, draw.integer(3)[:, None], self.main)
        return transform(x, rotation(draw.uniform(3) * largest))


def rotation(degrees: Float[Tensor, "n 3"]) -> Float[Tensor, "n 3 3"]:
    """R_z R_y R_x of the published programs, whose angles turn clockwise seen from the tip of each axis."""
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
    """Add N(0, std) to every number, with probability p (paper: always; released: p = 0.5)."""

    std: float = 0.01
    p: float = 1.0

    def __call__(self, x: Clips, draw: Draw) -> Clips:
        chosen = draw.chance(self.p)
        noise = draw.normal(x.shape[1:]).to(x.dtype)
        return noise.mul_((self.std * chosen.to(x.dtype))[:, None, None, None, None]).add_(x)


@dataclass(frozen=True)
class GaussianBlur:
    """Weight neighbouring frames by exp(-t^2 / (2 sigma^2)), sigma ~ U(low, high), with probability p (Eq. 11).

    The weights are those printed and released: they do not sum to one, and frames beyond the ends count as zero.
    """

    taps: int = 15
    low: float = 0.1
    high: float = 2.0
    p: float = 0.5

    def __call__(self, x: Clips, draw: Draw) -> Clips:
        chosen = draw.chance(self.p)
        return _where(chosen, blur(x, draw.uniform(low=self.low, high=self.high), self.taps), x)


def blur(x: Clips, sigma: Float[Tensor, "n"], taps: int) -> Clips:
    """Each clip blurred over time with its own sigma (in frames)."""
    frames = torch.arange(x.shape[2], device=x.device)
    apart = (frames[:, None] - frames[None, :]).abs()
    near = torch.arange(taps // 2 + 1, device=x.device, dtype=x.dtype)
    weights = torch.exp(-near.square() / (2 * sigma.to(x.dtype)[:, None].square()))
    weights = torch.nn.functional.pad(weights, (0, 1))  # zero for all that is farther
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
    """Axis number `axis` of each clip set to zero; -1 leaves the clip alone."""
    kept = torch.arange(x.shape[1], device=x.device) != axis[:, None]
    return x * kept[:, :, None, None, None]


@dataclass(frozen=True)
class TemporalFlip:
    """Reverse time, with probability p."""

    p: float = 0.5

    def __call__(self, x: Clips, draw: Draw) -> Clips:
        return _where(draw.chance(self.p), x.flip(2), x)


def normal(shear: float = 0.5, gamma: float = 6.0) -> Chain:
    """T: crop and shear."""
    return Chain((Crop(gamma), Shear(shear)))


def extreme(
    mirror: Sequence[int], shear: float = 0.5, gamma: float = 6.0, noise_p: float = 1.0, temporal_flip: bool = True
) -> Chain:
    """T': all eight, in the order of the released program, which leaves the temporal flip out and halves the noise."""
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

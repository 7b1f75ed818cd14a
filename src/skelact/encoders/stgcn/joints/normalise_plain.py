"""The array operations of `Normalise` in PyTorch, in pieces that stay in the cache between operations.

Works on any device and dtype. `normalise_native` has the same functions in C++.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import torch
from jaxtyping import Float, Num
from torch import Tensor

from skelact.encoders.stgcn.joints.mask import Mask

Joints = Float[Tensor, "v t n c"]
Channels = Float[Tensor, "c"]
Rows = Float[Tensor, "rows rc"]

PIECE = 2**17
"""Approximate numbers in a piece. Several pieces fit into the second-level cache of a core."""
ROW = 2**12
"""Numbers in a row: long enough for vector instructions, short enough to be cheap to fill with channel values."""


@dataclass(frozen=True)
class _Cut:
    """Cuts channels-last arrays into rows of `tiles` x channels numbers, and these into pieces."""

    channels: int
    tiles: int

    @classmethod
    def of(cls, x: Joints) -> "_Cut":
        channels = x.shape[3]
        return cls(channels, _tiles(x.numel() // channels, channels))

    def pieces(self, x: Num[Tensor, "v t n c"]) -> tuple[Num[Tensor, "rows rc"], ...]:
        """Views of the array, one for each piece."""
        length = self.tiles * self.channels
        return x.view(-1, length).split(max(1, PIECE // length))

    def row(self, numbers: Channels) -> Float[Tensor, "rc"]:
        """A row that repeats one number per channel."""
        return numbers.repeat(self.tiles)

    def sum(self, rows: Rows) -> Channels:
        """Sum over rows, then within the row, in float32 or better."""
        return rows.sum(0, dtype=_wide(rows)).view(-1, self.channels).sum(0)


@lru_cache
def _tiles(positions: int, channels: int) -> int:
    """Largest divisor of `positions` that fits into a row."""
    return max(tile for tile in range(1, max(1, ROW // channels) + 1) if positions % tile == 0)


def _wide(x: Tensor) -> torch.dtype:
    return torch.promote_types(x.dtype, torch.float32)


def moments(x: Joints) -> tuple[Channels, Channels]:
    """Mean and variance of each channel."""
    cut = _Cut.of(x)
    means, squares, counts = [], [], []
    for rows in cut.pieces(x):
        counts.append(rows.numel() // cut.channels)
        means.append(cut.sum(rows) / counts[-1])
        squares.append(cut.sum((rows - cut.row(means[-1])).square_()))
    shares = torch.tensor(counts, dtype=_wide(x))[:, None] / sum(counts)
    return combined(shares, torch.stack(means), torch.stack(squares) / torch.tensor(counts)[:, None])


def combined(
    shares: Float[Tensor, "pieces 1"], means: Float[Tensor, "pieces c"], variances: Float[Tensor, "pieces c"]
) -> tuple[Channels, Channels]:
    """Mean and variance of all pieces, from the share, mean and variance of each piece."""
    mean = (shares * means).sum(0)
    return mean, (shares * (variances + (means - mean).square())).sum(0)


def forward(
    x: Joints, scale: Channels, shift: Channels, mask: Mask | None, residual: Joints | None, relu: bool
) -> Joints:
    """act(masked(scale x + shift) + residual)"""
    cut, out = _Cut.of(x), torch.empty_like(x)
    scales, shifts = (cut.row(each).to(x.dtype) for each in (scale, shift))
    added = () if residual is None else cut.pieces(residual)
    kept = () if mask is None else cut.pieces(mask.bytes)
    for number, (rows, y) in enumerate(zip(cut.pieces(x), cut.pieces(out), strict=True)):
        torch.addcmul(shifts, rows, scales, out=y)
        if mask is not None:
            y.mul_(kept[number] >= mask.dropped)
        if residual is not None:
            y.add_(added[number])
        if relu:
            y.relu_()
    return out


def sums(
    x: Joints, g: Joints, out: Joints | None, mask: Mask | None, mean: Channels, d_residual: Joints | None
) -> tuple[Channels, Channels]:
    """Sums of the gradient behind activation (if there is an `out`) and mask, and of its product with x - mean.

    Writes the residual's gradient.
    """
    cut = _Cut.of(x)
    total, products = torch.zeros_like(mean), torch.zeros_like(mean)
    means = cut.row(mean).to(x.dtype)
    passed = () if d_residual is None else cut.pieces(d_residual)
    for number, (rows, (through, inner)) in enumerate(zip(cut.pieces(x), _passing(cut, g, out, mask), strict=True)):
        if passed:
            passed[number].copy_(through)
        total += cut.sum(inner)
        products += cut.sum((rows - means).mul_(inner))
    return total, products


def backward(
    x: Joints,
    g: Joints,
    out: Joints | None,
    mask: Mask | None,
    scale: Channels,
    slope: Channels,
    level: Channels,
) -> Joints:
    """d_x = scale masked(g behind the activation) + slope x + level"""
    cut, d_x = _Cut.of(x), torch.empty_like(x)
    scales, slopes, levels = (cut.row(each).to(x.dtype) for each in (scale, slope, level))
    for rows, made, (_, inner) in zip(cut.pieces(x), cut.pieces(d_x), _passing(cut, g, out, mask), strict=True):
        torch.mul(inner, scales, out=made)
        made.addcmul_(rows, slopes).add_(levels)
    return d_x


def _passing(cut: _Cut, g: Joints, out: Joints | None, mask: Mask | None) -> Iterator[tuple[Rows, Rows]]:
    """For each piece: the gradient behind the activation, and that behind the mask too."""
    made = () if out is None else cut.pieces(out)
    kept = () if mask is None else cut.pieces(mask.bytes)
    for number, given in enumerate(cut.pieces(g)):
        through = torch.ops.aten.threshold_backward(given, made[number], 0) if made else given
        yield through, through * (kept[number] >= mask.dropped) if mask is not None else through

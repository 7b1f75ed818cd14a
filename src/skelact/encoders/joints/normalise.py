"""BatchNorm with what follows it, in pieces that stay in the cache from one operation to the next.

Statistics are two-pass within a piece and combined over pieces, so they do not lose digits with the size of the batch
as a running sum over a channels-last array does.
"""

from dataclasses import dataclass
from functools import lru_cache

import torch
from jaxtyping import Float, Num, UInt8
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from skelact import processes
from skelact.batchnorm import WholeBatchNorm

Joints = Float[Tensor, "v t n c"]
Row = Float[Tensor, "rc"]

PIECE = 2**17
"""Numbers of a piece, about: several pieces fit a core's second-level cache."""
ROW = 2**12
"""Numbers of a row: long enough for vector instructions, short enough to make a row of one number a channel cheaply."""


@dataclass(frozen=True)
class _Cut:
    """Channels-last arrays as rows of `tiles` x channels numbers, and those in pieces."""

    channels: int
    tiles: int

    @classmethod
    def of(cls, x: Joints) -> "_Cut":
        channels = x.shape[3]
        return cls(channels, _tiles(x.numel() // channels, channels))

    def pieces(self, x: Num[Tensor, "v t n c"]) -> tuple[Num[Tensor, "rows rc"], ...]:
        """Views of the whole array, one piece after the other."""
        length = self.tiles * self.channels
        return x.view(-1, length).split(max(1, PIECE // length))

    def row(self, numbers: Float[Tensor, "c"]) -> Row:
        """One number a channel, all along a row."""
        return numbers.repeat(self.tiles)

    def sum(self, rows: Float[Tensor, "rows rc"], wide: torch.dtype) -> Float[Tensor, "c"]:
        """Over rows, then within them: two levels."""
        return rows.sum(0, dtype=wide).view(-1, self.channels).sum(0)


@lru_cache
def _tiles(places: int, channels: int) -> int:
    """The most places that divide them all and fit a row."""
    return max(tile for tile in range(1, max(1, ROW // channels) + 1) if places % tile == 0)


@dataclass(frozen=True)
class _Statistics:
    """What is taken off and multiplied, in float32 or better."""

    mean: Float[Tensor, "c"]
    """Less the offset."""
    scale: Float[Tensor, "c"]
    """1 / sqrt(variance + eps)"""
    count: int
    """Places that they are of; 0 for running ones."""


class Normalise(torch.autograd.Function):
    """act(gain * keep * norm(x + offset) + residual): act is ReLU or nothing, keep a dropout mask, gain its rescaling.

    x, residual and keep are contiguous (v, t, n, c). Where norm is a WholeBatchNorm, statistics are of all processes.
    """

    @staticmethod
    def forward(
        ctx,
        x: Joints,
        offset: Float[Tensor, "c"],
        weight: Float[Tensor, "c"],
        bias: Float[Tensor, "c"],
        residual: Joints | None,
        keep: UInt8[Tensor, "v t n c"] | None,
        norm: nn.BatchNorm2d,
        gain: float,
        relu: bool,
    ) -> Joints:
        cut, wide = _Cut.of(x), torch.promote_types(x.dtype, torch.float32)
        s = _statistics(x, offset, norm, cut, wide)
        scale = gain * weight.to(wide) * s.scale
        gains, shift = cut.row(scale).to(x.dtype), cut.row(gain * bias.to(wide) - s.mean * scale).to(x.dtype)
        out = torch.empty_like(x)
        kept, added = (() if each is None else cut.pieces(each) for each in (keep, residual))
        for place, (rows, y) in enumerate(zip(cut.pieces(x), cut.pieces(out), strict=True)):
            torch.addcmul(shift, rows, gains, out=y)
            if keep is not None:
                y.mul_(kept[place])
            if residual is not None:
                y.add_(added[place])
            if relu:
                y.relu_()
        ctx.save_for_backward(x, weight, keep, out if relu else None)
        ctx.statistics, ctx.gain, ctx.training, ctx.has_residual = s, gain, norm.training, residual is not None
        ctx.whole = isinstance(norm, WholeBatchNorm)
        return out

    @staticmethod
    @once_differentiable
    def backward(ctx, g: Joints):  # pyright: ignore[reportIncompatibleMethodOverride]
        x, weight, keep, out = ctx.saved_tensors
        s: _Statistics = ctx.statistics
        cut, wide = _Cut.of(x), s.scale.dtype
        g = g.contiguous()
        # Through activation, residual and mask; sums of the gradient and of its product with the centred input.
        d_x = torch.empty_like(x)
        d_residual = torch.empty_like(x) if ctx.has_residual else None
        sums, products = torch.zeros_like(s.scale), torch.zeros_like(s.scale)
        mean = cut.row(s.mean).to(x.dtype)
        beyond = d_x if d_residual is None else d_residual  # what passes the activation goes to both
        parts = zip(*map(cut.pieces, (x, g, d_x, beyond)), strict=True)
        made, kept = (() if each is None else cut.pieces(each) for each in (out, keep))
        for place, (rows, given, inner, passed) in enumerate(parts):
            if out is None:
                passed.copy_(given)
            else:
                torch.ops.aten.threshold_backward.grad_input(given, made[place], 0, grad_input=passed)
            if keep is not None:
                torch.mul(passed, kept[place], out=inner)
            elif d_residual is not None:
                inner.copy_(passed)
            sums += cut.sum(inner, wide)
            products += cut.sum((rows - mean).mul_(inner), wide)
        d_bias, d_weight = ctx.gain * sums, ctx.gain * products * s.scale
        scale = weight.to(wide) * s.scale
        d_offset, slope, level = scale * d_bias, torch.zeros_like(scale), torch.zeros_like(scale)
        if ctx.training:  # the mean takes every offset away again
            d_biases, d_weights = d_bias, d_weight
            if ctx.whole:
                d_biases, d_weights = processes.summed(torch.stack([d_bias, d_weight]))
            d_offset, slope = torch.zeros_like(scale), -scale * s.scale * d_weights / s.count
            level = -scale * d_biases / s.count - slope * s.mean
        gains, slopes, levels = (cut.row(each).to(x.dtype) for each in (ctx.gain * scale, slope, level))
        for rows, inner in zip(cut.pieces(x), cut.pieces(d_x), strict=True):
            inner.mul_(gains).addcmul_(rows, slopes).add_(levels)
        d_offset, d_weight, d_bias = (each.to(weight.dtype) for each in (d_offset, d_weight, d_bias))
        return d_x, d_offset, d_weight, d_bias, d_residual, None, None, None, None


def _statistics(
    x: Joints, offset: Float[Tensor, "c"], norm: nn.BatchNorm2d, cut: _Cut, wide: torch.dtype
) -> _Statistics:
    """Of the batch, moving the running ones towards it; in evaluation the running ones."""
    assert norm.running_mean is not None
    assert norm.running_var is not None
    assert norm.momentum is not None
    if not norm.training:
        mean = norm.running_mean.to(wide) - offset.to(wide)
        return _Statistics(mean, (norm.running_var.to(wide) + norm.eps).rsqrt(), 0)
    means, squares, counts = [], [], []
    for rows in cut.pieces(x):
        counts.append(rows.numel() // cut.channels)
        means.append(cut.sum(rows, wide) / counts[-1])
        squares.append(cut.sum((rows - cut.row(means[-1])).square_(), wide))
    count, mean, variance = _combined(counts, torch.stack(means), torch.stack(squares))
    if isinstance(norm, WholeBatchNorm):  # the other processes' clips are further pieces
        rows = processes.gathered(torch.cat([mean.new_tensor([count]), mean, variance])[None])
        sizes, means, variances = rows.split([1, cut.channels, cut.channels], dim=1)
        count, mean, variance = _combined([int(size) for size in sizes], means, variances * sizes)
    with torch.no_grad():
        assert norm.num_batches_tracked is not None
        norm.num_batches_tracked.add_(1)
        norm.running_mean.lerp_((mean + offset).to(norm.running_mean.dtype), norm.momentum)
        norm.running_var.lerp_((variance * (count / (count - 1))).to(norm.running_var.dtype), norm.momentum)
    return _Statistics(mean, (variance + norm.eps).rsqrt(), count)


def _combined(
    counts: list[int], means: Float[Tensor, "pieces c"], squares: Float[Tensor, "pieces c"]
) -> tuple[int, Float[Tensor, "c"], Float[Tensor, "c"]]:
    """Count, mean and variance of all pieces from each one's count, mean and sum of squares about its mean."""
    count, shares = sum(counts), torch.tensor(counts, dtype=means.dtype)[:, None] / sum(counts)
    mean = (shares * means).sum(0)
    return count, mean, squares.sum(0) / count + (shares * (means - mean).square()).sum(0)

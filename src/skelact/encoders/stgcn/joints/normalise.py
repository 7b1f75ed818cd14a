"""BatchNorm fused with what follows: dropout, residual and activation, in few passes over the arrays.

Statistics are computed in two passes within each piece of the array, then combined. So precision does not fall with
the batch size, as it does for a running sum over a channels-last array.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from skelact.encoders.stgcn.joints import normalise_native, normalise_plain
from skelact.encoders.stgcn.joints.mask import Mask
from skelact.encoders.stgcn.joints.normalise_plain import Channels, Joints, combined
from skelact.maths.batchnorm import WholeBatchNorm
from skelact.system import native, processes


@dataclass(frozen=True)
class _Statistics:
    """What is subtracted and multiplied, in float32 or better."""

    mean: Channels
    """Mean minus offset."""
    scale: Channels
    """1 / sqrt(variance + eps)"""
    count: int
    """Number of values per channel; 0 for running statistics."""


def _way(*tensors: Tensor | None):
    """The module with the functions for these tensors."""
    return normalise_native if native.takes(*tensors) else normalise_plain


class Normalise(torch.autograd.Function):
    """act(masked(norm(x + offset)) + residual): act is ReLU or nothing, mask a dropout with its rescaling.

    x, residual and the mask's bytes are contiguous (v, t, n, c). If norm is a WholeBatchNorm, statistics are over all
    processes.
    """

    @staticmethod
    def forward(
        ctx,
        x: Joints,
        offset: Float[Tensor, "c"],
        weight: Float[Tensor, "c"],
        bias: Float[Tensor, "c"],
        residual: Joints | None,
        mask: Mask | None,
        norm: nn.BatchNorm2d,
        relu: bool,
    ) -> Joints:
        wide, gain = torch.promote_types(x.dtype, torch.float32), 1.0 if mask is None else mask.gain
        s = _statistics(x, offset, norm, wide)
        scale = gain * weight.to(wide) * s.scale
        shift = gain * bias.to(wide) - s.mean * scale
        out = _way(x, residual).forward(x, scale, shift, mask, residual, relu)
        ctx.save_for_backward(x, weight, None if mask is None else mask.bytes, out if relu else None)
        ctx.statistics, ctx.dropped, ctx.gain = s, None if mask is None else mask.dropped, gain
        ctx.training, ctx.whole = norm.training, isinstance(norm, WholeBatchNorm)
        ctx.has_residual = residual is not None
        return out

    @staticmethod
    @once_differentiable
    def backward(ctx, g: Joints):  # pyright: ignore[reportIncompatibleMethodOverride]
        x, weight, drawn, out = ctx.saved_tensors
        mask = None if drawn is None else Mask(drawn, ctx.dropped)
        s: _Statistics = ctx.statistics
        g = g.contiguous()
        way = _way(x, g, out)
        d_residual = torch.empty_like(x) if ctx.has_residual else None
        total, products = way.sums(x, g, out, mask, s.mean, d_residual)
        if d_residual is not None:  # already the gradient behind the activation
            g, out = d_residual, None
        d_bias, d_weight = ctx.gain * total, ctx.gain * products * s.scale
        scale = weight.to(s.scale.dtype) * s.scale
        d_offset, slope, level = scale * d_bias, torch.zeros_like(scale), torch.zeros_like(scale)
        if ctx.training:  # subtracting the mean cancels the offset
            d_biases, d_weights = d_bias, d_weight
            if ctx.whole:
                d_biases, d_weights = processes.summed(torch.stack([d_bias, d_weight]))
            d_offset, slope = torch.zeros_like(scale), -scale * s.scale * d_weights / s.count
            level = -scale * d_biases / s.count - slope * s.mean
        d_x = way.backward(x, g, out, mask, ctx.gain * scale, slope, level)
        d_offset, d_weight, d_bias = (each.to(weight.dtype) for each in (d_offset, d_weight, d_bias))
        return d_x, d_offset, d_weight, d_bias, d_residual, None, None, None


def _statistics(x: Joints, offset: Float[Tensor, "c"], norm: nn.BatchNorm2d, wide: torch.dtype) -> _Statistics:
    """Statistics of the batch, which also update the running ones; in evaluation mode the running ones."""
    assert norm.running_mean is not None
    assert norm.running_var is not None
    assert norm.momentum is not None
    if not norm.training:
        mean = norm.running_mean.to(wide) - offset.to(wide)
        return _Statistics(mean, (norm.running_var.to(wide) + norm.eps).rsqrt(), 0)
    mean, variance = _way(x).moments(x)
    count = x.numel() // x.shape[3]
    if isinstance(norm, WholeBatchNorm):  # clips of other processes count as more pieces
        rows = processes.gathered(torch.cat([mean.new_tensor([count]), mean, variance])[None])
        sizes, means, variances = rows.split([1, len(mean), len(mean)], dim=1)
        count = sum(int(size) for size in sizes)
        mean, variance = combined(sizes / count, means, variances)
    with torch.no_grad():
        assert norm.num_batches_tracked is not None
        norm.num_batches_tracked.add_(1)
        norm.running_mean.lerp_((mean + offset).to(norm.running_mean.dtype), norm.momentum)
        norm.running_var.lerp_((variance * (count / (count - 1))).to(norm.running_var.dtype), norm.momentum)
    return _Statistics(mean, (variance + norm.eps).rsqrt(), count)

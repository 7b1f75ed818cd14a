"""The functions of `normalise_plain` in C++ (native/normalise.cpp): every array is read once.

In bfloat16 only outputs are rounded.
"""

import torch

from skelact.encoders.stgcn.joints.mask import Mask
from skelact.encoders.stgcn.joints.normalise_plain import Channels, Joints
from skelact.system import native


def _sizes(x: Joints) -> tuple[int, int]:
    return x.numel(), x.shape[3]


def _drawn(mask: Mask | None) -> tuple[native.Argument, int]:
    return (None, 0) if mask is None else (mask.bytes, mask.dropped)


def moments(x: Joints) -> tuple[Channels, Channels]:
    mean, variance = (torch.empty(x.shape[3], dtype=torch.float32) for _ in range(2))
    native.call("moments", x, *_sizes(x), mean, variance, torch.get_num_threads())
    return mean, variance


def forward(
    x: Joints, scale: Channels, shift: Channels, mask: Mask | None, residual: Joints | None, relu: bool
) -> Joints:
    out = torch.empty_like(x)
    threads = torch.get_num_threads()
    native.call("normalise", x, *_sizes(x), scale, shift, *_drawn(mask), residual, int(relu), out, threads)
    return out


def sums(
    x: Joints, g: Joints, out: Joints | None, mask: Mask | None, mean: Channels, d_residual: Joints | None
) -> tuple[Channels, Channels]:
    total, products = torch.empty_like(mean), torch.empty_like(mean)
    threads = torch.get_num_threads()
    native.call("normalise_sums", x, *_sizes(x), g, out, *_drawn(mask), mean, d_residual, total, products, threads)
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
    d_x = torch.empty_like(x)
    threads = torch.get_num_threads()
    native.call("normalise_backward", x, *_sizes(x), g, out, *_drawn(mask), scale, slope, level, d_x, threads)
    return d_x

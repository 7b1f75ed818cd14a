"""The blocks of ST-GCN with joints outermost."""

from collections.abc import Iterable
from typing import cast

import torch
from jaxtyping import Float
from torch import Tensor, nn

from skelact.encoders.stgcn.block import Block
from skelact.encoders.stgcn.joints.mask import Mask
from skelact.encoders.stgcn.joints.normalise import Normalise
from skelact.encoders.stgcn.joints.spatial import Edges, GraphConvolution, edges_of
from skelact.encoders.stgcn.joints.spatial_native import NativeGraphConvolution
from skelact.encoders.stgcn.joints.temporal import TransformedConvolution
from skelact.system import native

Joints = Float[Tensor, "v t n c"]

WIDE = 64
"""From this many channels the convolution over time is faster by transform than directly."""


def feature_map(blocks: Iterable[nn.Module], adjacency: Float[Tensor, "k v v"], x: Joints) -> Float[Tensor, "v s n d"]:
    """Feature map of normalised input by the `Block`s of a network, in the precision of autocast if it is on."""
    dtype = torch.get_autocast_dtype("cpu") if torch.is_autocast_enabled("cpu") else x.dtype
    edges = edges_of(adjacency)
    with torch.autocast("cpu", enabled=False):
        x = x.to(dtype)
        for block in blocks:
            x = _block(cast(Block, block), x, adjacency, edges)
    return x


def _block(block: Block, x: Joints, adjacency: Float[Tensor, "k v v"], edges: Edges) -> Float[Tensor, "v s n d"]:
    learned = adjacency * block.importance
    spatial, temporal = block.spatial, block.temporal
    k, c, d = len(adjacency), x.shape[3], temporal.out_channels
    stride = temporal.stride[0]
    assert spatial.bias is not None
    assert temporal.bias is not None
    offset = torch.einsum("kd,kvw->wd", spatial.bias.view(k, d), learned)
    values = edges.values(learned)
    natively = native.takes(x) and values.dtype == torch.float32  # not with bfloat16 weights
    convolution = NativeGraphConvolution if natively else GraphConvolution
    y = convolution.apply(x, spatial.weight.view(k, d, c).to(x.dtype), values, offset, edges)
    y = _normalise(block.spatial_norm, y, offset=torch.zeros_like(temporal.bias))
    weight = temporal.weight.to(x.dtype, memory_format=torch.channels_last)
    # The cost of the transform's products grows with the square of the channels, so it pays for many channels.
    y = (
        TransformedConvolution.apply(y, weight.squeeze(3))
        if d >= WIDE and stride == 1
        else _over_time(y, weight, stride)
    )
    residual = x if isinstance(block.residual, nn.Identity) else None
    if isinstance(block.residual, nn.Sequential):
        convolution, norm = cast("tuple[nn.Conv2d, nn.BatchNorm2d]", tuple(block.residual))
        assert convolution.bias is not None
        # As a product: oneDNN's strided 1x1 convolution corrupts memory for few channels on two threads (torch 2.13).
        residual = torch.nn.functional.linear(x[:, ::stride], convolution.weight.view(d, c).to(x.dtype))
        residual = _normalise(norm, residual, offset=convolution.bias, relu=False)
    p = block.dropout.p if block.dropout.training else 0.0
    return _normalise(block.temporal_norm, y, temporal.bias, residual, Mask.drawn(y.shape, p) if p else None)


def _normalise(
    norm: nn.Module,
    x: Joints,
    offset: Float[Tensor, "c"],
    residual: Joints | None = None,
    mask: Mask | None = None,
    relu: bool = True,
) -> Joints:
    return Normalise.apply(x.contiguous(), offset, norm.weight, norm.bias, residual, mask, norm, relu)


def _over_time(x: Joints, weight: Float[Tensor, "d c taps 1"], stride: int) -> Float[Tensor, "v s n d"]:
    """Joints become images and clips their width, channels-last: long rows of clips share each weight."""
    padding = weight.shape[2] // 2
    made = torch.conv2d(x.permute(0, 3, 1, 2), weight, stride=(stride, 1), padding=(padding, 0))
    return made.permute(0, 2, 3, 1)

"""`spatial.GraphConvolution` with its sums in C++ (native/edges.cpp).

Gathered inputs are stored as (t, n, k c), so that one matrix product sums over partitions and channels.
"""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.autograd.function import once_differentiable

from skelact.encoders.stgcn.joints.spatial import Edges, Joints
from skelact.system import native


class NativeGraphConvolution(torch.autograd.Function):
    """Same inputs and outputs as `GraphConvolution`."""

    @staticmethod
    def forward(
        ctx,
        x: Joints,
        weight: Float[Tensor, "k d c"],
        values: Float[Tensor, "e"],
        offset: Float[Tensor, "v d"],
        edges: Edges,
    ) -> Float[Tensor, "v t n d"]:
        ctx.save_for_backward(x, weight, values)
        ctx.edges, ctx.offset_type = edges, offset.dtype
        joined = weight.transpose(1, 2).flatten(0, 1)
        gathered = x.new_empty(x[0, ..., 0].numel(), len(joined))
        out = x.new_empty(*x.shape[:3], weight.shape[1])
        for rows, level, into in zip(out.flatten(1, 2), offset.to(x.dtype), edges.lists, strict=True):
            _gather(x, values, into, gathered)
            torch.addmm(level, gathered, joined, out=rows)
        return out

    @staticmethod
    @once_differentiable
    def backward(ctx, g: Float[Tensor, "v t n d"]):  # pyright: ignore[reportIncompatibleMethodOverride]
        x, weight, values = ctx.saved_tensors
        g, joined = g.contiguous(), weight.transpose(0, 1).flatten(1)
        gathered = x.new_empty(x[0, ..., 0].numel(), joined.shape[1])
        # Sums over joints are in float32.
        d_joined = torch.zeros_like(joined, dtype=values.dtype)
        d_values, d_offset = torch.zeros_like(values), values.new_empty(len(x), len(joined))
        d_x = torch.zeros_like(x)
        for rows, d_level, into in zip(g.flatten(1, 2), d_offset, ctx.edges.lists, strict=True):
            torch.sum(rows, 0, dtype=values.dtype, out=d_level)
            _gather(x, values, into, gathered)
            d_joined += rows.T @ gathered
            torch.mm(rows, joined, out=gathered)
            _scatter(x, values, into, gathered, d_x, d_values)
        d_weight = d_joined.unflatten(1, (len(weight), -1)).transpose(0, 1)
        return d_x, d_weight.to(weight.dtype), d_values, d_offset.to(ctx.offset_type), None


Into = tuple[Tensor, Tensor, Tensor]
"""The edges into one joint, as in `Edges.lists`."""


def _gather(x: Joints, values: Float[Tensor, "e"], into: Into, out: Float[Tensor, "tn kc"]) -> None:
    """Each partition's sum over the joints that one joint receives from."""
    native.call("gather", x, *_sizes(x, into), *into, values, out, torch.get_num_threads())


def _scatter(
    x: Joints,
    values: Float[Tensor, "e"],
    into: Into,
    g: Float[Tensor, "tn kc"],
    d_x: Joints,
    d_values: Float[Tensor, "e"],
) -> None:
    """The gradients of `_gather`: adds to `d_x`, writes the `d_values` of these edges."""
    native.call("scatter", x, *_sizes(x, into), *into, values, g, d_x, d_values, torch.get_num_threads())


def _sizes(x: Joints, into: Into) -> tuple[int, int, int]:
    """Rows of a joint, channels, partitions."""
    return x.shape[1] * x.shape[2], x.shape[3], len(into[0]) - 1

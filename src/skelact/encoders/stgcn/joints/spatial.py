"""Graph convolution with joints outermost: sums over existing edges only, then 1x1 convolutions."""

from dataclasses import dataclass
from functools import cached_property, lru_cache

import torch
from jaxtyping import Float
from torch import Tensor
from torch.autograd.function import once_differentiable

Joints = Float[Tensor, "v t n c"]


@dataclass(frozen=True)
class Edges:
    """Where an adjacency (k, v, w) is not zero: joint w receives from joint v in partition k."""

    partitions: int
    joints: int
    ends: tuple[tuple[int, int, int], ...]
    """(k, v, w) of every edge."""

    @cached_property
    def into(self) -> dict[tuple[int, int], list[tuple[int, int]]]:
        """(number of the edge, source joint v) of all edges of partition k into joint w, by (k, w)."""
        found: dict[tuple[int, int], list[tuple[int, int]]] = {}
        for edge, (k, v, w) in enumerate(self.ends):
            found.setdefault((k, w), []).append((edge, v))
        return found

    @cached_property
    def lists(self) -> list[tuple[Tensor, Tensor, Tensor]]:
        """`into` of each joint for native code: where the edges of each partition start (and where the last ones end),
        source joints, numbers of the edges."""
        found = []
        for w in range(self.joints):
            edges = [self.into.get((k, w), []) for k in range(self.partitions)]
            starts = torch.tensor([0, *(len(each) for each in edges)]).cumsum(0)
            pairs = torch.tensor([pair for each in edges for pair in each], dtype=torch.int64).view(-1, 2)
            found.append((starts, pairs[:, 1].contiguous(), pairs[:, 0].contiguous()))
        return found

    def values(self, adjacency: Float[Tensor, "k v w"]) -> Float[Tensor, "e"]:
        """The weight of every edge, with gradients."""
        index = torch.tensor(self.ends, device=adjacency.device).unbind(1)
        return adjacency[index]


def edges_of(adjacency: Float[Tensor, "k v w"]) -> Edges:
    """The edges of a graph. Learned importances multiply edges and cannot add any."""
    return _edges(tuple(adjacency.shape), tuple(map(tuple, adjacency.nonzero().tolist())))


@lru_cache
def _edges(shape: tuple[int, ...], ends: tuple[tuple[int, int, int], ...]) -> Edges:
    return Edges(shape[0], shape[1], ends)


def gather(x: Joints, w: int, values: list[float], edges: Edges, out: Float[Tensor, "k t n c"]) -> None:
    """Each partition's sum over the joints v that joint `w` receives from."""
    for k in range(edges.partitions):
        sources = edges.into.get((k, w), ())
        if not sources:
            out[k].zero_()
        for number, (edge, v) in enumerate(sources):
            if number:
                out[k].add_(x[v], alpha=values[edge])
            else:
                torch.mul(x[v], values[edge], out=out[k])


class GraphConvolution(torch.autograd.Function):
    """y_w = offset_w + sum over edges (k, v, w) of a_kvw W_k x_v, joint by joint. The backward pass gathers again."""

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
        numbers, taps = values.tolist(), _taps(weight)
        gathered = x.new_empty(len(weight), *x.shape[1:])
        out = x.new_empty(*x.shape[:3], weight.shape[1])
        for w in range(edges.joints):
            gather(x, w, numbers, edges, gathered)
            made = torch.conv2d(_as_image(gathered), taps, offset[w].to(x.dtype))
            out[w] = made.permute(0, 2, 3, 1).view(out.shape[1:])
        return out

    @staticmethod
    @once_differentiable
    def backward(ctx, g: Float[Tensor, "v t n d"]):  # pyright: ignore[reportIncompatibleMethodOverride]
        x, weight, values = ctx.saved_tensors
        edges, numbers = ctx.edges, values.tolist()
        g = g.contiguous()
        gathered = x.new_empty(len(weight), *x.shape[1:])
        # Sums over joints are in float32 or better.
        d_weight = torch.zeros_like(weight, dtype=values.dtype)
        d_values, d_offset = torch.zeros_like(values), values.new_empty(len(x), weight.shape[1])
        d_x = torch.zeros_like(x)
        for w in range(edges.joints):
            gather(x, w, numbers, edges, gathered)
            rows = g[w].flatten(0, 1)
            d_offset[w] = g[w].sum((0, 1), dtype=values.dtype)
            for k, part in enumerate(gathered.flatten(1, 2)):
                d_weight[k] += rows.T @ part
            for k, part in enumerate(torch.matmul(rows, weight).view_as(gathered)):
                for edge, v in edges.into.get((k, w), ()):
                    d_values[edge] = (x[v] * part).sum(dtype=values.dtype)
                    d_x[v].add_(part, alpha=numbers[edge])
        return d_x, d_weight.to(weight.dtype), d_values, d_offset.to(ctx.offset_type), None


def _as_image(gathered: Float[Tensor, "k t n c"]) -> Float[Tensor, "1 c k tn"]:
    """Partitions as rows of one channels-last image, so that a k x 1 convolution sums over them in one pass."""
    return gathered.flatten(1, 2).permute(2, 0, 1).unsqueeze(0)


def _taps(weight: Float[Tensor, "k d c"]) -> Float[Tensor, "d c k 1"]:
    """Channels-last too: with other weights oneDNN takes a path four times slower."""
    return weight.permute(1, 2, 0).unsqueeze(3).contiguous(memory_format=torch.channels_last)

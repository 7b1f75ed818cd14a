"""ST-GCN (Yan, Xiong and Lin, AAAI 2018), the encoder of SkeletonCLR, CrosSCLR, AimCLR and SkeAttnCLR."""

from itertools import pairwise

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from skelact import graph, processes
from skelact.encoders import joints
from skelact.encoders.config import STGCNConfig
from skelact.skeleton import Skeleton

TEMPORAL_KERNEL = 9
GRAPHS = {"spatial": graph.spatial, "directed": graph.directed}


class STGCN(nn.Module):
    """Ten graph-convolution blocks; stride 2 in time at blocks 5 and 8; pooled over time, joints, then persons.

    h = mean over persons of mean over T', V of the feature map; absent persons take part unless they are left out. In
    evaluation they are all alike, so one of them is computed. Weights start as in the published programs:
    convolutions N(0, 0.02) with bias 0, BatchNorm weights N(1, 0.02) with bias 0.
    """

    def __init__(self, config: STGCNConfig, skeleton: Skeleton):
        super().__init__()
        adjacency = torch.tensor(GRAPHS[config.graph](skeleton), dtype=torch.float32)
        w = config.width
        widths = (config.channels, *(w,) * 4, *(2 * w,) * 3, *(4 * w,) * 2, config.features)
        self.config = config
        self.adjacency: Tensor
        self.register_buffer("adjacency", adjacency)
        self.input_norm = nn.BatchNorm1d(config.channels * len(skeleton))
        self.blocks = nn.ModuleList(
            Block(
                inner,
                outer,
                adjacency,
                stride=2 if place in (4, 7) else 1,
                residual=place > 0,
                dropout=config.dropout if place > 0 else 0.0,
            )
            for place, (inner, outer) in enumerate(pairwise(widths))
        )
        self.apply(published_start)

    def feature_map(self, x: Float[Tensor, "n c t v m"]) -> Float[Tensor, "p d s v"]:
        """Feature map of every person apart (persons of a clip follow each other; absent ones only where they are
        computed), s = T' frames."""
        persons = x.permute(0, 4, 1, 2, 3)
        return self._maps(persons[there(x)] if self._leaves_out(x) else persons.flatten(0, 1))

    def persons(self, x: Float[Tensor, "n c t v m"]) -> Bool[Tensor, "n m"]:
        """Which persons of each clip are in the feature map, in the order of the map."""
        return there(x) if self._leaves_out(x) else torch.ones(len(x), x.shape[4], dtype=torch.bool, device=x.device)

    def compile_blocks(self, backend: str = "inductor") -> None:
        """torch.compile of every block, in place: whatever passes through the network passes through them. On a CPU
        larger batches take a path of their own, which is faster (docs/performance.md)."""
        # All blocks share one function, of which every width, mode and type of numbers is a variant of its own.
        limits = torch._dynamo.config
        limits.recompile_limit = max(limits.recompile_limit, 8 * len(self.blocks))
        for block in self.blocks:
            block.compile(backend=backend)

    def _leaves_out(self, x: Float[Tensor, "n c t v m"]) -> bool:
        return self.config.absent == "left_out" and x.shape[4] > 1

    def _maps(self, x: Float[Tensor, "p c t v"]) -> Float[Tensor, "p d s v"]:
        p, c, t, v = x.shape
        flat = x.permute(0, 3, 1, 2).reshape(p, v * c, t)
        x = self.input_norm(flat).view(p, v, c, t).permute(0, 2, 3, 1).contiguous()
        places = p * t * v
        if self.training and x.device.type == "cpu":  # all processes go the same way, or their sums would not meet
            places = processes.largest(places)
        if x.device.type == "cpu" and places >= joints.WORTH:  # same numbers; the plain blocks are its reference
            return joints.feature_map(self, x.permute(3, 2, 0, 1).contiguous()).permute(2, 3, 1, 0)
        for block in self.blocks:
            x = block(x, self.adjacency)
        return x

    def pool(self, features: Float[Tensor, "p d s v"], x: Float[Tensor, "n c t v m"]) -> Float[Tensor, "n d"]:
        """Mean over time and joints, then over the persons of a clip `x` that are in the map; in float32 or better,
        whatever the map is in."""
        means = _means(features)
        if not self._leaves_out(x):
            return means.unflatten(0, (len(x), x.shape[4])).mean(1)
        present = there(x)
        clip = present.nonzero()[:, 0]
        return means.new_zeros(len(x), means.shape[1]).index_add(0, clip, means) / present.sum(1, keepdim=True)

    def forward(self, x: Float[Tensor, "n c t v m"]) -> Float[Tensor, "n d"]:
        """h of each clip."""
        if self.training or self.config.absent == "left_out" or x.shape[4] == 1:
            return self.pool(self.feature_map(x), x)
        present = there(x)
        persons = x.permute(0, 4, 1, 2, 3)
        means = _means(self._maps(torch.cat([torch.zeros_like(persons[:1, 0]), persons[present]])))
        row = torch.where(present, present.flatten().cumsum(0).view_as(present), 0)
        return means[row].mean(1)


def there(x: Float[Tensor, "n c t v m"]) -> Bool[Tensor, "n m"]:
    """Which persons are in a clip: any of their numbers is not zero. The first one always is."""
    present = (x != 0).any(3).any(2).any(1)
    present[:, 0] = True
    return present


class _Means(torch.autograd.Function):
    """Mean over time and joints, in float32 or better. The gradient is one number a channel, stretched over the map
    without being written out: autograd's own would be, twice, once in an order that the blocks do not have."""

    @staticmethod
    def forward(ctx, features: Float[Tensor, "p d s v"]) -> Float[Tensor, "p d"]:
        ctx.shape, ctx.type = features.shape, features.dtype
        return features.mean((2, 3), dtype=torch.promote_types(features.dtype, torch.float32))

    @staticmethod
    def backward(ctx, g: Float[Tensor, "p d"]):  # pyright: ignore[reportIncompatibleMethodOverride]
        return (g / (ctx.shape[2] * ctx.shape[3])).to(ctx.type)[:, :, None, None].expand(ctx.shape)


def _means(features: Float[Tensor, "p d s v"]) -> Float[Tensor, "p d"]:
    return _Means.apply(features)


class Block(nn.Module):
    """Graph convolution over joints, then a 9-tap convolution over time, each normalised; residual around both."""

    def __init__(
        self, inner: int, outer: int, adjacency: Float[Tensor, "k v v"], stride: int, residual: bool, dropout: float
    ):
        super().__init__()
        self.importance = nn.Parameter(torch.ones_like(adjacency))
        self.spatial = nn.Conv2d(inner, outer * len(adjacency), 1)
        self.spatial_norm = nn.BatchNorm2d(outer)
        self.temporal = nn.Conv2d(
            outer, outer, (TEMPORAL_KERNEL, 1), stride=(stride, 1), padding=((TEMPORAL_KERNEL - 1) // 2, 0)
        )
        self.temporal_norm = nn.BatchNorm2d(outer)
        self.dropout = nn.Dropout(dropout, inplace=True)
        self.residual: nn.Module | None = None
        if residual:
            self.residual = nn.Identity()
            if inner != outer or stride != 1:
                self.residual = nn.Sequential(nn.Conv2d(inner, outer, 1, stride=(stride, 1)), nn.BatchNorm2d(outer))

    def forward(self, x: Float[Tensor, "n c t v"], adjacency: Float[Tensor, "k v v"]) -> Float[Tensor, "n d s v"]:
        y = self._graph_convolution(x, adjacency * self.importance)
        y = self.temporal(torch.relu(self.spatial_norm(y)))
        y = self.dropout(self.temporal_norm(y))
        return torch.relu(y if self.residual is None else y + self.residual(x))

    def _graph_convolution(
        self, x: Float[Tensor, "n c t v"], edges: Float[Tensor, "k v v"]
    ) -> Float[Tensor, "n d t v"]:
        """sum over partitions k of (W_k x + b_k) A_k; joints are summed first, where there are fewer channels."""
        k, c = len(edges), x.shape[1]
        weight = self.spatial.weight.view(k, -1, c).transpose(0, 1).reshape(-1, k * c, 1, 1)
        assert self.spatial.bias is not None
        bias = torch.einsum("kd,kvw->dw", self.spatial.bias.view(k, -1), edges)
        gathered = torch.cat([x @ edge for edge in edges], dim=1)
        return torch.conv2d(gathered, weight) + bias[:, None]


@torch.no_grad()
def published_start(module: nn.Module) -> None:
    """What the published programs apply to every module of a network before training, and over any other start."""
    if isinstance(module, nn.Conv2d | nn.Linear):
        module.weight.normal_(0, 0.02)
        if module.bias is not None:
            module.bias.zero_()
    elif isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
        module.weight.normal_(1, 0.02)
        module.bias.zero_()

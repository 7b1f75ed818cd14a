"""Plain ST-GCN: NCHW, a 1x1 convolution to every partition, then one sum over partitions and joints."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from skelact.encoders.config import STGCNConfig
from skelact.maths import graph
from skelact.skeleton import Skeleton


class PlainSTGCN(nn.Module):
    """Has the tensor names of our encoder, so that both can load the same weights."""

    adjacency: Tensor

    def __init__(self, config: STGCNConfig, skeleton: Skeleton):
        super().__init__()
        self.register_buffer("adjacency", torch.tensor(graph.spatial(skeleton), dtype=torch.float32))
        w = config.width
        widths = (config.channels, w, w, w, w, 2 * w, 2 * w, 2 * w, 4 * w, 4 * w, config.features)
        self.input_norm = nn.BatchNorm1d(config.channels * len(skeleton))
        self.blocks = nn.ModuleList()
        for number in range(10):
            stride = 2 if number in (4, 7) else 1
            dropout = config.dropout if number else 0.0
            self.blocks.append(
                PlainBlock(
                    widths[number], widths[number + 1], self.adjacency, stride, residual=number > 0, dropout=dropout
                )
            )
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.normal_(module.weight, 0, 0.02)

    def feature_map(self, x: Float[Tensor, "n c t v m"]) -> Float[Tensor, "nm d s v"]:
        """Feature map of every person, present or absent."""
        n, c, t, v, m = x.shape
        x = x.permute(0, 4, 3, 1, 2).contiguous().view(n * m, v * c, t)
        x = self.input_norm(x)
        x = x.view(n, m, v, c, t).permute(0, 1, 3, 4, 2).contiguous().view(n * m, c, t, v)
        for block in self.blocks:
            x = block(x, self.adjacency)
        return x

    def pool(self, features: Float[Tensor, "nm d s v"], persons: int) -> Float[Tensor, "n d"]:
        """Mean over time and joints, then over persons."""
        pooled = nn.functional.avg_pool2d(features, tuple(features.shape[2:]))
        return pooled.view(len(features) // persons, persons, -1).mean(1)

    def forward(self, x: Float[Tensor, "n c t v m"]) -> Float[Tensor, "n d"]:
        return self.pool(self.feature_map(x), x.shape[4])


class PlainBlock(nn.Module):
    """y = sum_k (W_k x + b_k) (A_k * M_k); normalised, rectified, 9 taps over time, normalised, dropout; + residual."""

    def __init__(self, inner: int, outer: int, adjacency: Tensor, stride: int, residual: bool, dropout: float):
        super().__init__()
        self.importance = nn.Parameter(torch.ones_like(adjacency))
        self.spatial = nn.Conv2d(inner, outer * len(adjacency), 1)
        self.spatial_norm = nn.BatchNorm2d(outer)
        self.temporal = nn.Conv2d(outer, outer, (9, 1), (stride, 1), (4, 0))
        self.temporal_norm = nn.BatchNorm2d(outer)
        self.dropout = nn.Dropout(dropout, inplace=True)
        self.residual: nn.Module | None = None
        if residual and (inner != outer or stride != 1):
            self.residual = nn.Sequential(nn.Conv2d(inner, outer, 1, (stride, 1)), nn.BatchNorm2d(outer))
        elif residual:
            self.residual = nn.Identity()

    def forward(self, x: Float[Tensor, "n c t v"], adjacency: Float[Tensor, "k v v"]) -> Float[Tensor, "n d s v"]:
        beside = self.residual(x) if self.residual is not None else 0
        y = self.spatial(x)
        n, kc, t, v = y.shape
        y = y.view(n, len(adjacency), kc // len(adjacency), t, v)
        y = torch.einsum("nkctv,kvw->nctw", y, adjacency * self.importance).contiguous()
        y = torch.relu_(self.spatial_norm(y))
        y = self.dropout(self.temporal_norm(self.temporal(y)))
        return torch.relu_(y + beside)

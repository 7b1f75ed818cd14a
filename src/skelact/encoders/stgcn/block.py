"""One block of ST-GCN, plain: for every device, and the reference for the fast engine."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

TEMPORAL_KERNEL = 9


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
        """sum over partitions k of (W_k x + b_k) A_k; joints are summed before W_k adds channels."""
        k, c = len(edges), x.shape[1]
        weight = self.spatial.weight.view(k, -1, c).transpose(0, 1).reshape(-1, k * c, 1, 1)
        assert self.spatial.bias is not None
        bias = torch.einsum("kd,kvw->dw", self.spatial.bias.view(k, -1), edges)
        gathered = torch.cat([x @ edge for edge in edges], dim=1)
        return torch.conv2d(gathered, weight) + bias[:, None]

"""ST-GCN (Yan, Xiong and Lin, AAAI 2018), the encoder of SkeletonCLR, CrosSCLR, AimCLR and SkeAttnCLR."""

from itertools import pairwise

import torch
from jaxtyping import Float
from torch import Tensor, nn

from skelact.encoders.config import STGCNConfig
from skelact.encoders.encoder import Encoder, published_start
from skelact.encoders.stgcn import joints
from skelact.encoders.stgcn.block import Block
from skelact.encoders.stgcn.engine import Engine, is_fast
from skelact.maths import graph
from skelact.skeleton import Skeleton

GRAPHS = {"spatial": graph.spatial, "directed": graph.directed}


class STGCN(Encoder):
    """Ten graph-convolution blocks; stride 2 in time at blocks 5 and 8; pooled over time, joints, then persons.

    h = mean over persons of mean over T', V of the feature map (p, d, s, v), s = T' frames; absent persons count
    unless they are left out. Weights start as in the published programs (`published_start`).
    """

    engine: Engine = "auto"
    """How it is computed on a CPU. Set it on a network to choose (encoders/stgcn/engine.py)."""

    def __init__(self, config: STGCNConfig, skeleton: Skeleton):
        super().__init__(
            config.name,
            config.features,
            axes=("time", "joint"),
            leaves_out_absent=config.absent == "left_out",
        )
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
                stride=2 if number in (4, 7) else 1,
                residual=number > 0,
                dropout=config.dropout if number > 0 else 0.0,
            )
            for number, (inner, outer) in enumerate(pairwise(widths))
        )
        self.apply(published_start)

    def person_maps(self, x: Float[Tensor, "p c t v"]) -> Float[Tensor, "p d s v"]:
        p, c, t, v = x.shape
        flat = x.permute(0, 3, 1, 2).reshape(p, v * c, t)
        x = self.input_norm(flat).view(p, v, c, t).permute(0, 2, 3, 1).contiguous()
        if is_fast(self.engine, x.device.type, p * t * v, self.training):
            outermost = joints.feature_map(self.blocks, self.adjacency, x.permute(3, 2, 0, 1).contiguous())
            return outermost.permute(2, 3, 1, 0)
        for block in self.blocks:
            x = block(x, self.adjacency)
        return x

    def person_features(self, features: Float[Tensor, "p d s v"]) -> Float[Tensor, "p d"]:
        """Mean over time and joints, in float32 or better."""
        return _Means.apply(features)

    def layers(self) -> list[nn.Module]:
        """Layers from input to output, for layer-wise learning rates. Each parameter is in one."""
        return [self.input_norm, *self.blocks]

    def compile_blocks(self, backend: str = "inductor") -> None:
        """Apply torch.compile to every block, in place. On a CPU larger batches use the fast engine instead, which is
        faster (docs/performance.md)."""
        # All blocks share one function. Every width, mode and dtype is compiled separately.
        limits = torch._dynamo.config
        limits.recompile_limit = max(limits.recompile_limit, 8 * len(self.blocks))
        for block in self.blocks:
            block.compile(backend=backend)


class _Means(torch.autograd.Function):
    """Mean over time and joints, in float32 or better. The gradient is one number per channel, expanded over the map
    without a copy. Autograd would write it out twice, once in another memory order than the blocks use."""

    @staticmethod
    def forward(ctx, features: Float[Tensor, "p d s v"]) -> Float[Tensor, "p d"]:
        ctx.shape, ctx.type = features.shape, features.dtype
        return features.mean((2, 3), dtype=torch.promote_types(features.dtype, torch.float32))

    @staticmethod
    def backward(ctx, g: Float[Tensor, "p d"]):  # pyright: ignore[reportIncompatibleMethodOverride]
        return (g / (ctx.shape[2] * ctx.shape[3])).to(ctx.type)[:, :, None, None].expand(ctx.shape)

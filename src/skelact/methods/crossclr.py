"""CrosSCLR: cross-view consistency pursuit, on two or three streams (Li et al., CVPR 2021, section 3.3)."""

from collections.abc import Callable
from functools import partial

import torch
from jaxtyping import Float
from torch import Tensor

from skelact.encoders.encoder import Encoder
from skelact.maths.losses import info_nce
from skelact.maths.streams import Stream
from skelact.methods.config import CrosSCLRConfig
from skelact.methods.crossstream import CrossStream
from skelact.methods.method import Losses, Moment
from skelact.methods.skeletonclr import SkeletonCLR
from skelact.skeleton import Skeleton


class CrosSCLR(CrossStream[SkeletonCLR]):
    """One SkeletonCLR per stream; in stage 2 the neighbours found by other streams are positives.

    Stream a of the clip's query and key view gives z^_a, z_a; its bank M_a has the entries m_a,i.
    s_a,i = z^_a.m_a,i: similarity to the bank; N_b: the top_k entries of s_b
    Stage 1: L = sum over a of L_Info,a, that of SkeletonCLR                                                       (a)
    Stage 2, from epoch `cross_from`: p_ab = softmax([z^_a.z_a, s_a, s_a * s_b] / tau), its last part the context  (b)
    L_ab = mean of -log p_ab over the key, N_b in s_a and N_b in the context                                       (c)
    L = sum over a of the mean over b != a of L_ab                                                                 (d)

    Unlike in the published program, every key network is updated in stage 2 too, and every stream has its own head.
    """

    Config = CrosSCLRConfig

    def __init__(self, config: Config, encoder: Callable[[Stream], Encoder], skeleton: Skeleton):
        super().__init__(config, lambda stream: SkeletonCLR(config, partial(encoder, stream), skeleton), skeleton)

    def forward(self, views: dict[str, Float[Tensor, "n c t v m"]], moment: Moment) -> Losses:
        logits: dict[Stream, Tensor] = {
            stream: learner.logits(stream_views) for stream, learner, stream_views in self.by_stream(views)
        }
        if self.crosses(moment):
            parts = {f"{stream}/cross": loss for stream, loss in self.taught(logits).items()}  # (b), (c)
        else:
            parts = {f"{stream}/info_nce": info_nce(own) for stream, own in logits.items()}
        return {"loss": torch.stack(list(parts.values())).sum(), **parts}  # (a), (d)

"""3s-AimCLR with cross-stream knowledge mining (Guo et al., AAAI 2022, tables 3 and 4, marked with a section sign)."""

from collections.abc import Callable
from functools import partial

import torch
from jaxtyping import Float
from torch import Tensor

from skelact.encoders.encoder import Encoder
from skelact.maths.streams import Stream
from skelact.methods.aimclr import AimCLR
from skelact.methods.config import AimCLR3sConfig
from skelact.methods.crossstream import CrossStream
from skelact.methods.method import Losses, Moment
from skelact.skeleton import Skeleton


class AimCLR3s(CrossStream[AimCLR]):
    """One AimCLR per stream; in stage 2 the neighbours found by other streams are positives too.

    L_a: the whole loss of AimCLR on stream a, in its own two stages
    L_ab: what stream b teaches stream a (CrosSCLR (b), (c)), by the normal queries z^_a and z^_b
    Stage 1: L = sum over a of L_a                                                                                 (a)
    Stage 2, from epoch `cross_from`: L = sum over a of L_a + the mean over b != a of L_ab                         (b)

    The paper gives only the name and results of this mining. Adding the two losses, with weight 1 each, and using the
    normal queries is our reading.
    """

    Config = AimCLR3sConfig

    def __init__(self, config: Config, encoder: Callable[[Stream], Encoder], skeleton: Skeleton):
        super().__init__(config, lambda stream: AimCLR(config, partial(encoder, stream), skeleton), skeleton)

    def forward(self, views: dict[str, Float[Tensor, "n c t v m"]], moment: Moment) -> Losses:
        own: list[Tensor] = []
        normal: dict[Stream, Tensor] = {}
        parts: Losses = {}
        for stream, learner, stream_views in self.by_stream(views):
            normal[stream], others = learner.logits(stream_views)
            losses = learner.losses(normal[stream], others, moment)
            own.append(losses.pop("loss"))
            parts |= {f"{stream}/{part}": loss for part, loss in losses.items()}
        if self.crosses(moment):
            taught = self.taught(normal)
            own += taught.values()  # (b)
            parts |= {f"{stream}/cross": loss for stream, loss in taught.items()}
        return {"loss": torch.stack(own).sum(), **parts}  # (a)

"""Momentum twin: the key network, a moving average of the query network (MoCo; AimCLR Eq. 2)."""

import copy
import math

import torch
from torch import nn


class MomentumTwin(nn.Module):
    """theta_k <- m theta_k + (1 - m) theta_q (Eq. 2). Starts as a copy of the query network.

    Only parameters follow. The key network has its own BatchNorm statistics, as in the released program.
    Raises ValueError for m outside [0, 1].
    """

    def __init__(self, query: nn.Module, momentum: float):
        super().__init__()
        if not 0 <= momentum <= 1:
            raise ValueError(f"momentum must be between 0 and 1, got {momentum}")
        self.key = copy.deepcopy(query).requires_grad_(False)
        self.momentum = momentum

    @torch.no_grad()
    def follow(self, query: nn.Module) -> None:
        """Move the parameters one step towards `query`."""
        for key, source in zip(self.key.parameters(), query.parameters(), strict=True):
            key.lerp_(source, 1 - self.momentum)

    @torch.no_grad()
    def follow_state(self, query: nn.Module, momentum: float) -> None:
        """Move all state, with BatchNorm statistics, one step towards `query` (SkeAttnCLR). Copies counters."""
        state = query.state_dict()
        for name, key in self.key.state_dict().items():
            if key.is_floating_point():
                key.lerp_(state[name], 1 - momentum)
            else:
                key.copy_(state[name])


def cosine_momentum(start: float, step: int, total: int) -> float:
    """m at step `step` (from 0) of `total`: from `start` up to 1 along half a cosine; falls again after the end."""
    return 1 - (1 - start) * (math.cos(math.pi * step / total) + 1) / 2

"""EADM, energy-based attention-guided drop (AimCLR, section 3.3): sets salient neurons to zero. No parameters."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from skelact.system import processes

LAMBDA = 1e-4
KEEP_MARGIN = 0.7
"""Neurons with at least this attention are dropped, as in the released program."""


def attention(x: Float[Tensor, "n d t v"]) -> Float[Tensor, "n d t v"]:
    """alpha = sigmoid(1/e), 1/e = (t - mu)^2 / (4 (sigma^2 + lambda)) + 1/2 over one channel's T' x V neurons (Eq. 3).

    sigma^2 divides by T'V - 1, as in the released program; the paper divides by T'V.
    """
    squares = (x - x.mean((2, 3), keepdim=True)).square()
    variance = squares.sum((2, 3), keepdim=True) / (x.shape[2] * x.shape[3] - 1)
    return torch.sigmoid(squares / (4 * (variance + LAMBDA)) + 0.5)


def energy_drop(x: Float[Tensor, "n d t v"], keep_margin: float = KEEP_MARGIN) -> Float[Tensor, "n d t v"]:
    """Algorithm 1: drop joints of high mean attention, then neurons of high attention; rescale after each.

    The masks have no gradient. Rescaling counts over the batches of all processes.
    """
    with torch.no_grad():
        alpha = attention(x)
        spatial = alpha.mean((1, 2), keepdim=True) < keep_margin
        temporal = alpha < keep_margin
        mask = (spatial & temporal) * (_rescale(spatial, x.dtype) * _rescale(temporal, x.dtype))
    return x * mask


def _rescale(mask: Bool[Tensor, "..."], dtype: torch.dtype) -> Float[Tensor, ""]:
    """count / count_ones. For a mask without ones any finite factor will do: everything is zero."""
    count, ones = mask.numel(), mask.sum()
    if processes.count() > 1:
        count, ones = processes.summed(torch.stack([torch.full_like(ones, count), ones]))
    return count / ones.clamp(min=1).to(dtype)

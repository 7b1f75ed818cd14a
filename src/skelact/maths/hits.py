"""Accuracy from class scores. Ties count as wrong."""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from skelact.maths.accuracy import Accuracy


def hits(scores: Float[Tensor, "*s n classes"], labels: Int[Tensor, "n"], top: int) -> Float[Tensor, "*s"]:
    """Per cent of clips whose class has one of the `top` highest scores.

    A tie counts as wrong, so a classifier with equal scores for all classes gets 0. A score of nan is never a hit.
    """
    own = labels[:, None].expand(*scores.shape[:-1], 1)
    rank = (scores >= scores.gather(-1, own)).sum(-1)  # 0 if the own score is nan
    return ((rank >= 1) & (rank <= top)).to(torch.float64).mean(-1) * 100


def accuracy(scores: Float[Tensor, "n classes"], labels: Int[Tensor, "n"]) -> Accuracy:
    """Top 1 and top 5 of one set of scores."""
    return Accuracy(top1=float(hits(scores.double(), labels, 1)), top5=float(hits(scores.double(), labels, 5)))

"""Accuracy from class scores, with ties counted against the classifier."""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from skelact.maths.accuracy import Accuracy


def hits(scores: Float[Tensor, "*s n classes"], labels: Int[Tensor, "n"], top: int) -> Float[Tensor, "*s"]:
    """Per cent of clips whose own class has one of the `top` highest scores.

    A tie counts as lost, so that a classifier giving every class one score gets 0 and not the order of the classes;
    a score that is not a number never hits.
    """
    own = labels[:, None].expand(*scores.shape[:-1], 1)
    rank = (scores >= scores.gather(-1, own)).sum(-1)  # 0 where the own score is not a number
    return ((rank >= 1) & (rank <= top)).to(torch.float64).mean(-1) * 100


def accuracy(scores: Float[Tensor, "n classes"], labels: Int[Tensor, "n"]) -> Accuracy:
    """Top 1 and top 5 of one set of scores."""
    return Accuracy(top1=float(hits(scores.double(), labels, 1)), top5=float(hits(scores.double(), labels, 5)))

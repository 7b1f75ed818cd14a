"""Accuracy in percent from class scores, with ties counted against the classifier."""

from collections.abc import Sequence
from statistics import fmean

import torch
from jaxtyping import Float, Int
from torch import Tensor

from skelact.config import Config


class Accuracy(Config):
    """Per cent of the test clips whose class is the best, or one of the best five, by score."""

    top1: float
    top5: float | None
    """None in results of five classes or fewer, where every class is among the best five."""


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


def mean(accuracies: Sequence[Accuracy]) -> Accuracy:
    """Mean over seeds."""
    top5 = [accuracy.top5 for accuracy in accuracies if accuracy.top5 is not None]
    return Accuracy(
        top1=fmean(accuracy.top1 for accuracy in accuracies),
        top5=fmean(top5) if len(top5) == len(accuracies) else None,
    )

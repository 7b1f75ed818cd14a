"""Accuracy in per cent, as a value; `hits` computes it. Nothing here imports PyTorch."""

from collections.abc import Sequence
from statistics import fmean

from skelact.config import Config


class Accuracy(Config):
    """Per cent of the test clips whose class is the best, or one of the best five, by score."""

    top1: float
    top5: float | None
    """None in results of five classes or fewer, where every class is among the best five."""


def mean(accuracies: Sequence[Accuracy]) -> Accuracy:
    """Mean over seeds."""
    top5 = [accuracy.top5 for accuracy in accuracies if accuracy.top5 is not None]
    return Accuracy(
        top1=fmean(accuracy.top1 for accuracy in accuracies),
        top5=fmean(top5) if len(top5) == len(accuracies) else None,
    )

"""Accuracy in per cent; `hits` computes it. Needs no PyTorch."""

from collections.abc import Sequence
from statistics import fmean

from skelact.config import Config


class Accuracy(Config):
    """Per cent of test clips whose class has the highest score, or one of the five highest."""

    top1: float
    top5: float | None
    """None for five classes or fewer, where every class is among the five highest."""


def mean(accuracies: Sequence[Accuracy]) -> Accuracy:
    """Mean over seeds."""
    top5 = [accuracy.top5 for accuracy in accuracies if accuracy.top5 is not None]
    return Accuracy(
        top1=fmean(accuracy.top1 for accuracy in accuracies),
        top5=fmean(top5) if len(top5) == len(accuracies) else None,
    )

"""The control row: the same protocol on untrained encoders. A trained one near it did not learn, or did not load."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from skelact.config import Config
from skelact.encoders.file import EncoderCard, LoadedEncoder, random_encoder
from skelact.evaluation.accuracy import Accuracy, mean
from skelact.evaluation.task import Task, standardised

Figure = TypeVar("Figure")


class Control(Config):
    """Means over the random encoders, in per cent, and the accuracies of each."""

    top1: float
    """What a trained encoder has to beat: the stronger of plain and standardised features, after the last epoch."""
    how: str = "frozen random encoder"
    """What the control is, in words."""
    plain: Accuracy
    best: Accuracy | None = None
    """`plain` in each seed's best test epoch, where the network itself learned."""
    standardised: Accuracy | None = None
    """With every feature brought to zero mean and unit variance over the train clips; none where the network itself
    learned."""
    plain_per_seed: tuple[Accuracy, ...]
    standardised_per_seed: tuple[Accuracy, ...] = ()
    taken_from: str = ""
    """File of the folder of controls that it was taken from; empty where it was computed for this result."""


def control(
    card: EncoderCard,
    seeds: Sequence[int],
    task_of: Callable[[LoadedEncoder], Task],
    score: Callable[[Task, int], Accuracy],
) -> Control:
    """Run a protocol on a random encoder for each seed.

    `task_of` gives the features of an encoder for the split, `score` the accuracy of a task with a classifier's seed.
    """
    plain, scaled = of_random(card, seeds, task_of, score)
    return Control(
        top1=max(mean(plain).top1, mean(scaled).top1),
        plain=mean(plain),
        standardised=mean(scaled),
        plain_per_seed=tuple(plain),
        standardised_per_seed=tuple(scaled),
    )


def of_random(
    card: EncoderCard,
    seeds: Sequence[int],
    task_of: Callable[[LoadedEncoder], Task],
    measure: Callable[[Task, int], Figure],
) -> tuple[list[Figure], list[Figure]]:
    """A figure of a random encoder for each seed, on its features as they are and standardised."""
    plain, scaled = [], []
    for seed in seeds:
        task = task_of(random_encoder(card, seed))
        plain.append(measure(task, seed))
        scaled.append(measure(standardised(task), seed))
    return plain, scaled

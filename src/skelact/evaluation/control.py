"""The control: the same protocol on random encoders. A trained encoder near it did not learn, or did not load."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from skelact.encoders.file import EncoderCard, random_encoder
from skelact.encoders.loaded import LoadedEncoder
from skelact.evaluation.results.outcome import Control
from skelact.maths.accuracy import Accuracy, mean
from skelact.train.task import Task, standardised

Figure = TypeVar("Figure")


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
    """Measure a random encoder for each seed, on plain and on standardised features."""
    plain, scaled = [], []
    for seed in seeds:
        task = task_of(random_encoder(card, seed))
        plain.append(measure(task, seed))
        scaled.append(measure(standardised(task), seed))
    return plain, scaled

"""The control row: the same protocol on untrained encoders. A trained one near it did not learn, or did not load."""

from collections.abc import Callable, Sequence

from skelact.config import Config
from skelact.encoders.file import EncoderCard, LoadedEncoder, random_encoder
from skelact.evaluate.accuracy import Accuracy, mean
from skelact.evaluate.task import Task, standardised


class Control(Config):
    """Means over the random encoders, in per cent, and the accuracies of each."""

    top1: float
    """The stronger of plain and standardised features: what a trained encoder has to beat."""
    plain: Accuracy
    standardised: Accuracy
    """With every feature brought to zero mean and unit variance over the train clips."""
    plain_per_seed: tuple[Accuracy, ...]
    standardised_per_seed: tuple[Accuracy, ...]


def control(
    card: EncoderCard,
    seeds: Sequence[int],
    task_of: Callable[[LoadedEncoder], Task],
    score: Callable[[Task, int], Accuracy],
) -> Control:
    """Run a protocol on a random encoder for each seed.

    `task_of` gives the features of an encoder for the split, `score` the accuracy of a task with a classifier's seed.
    """
    plain, scaled = [], []
    for seed in seeds:
        task = task_of(random_encoder(card, seed))
        plain.append(score(task, seed))
        scaled.append(score(standardised(task), seed))
    return Control(
        top1=max(mean(plain).top1, mean(scaled).top1),
        plain=mean(plain),
        standardised=mean(scaled),
        plain_per_seed=tuple(plain),
        standardised_per_seed=tuple(scaled),
    )

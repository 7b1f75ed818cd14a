"""k nearest neighbours on frozen features: cosine, votes weighted by exp(similarity / 0.1), k = 1 and k = 20."""

from dataclasses import dataclass

from jaxtyping import Float
from pydantic import Field, PositiveFloat, PositiveInt
from torch import Tensor

from skelact.config import Config
from skelact.evaluate.accuracy import Accuracy, accuracy
from skelact.evaluate.task import Task
from skelact.neighbours import capped, nearest, votes


class KnnConfig(Config):
    """Which k are reported, and how neighbours vote."""

    k: tuple[PositiveInt, ...] = Field(default=(1, 20), min_length=1)
    """Numbers of neighbours; the last one gives the headline figure."""
    cap: bool = True
    """Whether k is at most the train clips of the smallest class; more neighbours would have to be of other classes."""
    temperature: PositiveFloat = 0.1
    """tau: a neighbour's vote weighs exp(cosine similarity / tau)."""


@dataclass(frozen=True)
class Knn:
    """What the k nearest neighbours say about the test clips."""

    by_k: dict[int, Accuracy]
    """Accuracy for each k asked for."""
    used: dict[int, int]
    """Neighbours that voted for each k: fewer than k where a class, or all of them, has fewer train clips."""
    scores: Float[Tensor, "n classes"]
    """Class scores of the last k."""


def knn(task: Task, config: KnnConfig | None = None) -> Knn:
    """Classify every test clip by its nearest train clips. The neighbours are found once, for the largest k."""
    config = config or KnnConfig()
    used = {k: capped(k, task.train_labels) if config.cap else min(k, len(task.train)) for k in config.k}
    similarity, rows = nearest(task.test, task.train, max(used.values()))
    labels = task.train_labels[rows]
    scores = {
        k: votes(similarity[:, :count], labels[:, :count], task.classes, config.temperature)
        for k, count in used.items()
    }
    by_k = {k: accuracy(scores[k], task.test_labels) for k in config.k}
    return Knn(by_k=by_k, used=used, scores=scores[config.k[-1]].cpu())

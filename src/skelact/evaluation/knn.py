"""k nearest neighbours on frozen features: cosine, votes weighted by exp(similarity / 0.1), k = 1 and k = 20."""

from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor

from skelact.evaluation.accuracy import Accuracy, accuracy
from skelact.evaluation.config import KnnConfig
from skelact.evaluation.task import Task
from skelact.maths.neighbours import capped, nearest, votes


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

"""k nearest neighbours on frozen features: cosine, votes weighted by exp(similarity / 0.1), k = 1 and k = 20."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import Field, PositiveFloat, PositiveInt

from skelact.config import Config
from skelact.evaluation.protocols.protocol import Case, Classifying, Task, Tensor
from skelact.evaluation.results.outcome import Result
from skelact.evaluation.results.scored import Scored
from skelact.evaluation.results.table import Row, control_rows
from skelact.maths.accuracy import Accuracy


class KnnConfig(Config):
    """Settings of k nearest neighbours."""

    k: tuple[PositiveInt, ...] = Field(default=(1, 20), min_length=1)
    """Numbers of neighbours; the last one gives the main result."""
    cap: bool = True
    """Limit k to the train clips of the smallest class; more neighbours must be of other classes."""
    temperature: PositiveFloat = 0.1
    """tau: a neighbour's vote weighs exp(cosine similarity / tau)."""


class KnnProtocol(Classifying[KnnConfig]):
    """Whether near neighbours share a class."""

    name = "knn"
    words = "k nearest neighbours."
    options = KnnConfig

    def measure(self, case: Case, options: KnnConfig, seeds: Sequence[int], name: str) -> Scored:
        from skelact.evaluation.frozen import frozen

        def score(task: Task, _: tuple[int, ...]) -> tuple[dict[str, Any], Tensor]:
            found = knn(task, options)
            last = found.by_k[options.k[-1]]
            once = {"last": last, "best": last, "last_per_seed": (last,), "best_per_seed": (last,), "best_epochs": ()}
            return {**once, "by_k": found.by_k, "k_used": found.used}, found.scores

        return frozen(case, options, seeds, score)

    def headline(self, result: Result) -> str:
        k, used = list(result.k_used.items())[-1] if result.k_used else (0, 0)
        return "top 1" if k == used else f"top 1, k {used} instead of {k}"

    def rows(self, result: Result) -> list[Row]:
        *others, k = result.by_k
        return [
            Row("last", result.last, f"weighted vote of {neighbours(result, k)}, cosine"),
            *(Row(f"k = {other}", result.by_k[other], f"vote of {neighbours(result, other)}") for other in others),
            Row("best", result.best, "one evaluation only: the same as last"),
            *control_rows(result, result.seeds),
        ]

    def how(self, result: Result) -> str:
        scores = ", ".join(f"{neighbours(result, k)}: {score.top1:.1f}" for k, score in result.by_k.items())
        return f"weighted vote of the nearest train clips by cosine ({scores}); nothing is trained, so best is last"


def neighbours(result: Result, k: int) -> str:
    """The number of neighbours that vote for k, and why it is lower than k."""
    used = result.k_used.get(k, k)
    if used == k:
        return f"{k} nearest"
    if result.recipe.get("cap"):
        return f"{used} nearest (k {used} instead of {k}: the smallest class has {used} clip{'s' * (used > 1)})"
    return f"all {used} train clips (fewer than k = {k})"


@dataclass(frozen=True)
class Knn:
    """Predictions of the k nearest neighbours for the test clips."""

    by_k: dict[int, Accuracy]
    """Accuracy for each k asked for."""
    used: dict[int, int]
    """Neighbours that voted for each k: fewer than k where a class, or all of them, has fewer train clips."""
    scores: Tensor
    """(n, classes): class scores of the last k."""


def knn(task: Task, options: KnnConfig | None = None) -> Knn:
    """Classify every test clip by its nearest train clips. The neighbours are found once, for the largest k."""
    from skelact.maths.hits import accuracy
    from skelact.maths.neighbours import capped, nearest, votes

    options = options or KnnConfig()
    used = {k: capped(k, task.train_labels) if options.cap else min(k, len(task.train)) for k in options.k}
    similarity, rows = nearest(task.test, task.train, max(used.values()))
    labels = task.train_labels[rows]
    scores = {
        k: votes(similarity[:, :count], labels[:, :count], task.classes, options.temperature)
        for k, count in used.items()
    }
    by_k = {k: accuracy(scores[k], task.test_labels) for k in options.k}
    return Knn(by_k=by_k, used=used, scores=scores[options.k[-1]].cpu())

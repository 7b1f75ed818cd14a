"""A throw-away protocol by accuracy, whole in one file: the nearest class mean."""

from collections.abc import Sequence
from typing import Any

from pydantic import PositiveFloat

from skelact.config import Config
from skelact.evaluation.protocols.protocol import Case, Classifying, Task, Tensor
from skelact.evaluation.results.outcome import Result
from skelact.evaluation.results.scored import Scored
from skelact.evaluation.results.table import Row, control_rows


class CentroidConfig(Config):
    """How far a clip is from a class."""

    power: PositiveFloat = 2.0
    """Exponent of the distance."""


class CentroidProtocol(Classifying[CentroidConfig]):
    """Whether clips lie near the mean of their class."""

    name = "centroid"
    words = "The nearest class mean."
    options = CentroidConfig

    def measure(self, case: Case, options: CentroidConfig, seeds: Sequence[int], name: str) -> Scored:
        from skelact.evaluation.frozen import frozen
        from skelact.maths.hits import accuracy

        def score(task: Task, _: tuple[int, ...]) -> tuple[dict[str, Any], Tensor]:
            means = [task.train[task.train_labels == label].sum(0) for label in range(task.classes)]
            counts = task.train_labels.bincount(minlength=task.classes).clamp(min=1)
            distance = task.test[:, None] - task.train.new_tensor([mean.tolist() for mean in means]) / counts[:, None]
            scores = -(distance.norm(dim=2) ** options.power)
            found = accuracy(scores, task.test_labels)
            fields = {"last": found, "best": found, "last_per_seed": (found,), "best_per_seed": (found,)}
            return fields | {"best_epochs": ()}, scores

        return frozen(case, options, seeds, score)

    def rows(self, result: Result) -> list[Row]:
        return [Row("last", result.last, "the nearest class mean"), *control_rows(result, result.seeds)]

    def how(self, result: Result) -> str:
        return f"the nearest class mean, distance to the power of {result.recipe['power']}"

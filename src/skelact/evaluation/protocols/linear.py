"""Linear evaluation: a linear layer learns all labels from frozen features (`train/linear.py`)."""

from collections.abc import Sequence
from statistics import stdev
from typing import Any

from skelact.evaluation.protocols.protocol import Case, Task, Tensor
from skelact.evaluation.protocols.trained import Trained
from skelact.evaluation.results.scored import Scored
from skelact.maths.accuracy import mean
from skelact.train.labels import LinearConfig


class LinearProtocol(Trained[LinearConfig]):
    """Whether a plane separates the classes."""

    name = "linear"
    words = "A linear classifier."
    options = LinearConfig

    def measure(self, case: Case, options: LinearConfig, seeds: Sequence[int], name: str) -> Scored:
        from skelact.evaluation.frozen import frozen
        from skelact.train.linear import linear

        def score(task: Task, some: tuple[int, ...]) -> tuple[dict[str, Any], Tensor]:
            found = linear(task, some, options)
            fields = {
                "last": mean(found.last),
                "best": mean(found.best),
                "last_per_seed": tuple(found.last),
                "best_per_seed": tuple(found.best),
                "best_epochs": tuple(found.best_epochs),
                "std": stdev(one.top1 for one in found.last) if len(some) > 1 else None,
            }
            return fields, found.scores[0]

        return frozen(case, options, seeds, score)

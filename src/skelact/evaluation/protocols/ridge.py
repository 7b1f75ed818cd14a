"""Ridge regression on frozen features: a linear readout for few clips, in closed form; `train/ridge.py` fits it."""

from collections.abc import Sequence
from typing import Any

from pydantic import Field, PositiveFloat

from skelact.config import Config, Readout
from skelact.evaluation.protocols.protocol import Case, Classifying, Task, Tensor
from skelact.evaluation.results.outcome import Result
from skelact.evaluation.results.scored import Scored
from skelact.evaluation.results.table import Row, control_rows


class RidgeConfig(Config):
    """What is read out, and how strongly the weights are held back."""

    readout: Readout = "pooled"
    """h, or tokens: the feature map in four bins of time, which keeps joints (or what the encoder has instead)."""
    strengths: tuple[PositiveFloat, ...] = Field(default=(0.001, 0.01, 0.1, 1.0), min_length=1)
    """Lambda, as multiples of the number of features. The best one is chosen in cross-validation within the train
    clips, by subject where subjects are known."""


class RidgeProtocol(Classifying[RidgeConfig]):
    """Whether a plane separates the classes, asked of few clips."""

    name = "ridge"
    words = "Ridge regression: a linear classifier in closed form."
    options = RidgeConfig

    def measure(self, case: Case, options: RidgeConfig, seeds: Sequence[int], name: str) -> Scored:
        from skelact.evaluation.frozen import frozen
        from skelact.train.ridge import ridge

        subjects = case.store.table["subject"][case.rows.train]
        groups = subjects if (subjects >= 0).all() else None

        def score(task: Task, _: tuple[int, ...]) -> tuple[dict[str, Any], Tensor]:
            found = ridge(task, options.strengths, groups)
            last = found.accuracy
            once = {"last": last, "best": last, "last_per_seed": (last,), "best_per_seed": (last,), "best_epochs": ()}
            return once, found.scores

        return frozen(case, options, seeds, score, options.readout)

    def variant(self, recipe: Any) -> str:
        return "" if recipe["readout"] == "pooled" else recipe["readout"]

    def rows(self, result: Result) -> list[Row]:
        what = "h" if result.recipe["readout"] == "pooled" else result.recipe["readout"]
        return [
            Row("last", result.last, f"closed form on {what}, strength chosen within the train clips"),
            *control_rows(result, result.seeds),
        ]

    def how(self, result: Result) -> str:
        what = "h" if result.recipe["readout"] == "pooled" else result.recipe["readout"]
        return f"ridge regression on {what} of the frozen encoder, its strength chosen within the train clips"

"""What protocols of frozen features share that give every test clip a class: plain, standardised, and the control."""

from collections.abc import Callable, Sequence
from typing import Any

from torch import Tensor

from skelact.config import Config
from skelact.evaluation.case import Case
from skelact.evaluation.control import control
from skelact.evaluation.results.scored import Scored
from skelact.evaluation.sharing import shared
from skelact.train.task import Task, standardised

Score = Callable[[Task, tuple[int, ...]], tuple[dict[str, Any], Tensor]]
"""What a protocol says of a task with some seeds: fields of its result, and the test scores of the first seed."""


def frozen(case: Case, options: Config, seeds: Sequence[int], score: Score) -> Scored:
    """Score the encoder's features as they are and standardised, and those of random encoders."""
    trained = case.task(case.encoder)
    fields, scores = score(trained, tuple(seeds))
    fields["standardised"] = score(standardised(trained), tuple(seeds))[0]["last"]
    fields["control"] = shared(
        case,
        options,
        dict.fromkeys(seeds, case.rows.train),
        lambda: control(case.encoder.card, seeds, case.task, lambda task, seed: score(task, (seed,))[0]["last"]),
    )
    return Scored(fields, scores.float())

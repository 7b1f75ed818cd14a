"""Shared by classification protocols on frozen features: plain, standardised and control."""

from collections.abc import Callable, Sequence
from typing import Any

from torch import Tensor

from skelact.config import Config, Readout
from skelact.encoders.loaded import LoadedEncoder
from skelact.evaluation.case import Case
from skelact.evaluation.control import control
from skelact.evaluation.results.scored import Scored
from skelact.evaluation.sharing import shared
from skelact.train.task import Task, standardised

Score = Callable[[Task, tuple[int, ...]], tuple[dict[str, Any], Tensor]]
"""Function of a task and seeds that gives fields of the result and the test scores of the first seed."""


def frozen(case: Case, options: Config, seeds: Sequence[int], score: Score, readout: Readout = "pooled") -> Scored:
    """Score the encoder's features as they are and standardised, and those of random encoders."""

    def task_of(encoder: LoadedEncoder) -> Task:
        return case.task(encoder, readout)

    trained = task_of(case.encoder)
    fields, scores = score(trained, tuple(seeds))
    fields["standardised"] = score(standardised(trained), tuple(seeds))[0]["last"]
    fields["control"] = shared(
        case,
        options,
        dict.fromkeys(seeds, case.rows.train),
        lambda: control(case.encoder.card, seeds, task_of, lambda task, seed: score(task, (seed,))[0]["last"]),
    )
    return Scored(fields, scores.float())

"""Protocols of frozen features that give every test clip a class: knn and linear, beside random encoders."""

from collections.abc import Sequence
from statistics import stdev
from typing import Any

from torch import Tensor

from skelact.evaluation.accuracy import mean
from skelact.evaluation.case import Case, Scored
from skelact.evaluation.config import KnnConfig, LinearConfig
from skelact.evaluation.control import control
from skelact.evaluation.knn import knn
from skelact.evaluation.linear import linear
from skelact.evaluation.sharing import shared
from skelact.evaluation.task import Task, standardised


def frozen(case: Case, config: KnnConfig | LinearConfig, seeds: Sequence[int]) -> Scored:
    """Run the protocol that a configuration belongs to, on plain and on standardised features, and its control."""
    trained = case.task(case.encoder)
    fields, scores = score(config, trained, tuple(seeds))
    fields["standardised"] = score(config, standardised(trained), tuple(seeds))[0]["last"]
    fields["control"] = shared(
        case,
        config,
        dict.fromkeys(seeds, case.rows.train),
        lambda: control(
            case.encoder.card, seeds, case.task, lambda given, seed: score(config, given, (seed,))[0]["last"]
        ),
    )
    return Scored(fields, scores.float())


def score(config: KnnConfig | LinearConfig, given: Task, seeds: tuple[int, ...]) -> tuple[dict[str, Any], Tensor]:
    """Fields of the result, and the test scores of the first seed after the last epoch."""
    if isinstance(config, KnnConfig):
        found = knn(given, config)
        last = found.by_k[config.k[-1]]
        once = {"last": last, "best": last, "last_per_seed": (last,), "best_per_seed": (last,), "best_epochs": ()}
        return {**once, "by_k": found.by_k, "k_used": found.used}, found.scores
    trained = linear(given, seeds, config)
    top1 = [accuracy.top1 for accuracy in trained.last]
    fields = {
        "last": mean(trained.last),
        "best": mean(trained.best),
        "last_per_seed": tuple(trained.last),
        "best_per_seed": tuple(trained.best),
        "best_epochs": tuple(trained.best_epochs),
        "std": stdev(top1) if len(top1) > 1 else None,
    }
    return fields, trained.scores[0]

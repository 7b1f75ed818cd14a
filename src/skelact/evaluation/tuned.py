"""Shared by protocols that train a whole network on labels: trainings from an encoder, and from random weights."""

from collections.abc import Mapping
from statistics import stdev

import numpy as np
import torch
from jaxtyping import Int64

from skelact.data.progress import progress_bar
from skelact.encoders.file import random_encoder
from skelact.encoders.loaded import LoadedEncoder
from skelact.evaluation.case import Case
from skelact.evaluation.results.outcome import Control
from skelact.evaluation.results.scored import Scored
from skelact.evaluation.sharing import shared
from skelact.maths.accuracy import mean
from skelact.train.labels import TuneConfig
from skelact.train.tune import Labelled, Tuned, tune

Rows = Mapping[int, Int64[np.ndarray, "n"]]
"""Training rows of each seed."""


def tuned(case: Case, config: TuneConfig, rows: Rows, what: str) -> Scored:
    """Train the encoder of the case once a seed; the control is the same training from random weights."""
    found = trainings(case, config, dict.fromkeys(rows, case.encoder), rows, what)
    return scored(found, shared(case, config, rows, lambda: from_nothing(case, config, rows, what)))


def from_nothing(case: Case, config: TuneConfig, rows: Rows, what: str) -> Control:
    """The control: the same training from random weights. It always runs in training mode, because random weights have
    no running statistics: in evaluation mode they would learn nothing."""
    starts = {seed: random_encoder(case.encoder.card, seed) for seed in rows}
    untrained = trainings(case, config.model_copy(update={"network_mode": "train"}), starts, rows, f"{what}, control")
    last = [one.last for one in untrained]
    return Control(
        top1=mean(last).top1,
        how="the same training from random weights" + (", in training mode" if config.network_mode == "eval" else ""),
        plain=mean(last),
        best=mean([one.best for one in untrained]),
        plain_per_seed=tuple(last),
    )


def trainings(
    case: Case, config: TuneConfig, starts: Mapping[int, LoadedEncoder], rows: Rows, what: str
) -> list[Tuned]:
    """Train once per seed, each from its own start and on its own rows."""

    def labelled(indices: Int64[np.ndarray, "n"]) -> Labelled:
        return Labelled(case.clips(indices), torch.from_numpy(case.labels[indices]))

    test, classes = labelled(case.rows.test), case.answers.classes
    with progress_bar(case.progress) as bar:
        return [
            tune(start, labelled(rows[seed]), test, classes, config, seed, case.device, bar, f"{what}, seed {seed}")
            for seed, start in starts.items()
        ]


def scored(found: list[Tuned], floor: Control) -> Scored:
    """The result of the trainings, with their control."""
    last, best = [one.last for one in found], [one.best for one in found]
    fields = {
        "last": mean(last),
        "best": mean(best),
        "last_per_seed": tuple(last),
        "best_per_seed": tuple(best),
        "best_epochs": tuple(one.best_epoch for one in found),
        "std": stdev(one.top1 for one in last) if len(last) > 1 else None,
        "control": floor,
    }
    return Scored(fields, found[0].scores, network=found[0].network)

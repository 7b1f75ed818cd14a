"""Protocols in which the network itself learns from labels: finetune, semi, supervised."""

from collections.abc import Sequence
from pathlib import Path
from statistics import stdev
from typing import Any

import numpy as np
import torch
from jaxtyping import Int64

from skelact.data.progress import progress_bar
from skelact.encoders.file import LoadedEncoder, random_encoder
from skelact.evaluation.accuracy import mean
from skelact.evaluation.case import Case, Scored
from skelact.evaluation.config import FinetuneConfig, SemiConfig, SupervisedConfig, TuneConfig
from skelact.evaluation.control import Control, control
from skelact.evaluation.linear import linear
from skelact.evaluation.sharing import shared
from skelact.evaluation.subset import kept_or_chosen
from skelact.evaluation.tune import Labelled, Tuned, tune
from skelact.runs import RunFolder
from skelact.system.world import file_hash


def finetune(case: Case, config: FinetuneConfig, seeds: Sequence[int]) -> Scored:
    """Learn all labels, from the encoder and, for the control, from random weights."""
    return _tuned(case, config, dict.fromkeys(seeds, case.rows.train), "finetune")


def semi(case: Case, config: SemiConfig, seeds: Sequence[int], beside: str) -> Scored:
    """Learn the labels of a subset a seed; the control has the same subsets.

    Each seed's subset is kept as `<beside>-seed<seed>.csv` among the results and taken from there if it exists.
    """
    train = case.rows.train
    files = {seed: RunFolder(case.folder).subset(beside, seed) for seed in seeds}
    rows = {
        seed: train[kept_or_chosen(file, case.names[train], case.labels[train], config.share, seed, config.per_class)]
        for seed, file in files.items()
    }
    scored = _tuned(case, config, rows, f"semi {100 * config.share:g} %")
    scored.fields.update(labels=label_files(files.values()), train_clips=len(rows[seeds[0]]))
    return scored


def label_files(files: Any) -> dict[str, str]:
    """Name and SHA-256 of each file of labelled clips."""
    return {Path(file).name: file_hash(file) for file in files}


def supervised(case: Case, config: SupervisedConfig, seeds: Sequence[int]) -> Scored:
    """Learn all labels from random weights; the control is linear evaluation of those weights, frozen."""
    card = case.encoder.card
    starts, rows = {seed: random_encoder(card, seed) for seed in seeds}, dict.fromkeys(seeds, case.rows.train)
    found = _each(case, config, starts, rows, "supervised")

    def untrained() -> Control:
        made = control(card, seeds, case.task, lambda given, seed: linear(given, (seed,)).last[0])
        return made.model_copy(update={"how": "linear layer (100 epochs, lr 3) on a frozen random encoder"})

    floor = shared(case, config, rows, untrained)
    return _scored(found, floor)


def _tuned(case: Case, config: TuneConfig, rows: dict[int, Int64[np.ndarray, "n"]], what: str) -> Scored:
    found = _each(case, config, dict.fromkeys(rows, case.encoder), rows, what)
    return _scored(found, shared(case, config, rows, lambda: _from_nothing(case, config, rows, what)))


def _from_nothing(case: Case, config: TuneConfig, rows: dict[int, Int64[np.ndarray, "n"]], what: str) -> Control:
    """The control of a training: the same from random weights. These have no running statistics to normalise by, so
    it is in training mode even where the pretrained network is not: otherwise it would learn nothing."""
    starts = {seed: random_encoder(case.encoder.card, seed) for seed in rows}
    untrained = _each(case, config.model_copy(update={"network_mode": "train"}), starts, rows, f"{what}, control")
    last = [one.last for one in untrained]
    return Control(
        top1=mean(last).top1,
        how="the same training from random weights" + (", in training mode" if config.network_mode == "eval" else ""),
        plain=mean(last),
        best=mean([one.best for one in untrained]),
        plain_per_seed=tuple(last),
    )


def _each(
    case: Case,
    config: TuneConfig,
    starts: dict[int, LoadedEncoder],
    rows: dict[int, Int64[np.ndarray, "n"]],
    what: str,
) -> list[Tuned]:
    """One training a seed, each from its start, on its rows."""

    def labelled(places: Int64[np.ndarray, "n"]) -> Labelled:
        return Labelled(case.clips(places), torch.from_numpy(case.labels[places]))

    test, classes = labelled(case.rows.test), case.answers.classes
    with progress_bar(case.progress) as bar:
        return [
            tune(start, labelled(rows[seed]), test, classes, config, seed, case.device, bar, f"{what}, seed {seed}")
            for seed, start in starts.items()
        ]


def _scored(found: list[Tuned], floor: Control) -> Scored:
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

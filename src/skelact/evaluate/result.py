"""What an evaluation found and how: the value, its JSON file, its scores, its table."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float32, Int64
from rich.console import Console
from rich.table import Table

from skelact.config import Config
from skelact.evaluate.accuracy import Accuracy
from skelact.evaluate.control import Control
from skelact.world import atomic_file, write_json


class PublishedNumber(Config):
    """A paper's number for the same data set, split, method, stream and protocol."""

    top1: float
    source: str


class Result(Config):
    """One evaluation. Accuracies in per cent; means over the seeds where there are several."""

    protocol: str
    """knn or linear."""
    variant: str = ""
    """What tells this result from others of the protocol, store and split: a stream, where the run has several."""
    recipe: dict[str, Any]
    """Settings of the protocol."""
    store: str
    store_hash: str
    """SHA-256 of the prepared clips."""
    dataset: str
    split: str
    rule: str
    """The split in words."""
    method: str
    stream: str
    encoder_hash: str
    """SHA-256 over the encoder's tensors and card."""
    classes: int
    """Different classes among the train and test clips."""
    train_clips: int
    test_clips: int
    last: Accuracy
    """linear: after the last epoch. knn: the last k of the recipe."""
    best: Accuracy
    """linear: each seed's best epoch on the test clips, as published scores are chosen. knn: the same as last."""
    last_per_seed: tuple[Accuracy, ...]
    best_per_seed: tuple[Accuracy, ...]
    best_epochs: tuple[int, ...]
    """Epochs that `best` was taken at, from 1; empty for knn."""
    std: float | None = None
    """Standard deviation of the seeds' last top 1; none for fewer than two."""
    by_k: dict[int, Accuracy]
    """knn: accuracy for every k; empty for linear."""
    k_used: dict[int, int]
    """knn: neighbours that voted for every k; fewer than k where there are fewer train clips. Empty for linear."""
    standardised: Accuracy
    """`last` with every feature of the trained encoder brought to zero mean and unit variance over the train clips."""
    control: Control
    majority: float
    """Always guessing the most frequent train class."""
    chance: float
    """Guessing any class alike."""
    published: PublishedNumber | None = None
    seeds: int
    """linear: classifiers, and random encoders of the control. knn: random encoders only."""
    seconds: float
    """Wall time of all of it, features that were not cached included."""
    date: str
    skelact: str
    machine: dict[str, Any]

    @property
    def file_name(self) -> str:
        """Name of the JSON file, without its ending; the scores lie beside it as .npz."""
        variant = f"-{self.variant}" if self.variant else ""
        return f"{self.protocol}-{self.store}-{self.split}{variant}".replace("/", "_")

    @property
    def label(self) -> str:
        """The protocol and what tells it from others of its name, for titles."""
        return f"{self.protocol} {self.variant}".strip()


def write_result(
    result: Result,
    folder: Path,
    names: np.ndarray,
    labels: Int64[np.ndarray, "n"],
    scores: Float32[np.ndarray, "n classes"],
) -> Path:
    """Write the scores of the test clips (first seed, last epoch), then the result; the path of its JSON file."""
    with atomic_file(folder / f"{result.file_name}.npz") as temporary:
        np.savez(temporary, names=names, labels=labels, scores=scores)
    path = folder / f"{result.file_name}.json"
    write_json(path, result.model_dump(mode="json"))
    return path


def show(result: Result, console: Console | None = None) -> None:
    """Print the table of a result, to standard output unless told otherwise."""
    (console or Console(width=None if sys.stdout.isatty() else 150)).print(table(result))


def table(result: Result) -> Table:
    """Last and best beside the controls and the published number; every row says how it was obtained."""
    made = Table(
        title=f"{result.protocol} on {result.store}, split {result.split}: {result.train_clips} train and "
        f"{result.test_clips} test clips of {result.classes} classes; {result.method or 'untrained'}, "
        f"{result.stream} stream",
        caption=_verdict(result),
    )
    made.add_column("row", no_wrap=True)
    made.add_column("top 1", justify="right", no_wrap=True)
    made.add_column("top 5", justify="right", no_wrap=True)
    made.add_column("how it was obtained")
    for name, accuracy, how in _rows(result):
        spread = f" ± {result.std:.1f}" if name == "last" and result.std is not None else ""
        made.add_row(name, f"{accuracy.top1:.1f}{spread}", f"{accuracy.top5:.1f}", how)
    made.add_row("majority", f"{result.majority:.1f}", "", "always the most frequent train class")
    if result.published:
        made.add_row("published", f"{result.published.top1:.1f}", "", f"{result.published.source} (best test epoch)")
    return made


def _rows(result: Result) -> list[tuple[str, Accuracy, str]]:
    seeds = f"mean of {result.seeds} seeds" if result.seeds > 1 else "1 seed"
    encoders = f"{result.seeds} random encoders" if result.seeds > 1 else "1 random encoder"
    if result.protocol == "knn":
        k, used = list(result.k_used.items())[-1]
        rows = [("last", result.last, f"weighted vote of {_neighbours(k, used)}, cosine")]
        rows += [
            (f"k = {other}", result.by_k[other], f"vote of {_neighbours(other, count)}")
            for other, count in result.k_used.items()
            if other != k
        ]
        rows.append(("best", result.best, "one evaluation only: the same as last"))
    else:
        epochs = result.recipe["epochs"]
        rows = [("last", result.last, f"after epoch {epochs}, {seeds}")]
        rows.append(("best", result.best, f"best of {epochs} test epochs, chosen on the test clips, {seeds}"))
    rows.append(("standardised", result.standardised, "as last, features standardised over the train clips"))
    rows.append(("control, plain", result.control.plain, f"as last, {encoders}"))
    rows.append(("control, standardised", result.control.standardised, f"as last, {encoders}, features standardised"))
    return rows


def _neighbours(k: int, used: int) -> str:
    return f"{k} nearest" if used == k else f"all {used} train clips (fewer than k = {k})"


def _verdict(result: Result) -> str:
    gain = result.last.top1 - result.control.top1
    if gain > 0:
        return f"last is {gain:.1f} points above the stronger control ({result.control.top1:.1f})"
    return (
        f"last is {abs(gain):.1f} points below the stronger control ({result.control.top1:.1f}): by this protocol the "
        "encoder is no better than random weights"
    )

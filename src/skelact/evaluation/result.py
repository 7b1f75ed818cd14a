"""A result's JSON file, what lies beside it, and its table."""

import sys
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from jaxtyping import Int64, Shaped
from pydantic import ValidationError
from rich.console import Console
from rich.table import Table

from skelact.evaluation.accuracy import Accuracy
from skelact.evaluation.arrays import read_arrays, write_arrays
from skelact.evaluation.outcome import (
    Accuracies,
    AnyResult,
    Clustered,
    Evaluation,
    Fused,
    PublishedNumber,
    Result,
    Retrieved,
)
from skelact.system.terminal import Terminal, cell
from skelact.system.world import SkelactError, read_json, write_json

__all__ = [
    "AnyResult",
    "Clustered",
    "Evaluation",
    "Fused",
    "PublishedNumber",
    "Result",
    "Retrieved",
    "kind_of",
    "neighbours",
    "read_result",
    "read_scores",
    "show",
    "table",
    "without_idle_top5",
    "write_result",
]


Evaluated = TypeVar("Evaluated", Result, Fused)
FEW = 5
"""Classes up to which a top 5 says nothing."""


def kind_of(protocol: str) -> type[Result] | type[Retrieved] | type[Clustered]:
    """What a protocol's results are."""
    return {"retrieval": Retrieved, "clustering": Clustered}.get(protocol, Result)


def without_idle_top5(result: Evaluated) -> Evaluated:
    """The result with no top 5 where it has five classes or fewer: it would say nothing, and look like much."""
    if result.classes > FEW:
        return result
    return type(result).model_validate(_idle_top5(result.model_dump()))


def _idle_top5(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: None if key == "top5" else _idle_top5(inner) for key, inner in value.items()}
    return type(value)(map(_idle_top5, value)) if isinstance(value, tuple | list) else value


def write_result(
    result: AnyResult,
    folder: Path,
    names: np.ndarray,
    labels: Int64[np.ndarray, "n"],
    scores: Shaped[np.ndarray, "n ..."],
    what: str = "scores",
    stem: str = "",
) -> Path:
    """Write what was found for every test clip, `what` by name, then the result; the path of its JSON file.

    `stem` names the files; left out, they have the name that belongs to the result.
    """
    stem = stem or result.file_name
    arrays: dict[str, Any] = {"names": names, "labels": labels, what: scores}
    write_arrays(folder / f"{stem}.npz", arrays)
    path = folder / f"{stem}.json"
    write_json(path, result.model_dump(mode="json"), sealed=True)
    return path


def read_result(path: Path) -> AnyResult:
    """A result as `write_result` wrote it, of this version or an earlier one. Keys that it does not know are passed
    over. SkelactError: no such file, not JSON, a key that is missing or wrong."""
    values = read_json(Path(path))
    kind = Fused if "parts" in values else kind_of(str(values.get("protocol")))
    try:
        return kind.model_validate({key: value for key, value in values.items() if key in kind.model_fields})
    except ValidationError as error:
        faults = "; ".join(f"key '{'.'.join(map(str, fault['loc']))}': {fault['msg']}" for fault in error.errors())
        raise SkelactError(f"{path}: not an evaluation: {faults}") from error


def read_scores(path: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Names, labels and class scores (n, classes) of the test clips, from the .npz beside a result by accuracy.

    SkelactError: no such file, damaged, not one name, label and row of scores a clip.
    """
    names, labels, scores = read_arrays(Path(path), ("names", "labels", "scores"))
    if (names.ndim, labels.ndim, scores.ndim) != (1, 1, 2) or not len(names) == len(labels) == len(scores):
        raise SkelactError(
            f"{path}: expected one name, label and row of scores a clip, "
            f"found names of shape {names.shape}, labels of {labels.shape} and scores of {scores.shape}"
        )
    return names, labels, scores


def show(result: AnyResult, console: Console | None = None) -> None:
    """Print the table of a result, by default to standard output."""
    (console or Terminal(width=None if sys.stdout.isatty() else 150, markup=False)).print(table(result))


def table(result: AnyResult) -> Table:
    """Last and best beside the controls and the published number; every row says how it was obtained."""
    title = (
        f"{result.protocol} on {result.store}, split {result.split}: {result.train_clips} train and "
        f"{result.test_clips} test clips of {result.classes} classes; {result.method or 'untrained'}, "
        f"{result.stream} stream"
    )
    caption = "\n".join((_verdict(result), *result.notes))
    made = Table(title=cell(title, "table.title"), caption=cell(caption, "table.caption"))
    made.add_column("row", no_wrap=True)
    if isinstance(result, Retrieved | Clustered):
        for column in ("plain", "standardised", "control"):
            made.add_column(column, justify="right", no_wrap=True)
        for name, *values in result.figures:
            made.add_row(cell(name), *(f"{value:.1f}" for value in values))
        return made
    several = result.classes > FEW
    made.add_column("top 1", justify="right", no_wrap=True)
    if several:
        made.add_column("top 5", justify="right", no_wrap=True)
    made.add_column("how it was obtained")

    def add(name: str, top1: str, top5: float | None, how: str) -> None:
        fifth = ("" if top5 is None else f"{top5:.1f}",) if several else ()
        made.add_row(cell(name), top1, *fifth, cell(how))

    std = result.std if isinstance(result, Result) else None
    for name, accuracy, how in _rows(result):
        spread = f" ± {std:.1f}" if name == "last" and std is not None else ""
        add(name, f"{accuracy.top1:.1f}{spread}", accuracy.top5, how)
    add("majority", f"{result.majority:.1f}", None, "always the most frequent train class")
    if result.published:
        add("published", f"{result.published.top1:.1f}", None, f"{result.published.source} (best test epoch)")
    return made


def _rows(result: Result | Fused) -> list[tuple[str, Accuracy, str]]:
    if isinstance(result, Fused):
        parts = [(part.stream, part.last, f"weight {part.weight:g}, {part.file}") for part in result.parts]
        return [*parts, ("fused", result.last, "class scores added up clip by clip; first seed, last epoch")]
    seeds = f"mean of {result.seeds} seeds" if result.seeds > 1 else "1 seed"
    if result.protocol == "knn":
        *others, k = result.by_k
        rows = [("last", result.last, f"weighted vote of {neighbours(result, k)}, cosine")]
        rows += [(f"k = {other}", result.by_k[other], f"vote of {neighbours(result, other)}") for other in others]
        rows.append(("best", result.best, "one evaluation only: the same as last"))
        return rows + _controls(result, result.seeds)
    tuned = result.recipe.get("finetune", result.recipe)  # transfer has two recipes
    learned = f"after epoch {tuned['epochs']}" + (", network and head" if result.standardised is None else "")
    rows = [("last", result.last, f"{learned}, {seeds}")]
    tests = -(-tuned["epochs"] // tuned.get("test_every", 1))
    rows.append(("best", result.best, f"best of {tests} test epochs, chosen on the test clips, {seeds}"))
    rows += _controls(result, result.seeds)
    if result.frozen:
        rows.append(("linear, last", result.frozen.last, f"linear layer on the frozen encoder, {seeds}"))
        rows.append(("linear, best", result.frozen.best, f"its best test epoch, {seeds}"))
        rows += [(f"linear, {name}", value, how) for name, value, how in _controls(result.frozen, result.seeds)]
    return rows


def _controls(found: Accuracies, seeds: int) -> list[tuple[str, Accuracy, str]]:
    encoders = f"{seeds} random encoders" if seeds > 1 else "1 random encoder"
    control = found.control
    how = control.how if control.how != "frozen random encoder" else "as last"
    rows = []
    if found.standardised:
        rows.append(("standardised", found.standardised, "as last, features standardised over the train clips"))
    rows.append(("control, plain" if control.standardised else "control", control.plain, f"{how}, {encoders}"))
    if control.best:
        rows.append(("control, best", control.best, f"{how}, best test epoch, {encoders}"))
    if control.standardised:
        words = f"{how}, {encoders}, features standardised"
        rows.append(("control, standardised", control.standardised, words))
    return rows


def neighbours(result: Result, k: int) -> str:
    """How many neighbours vote where k are asked for, and why they are fewer."""
    used = result.k_used.get(k, k)
    if used == k:
        return f"{k} nearest"
    if result.recipe.get("cap"):
        return f"{used} nearest (k {used} instead of {k}: the smallest class has {used} clip{'s' * (used > 1)})"
    return f"all {used} train clips (fewer than k = {k})"


def _verdict(result: AnyResult) -> str:
    if isinstance(result, Fused):
        strongest = max(result.parts, key=lambda part: part.last.top1)
        gain = result.last.top1 - strongest.last.top1
        return f"fused is {gain:+.1f} points from the best stream ({strongest.stream}, {strongest.last.top1:.1f})"
    if isinstance(result, Result):
        what, value, control = "last", result.last.top1, result.control.top1
    else:
        what, value, _, control = result.figures[0]
    gain = value - control
    if gain > 0:
        return f"{what} is {gain:.1f} points above the stronger control ({control:.1f})"
    words = "by this protocol the encoder is no better than random weights"
    if result.protocol == "supervised":
        words = "training the network gave no more than a linear layer on its random weights"
    how = f"{-gain:.1f} points below" if round(gain, 1) else "equal to"
    return f"{what} is {how} the stronger control ({control:.1f}): {words}"

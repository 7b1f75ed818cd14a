"""A reproduced table: lines with published numbers, cost, and files."""

import csv
import io
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from skelact.config import Config
from skelact.reproduce.options import Options
from skelact.system.world import SkelactError, read_json, write_bytes, write_json


class MeasuredLine(Config):
    """One line: the measured and the published number. Accuracies are top 1 in per cent."""

    row: int
    label: str
    """As the paper writes the row."""
    method: str
    streams: str
    """Joined by +; fused where there are several."""
    protocol: str
    setting: str
    epochs: int
    """Of pretraining; 0 where there is none."""
    last: float
    """After the last epoch, mean over the evaluation's seeds; fused: first seed."""
    best: float | None
    """At the best test epoch, as published scores are chosen; None for fused scores."""
    std: float | None
    """Standard deviation of `last` over the seeds."""
    control: float | None
    """The same protocol on random weights; None for fused scores."""
    published: float | None
    """The published number of the same data set, split, streams, protocol and share of labels. None if the paper has
    none."""
    published_streams: str
    """Streams of the printed row."""
    others: dict[str, float]
    """The other cells of the printed row, by data set and split."""
    runs: tuple[str, ...]
    """Folders of the pretraining runs, or names of untrained encoder files."""
    train_seconds: float
    evaluate_seconds: float
    core_hours: float
    """Wall time of pretraining and evaluation times the threads that each had."""
    clips_per_second: float | None
    """Clips of pretraining over its wall time; none without pretraining."""

    @property
    def last_difference(self) -> float | None:
        """Last minus published."""
        return None if self.published is None else self.last - self.published

    @property
    def best_difference(self) -> float | None:
        """Best minus published."""
        return None if self.published is None or self.best is None else self.best - self.published


class Reproduction(Config):
    """A table, as far as it has been run."""

    table: str
    title: str
    source: str
    store: str
    dataset: str
    """As papers call it where it is a whole data set of theirs."""
    split: str
    compared: str
    """Data set and split of the table's column that is nearest: of the store itself where `same_data` says so."""
    same_data: bool
    """Whether `compared` is the data of the store."""
    options: Options
    finished: bool
    lines: tuple[MeasuredLine, ...]
    seconds: float
    """Wall time of all runs and evaluations; a run that several lines share counts once."""
    core_hours: float
    machine: dict[str, Any]
    date: str
    skelact: str

    @property
    def notes(self) -> tuple[str, ...]:
        """Notes below the table."""
        if self.same_data:
            data = f"Published numbers are of {self.compared}, like this store."
        else:
            data = (
                f"The published numbers are of other data sets, such as {self.compared}. This store is {self.dataset}, "
                f"split {self.split}, so the column is empty; the paper's numbers are among its other columns. "
                "Compare the differences between rows."
            )
        accelerator = self.machine.get("accelerator")
        cost = f"Everything took {self.seconds / 3600:.2f} h of wall time, {self.core_hours:.2f} core-hours"
        notes = [data, f"{cost}, on {self.machine.get('processor')}" + (f" and {accelerator}." if accelerator else ".")]
        changed = [f"{name} {value}" for name, value in self.options.changes.items()]
        if self.options.small:
            changed.insert(0, "small recipes instead of the published settings")
        if self.options.epochs:
            changed.append(f"epochs {', '.join(map(str, self.options.epochs))}")
        if changed:
            notes.append(f"Not as published: {'; '.join(changed)}.")
        if self.same_data and any(line.published_streams != line.streams for line in self.lines):
            notes.append(
                "Rows whose published number is of other streams show none; it is among the paper's other columns."
            )
        if lost := [str(line.row) for line in self.lines if line.control is not None and line.last <= line.control]:
            rows = ", ".join(dict.fromkeys(lost))
            notes.append(f"Last is not above the control in row {rows}: no better than random weights.")
        notes.append(
            "Last: after the last epoch. Best: the best epoch on the test clips, as published scores are chosen; "
            "fused scores are of the last epoch of the first seed."
        )
        return (*notes, *(() if self.finished else ("Not finished: run the same command to continue.",)))


FIELDS = (
    *("row", "label", "method", "streams", "protocol", "setting", "epochs", "last", "best", "std", "control"),
    *("published", "published_of", "published_streams", "last_difference", "best_difference"),
    *("train_seconds", "evaluate_seconds", "core_hours", "clips_per_second", "store", "split", "runs"),
)
"""Columns of the CSV file."""


def write(found: Reproduction, folder: Path) -> None:
    """`<table>.json` with everything and `<table>.csv` with a line each, each atomically."""
    write_json(folder / f"{found.table}.json", found.model_dump(mode="json"), sealed=True)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(FIELDS)
    for line in found.lines:
        values = line.model_dump() | {
            "published_of": found.compared if line.published is not None else None,
            "last_difference": _rounded(line.last_difference),
            "best_difference": _rounded(line.best_difference),
            "store": found.store,
            "split": found.split,
            "runs": " ".join(line.runs),
        }
        writer.writerow([values[field] for field in FIELDS])
    write_bytes(folder / f"{found.table}.csv", text.getvalue().encode("utf-8", "backslashreplace"))


def read_reproduction(path: Path) -> Reproduction:
    """The `<table>.json` of a table that was run. SkelactError for anything else, and where it is not as written."""
    values = read_json(path)
    try:
        return _comparable(Reproduction.model_validate(values))
    except ValidationError as error:
        raise SkelactError(f"{path}: expected the JSON file of a table by skelact reproduce: {error}") from error


def _comparable(found: Reproduction) -> Reproduction:
    """Move published numbers of other data sets and streams, as in tables of earlier versions, to `others`."""
    lines = tuple(
        line
        if line.published is None or (found.same_data and line.published_streams == line.streams)
        else line.model_copy(update={"published": None, "others": {found.compared: line.published, **line.others}})
        for line in found.lines
    )
    return found.model_copy(update={"lines": lines})


def _rounded(difference: float | None) -> float | None:
    return None if difference is None else round(difference, 2)

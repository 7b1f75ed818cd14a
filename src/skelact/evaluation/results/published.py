"""Published accuracies to compare runs with; all are in `published.csv` beside this file.

AimCLR: Guo et al., Contrastive Learning from Extremely Augmented Skeleton Sequences for Self-supervised Action
Recognition, AAAI 2022: every number of its tables 1 to 8, per cent; linear ones of the best test epoch. Its kNN results
(figure 3) are drawn without numbers. AimCLR repository: numbers that its authors report for their released weights.
SkeAttnCLR: Hua et al., Part Aware Contrastive Learning for Self-Supervised Action Recognition, IJCAI 2023, second-hand;
`note` names the source.
"""

import csv
from collections.abc import Iterable, Iterator
from importlib.resources import files
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, ValidationError
from pydantic.dataclasses import dataclass

from skelact.config import Stream
from skelact.system.world import SkelactError

COLUMNS = (
    *("source", "table", "row", "label", "method", "streams", "dataset", "split"),
    *("protocol", "setting", "top1", "note"),
)
"""Of published.csv."""
FUSED = "joint+motion+bone"


@dataclass(frozen=True, config=ConfigDict(extra="forbid", allow_inf_nan=False))
class Published:
    """One number of a paper."""

    dataset: str
    split: str
    """Empty where the source does not give it."""
    method: str
    """As skelact names it where it has the method, else as the paper writes it."""
    stream: Stream | Literal["joint+motion+bone", ""]
    """Empty where the source does not give it."""
    top1: Annotated[float, Field(gt=0, lt=100)]
    source: str
    """Paper and table."""
    protocol: Literal["linear", "semi", "finetune", "supervised"] = "linear"
    setting: str = ""
    """Difference from the plain method: a row of an ablation, epochs, the share of labels."""
    label: str = ""
    """The row as the paper writes it."""
    row: int = 0
    """Its row in the printed table, from 1."""
    note: str = ""


def read_published(lines: Iterable[str], name: str) -> Iterator[Published]:
    """The entries of a file with COLUMNS. SkelactError, with the line, for any mistake."""
    reader = csv.DictReader(lines, strict=True)
    if tuple(reader.fieldnames or ()) != COLUMNS:
        raise SkelactError(f"{name}:1: expected the columns {', '.join(COLUMNS)}, found {reader.fieldnames}")
    seen: dict[tuple[str, ...], int] = {}
    for values in reader:
        where = f"{name}:{reader.line_num}"
        if None in values or None in values.values():
            raise SkelactError(f"{where}: expected {len(COLUMNS)} values, found more or fewer")
        key = tuple(values[column] for column in (*COLUMNS[:3], "dataset", "split", "setting"))
        if key in seen:
            raise SkelactError(f"{where}: expected every cell of a table once, found that of line {seen[key]} again")
        seen[key] = reader.line_num
        yield _entry(values, where)


def _entry(values: dict[str, Any], where: str) -> Published:
    paper, table, stream = (values.pop(column) for column in ("source", "table", "streams"))
    source = f"{paper}, table {table}" if table.isdigit() else f"{paper}, {table}"
    try:
        return Published(**values, stream=stream, source=source)
    except ValidationError as error:
        faults = "; ".join(f"{fault['loc'][0]}: {fault['msg']}, found {fault['input']!r}" for fault in error.errors())
        raise SkelactError(f"{where}: {faults}") from error


_FILE = files("skelact.evaluation.results").joinpath("published.csv")
TABLES = tuple(read_published(_FILE.read_text(encoding="utf-8").splitlines(), "published.csv"))
"""All known numbers, in the order of the papers."""

_WHOLE = {60: ("NTU-60", 56_880), 120: ("NTU-120", 114_480)}
"""Classes of an NTU data set, its name, and its clips before the broken ones are left out."""


def published(dataset: str, split: str, method: str, stream: str, protocol: str, setting: str = "") -> Published | None:
    """The published number for the same evaluation, if there is one. `setting` of semi: `1%` or `10%` of the labels."""
    asked = (dataset, split, method.lower(), stream, protocol, setting)
    for entry in TABLES:
        if (entry.dataset, entry.split, entry.method.lower(), entry.stream, entry.protocol, entry.setting) == asked:
            return entry
    return None


def table_row(source: str, row: int, setting: str | None = None) -> tuple[Published, ...]:
    """The cells of a printed row, from left to right; only those of one setting where it is given."""
    return tuple(
        entry for entry in TABLES if (entry.source, entry.row) == (source, row) and setting in (None, entry.setting)
    )


def published_name(dataset: str, classes: int, clips: int) -> str:
    """The papers' name of a store's data set, by its classes and clips; else the store's own name.

    A part of NTU RGB+D is not NTU RGB+D: at least 98 % of its clips have to be there, as without the broken ones.
    """
    name, whole = _WHOLE.get(classes, (dataset, 0)) if dataset == "ntu" else (dataset, 0)
    return name if clips >= 0.98 * whole else dataset

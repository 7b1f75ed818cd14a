"""One line of a reproduced table: the published cell to compare with, and the cost."""

from collections.abc import Sequence
from typing import NamedTuple

from skelact.data.store import Store
from skelact.evaluation.results.published import TABLES, Published, published_name, table_row
from skelact.reproduce.grids import Grid, Line
from skelact.reproduce.options import PlannedRun
from skelact.reproduce.result import MeasuredLine
from skelact.reproduce.score import Score


class Cost(NamedTuple):
    """Wall time and number of threads."""

    seconds: float
    threads: int
    clips: int = 0
    """Clips processed in pretraining."""

    @property
    def core_hours(self) -> float:
        return self.seconds * self.threads / 3600


class Data(NamedTuple):
    """Name of the store's data, and the published column to compare with."""

    name: str
    column: tuple[str, str]
    """Data set and split."""
    same: bool
    """Whether the column is of the store's own data."""


def data_of(grid: Grid, store: Store, split: str) -> Data:
    """The published column for the store; where the table has none, one of the same split, else its first."""
    known = store.table["action"][store.table["action"] >= 0]
    name = published_name(store.meta.dataset, len(set(known.tolist())), len(known))
    columns = list(dict.fromkeys((cell.dataset, cell.split) for cell in TABLES if cell.source == grid.source))
    if (name, split) in columns:
        return Data(name, (name, split), True)
    return Data(name, next((column for column in columns if column[1] == split), columns[0]), False)


def comparable(cell: Published, streams: str, protocol: str) -> bool:
    """Whether a published number is of the same streams and protocol; each share of labels is a row of its own."""
    return (cell.stream, cell.protocol) == (streams, protocol)


def measured(
    grid: Grid,
    line: Line,
    runs: Sequence[PlannedRun],
    reached: Score,
    data: Data,
    trained: list[Cost],
    tested: list[Cost],
) -> MeasuredLine:
    """One measured line, with its published number."""
    printed = table_row(grid.source, line.row)
    cells = [cell for cell in printed if cell.setting == line.setting] if line.setting else list(printed)
    of_column = next((cell for cell in cells if (cell.dataset, cell.split) == data.column), None)
    streams = "+".join(line.streams)
    own = of_column if of_column and data.same and comparable(of_column, streams, line.protocol) else None
    seconds = sum(cost.seconds for cost in trained)
    return MeasuredLine(
        row=line.row,
        label=printed[0].label,
        method=line.training.name,
        streams=streams,
        protocol=line.protocol,
        setting=line.setting,
        epochs=runs[0].config.epochs if runs[0].trained else 0,
        **reached._asdict(),
        published=own.top1 if own else None,
        published_streams=printed[0].stream,
        others={f"{cell.dataset} {cell.split}": cell.top1 for cell in cells if cell is not own},
        runs=tuple(dict.fromkeys(run.name for run in runs)),
        train_seconds=seconds,
        evaluate_seconds=sum(cost.seconds for cost in tested),
        core_hours=sum(cost.core_hours for cost in (*trained, *tested)),
        clips_per_second=sum(cost.clips for cost in trained) / seconds if seconds else None,
    )

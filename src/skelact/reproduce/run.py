"""Running a table: pretrain what is missing, evaluate what is missing, and put it beside the paper."""

from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from rich.console import Console
from rich.markup import escape

from skelact import __version__
from skelact.data.splits import split as split_of
from skelact.data.store import Store
from skelact.evaluate.published import TABLES, published_name, table_row
from skelact.reproduce.grids import GRIDS, Grid, Line
from skelact.reproduce.options import Options, Run, check, lines_of, protocol_recipe, runs_of
from skelact.reproduce.result import Measured, Reproduction, write
from skelact.reproduce.score import Task, evaluated, read, score
from skelact.train import pretrain
from skelact.world import SkelactError, machine


class Cost(NamedTuple):
    """Wall time, and how many threads worked through it."""

    seconds: float
    threads: int
    clips: int = 0
    """Clips that pretraining stepped through."""

    @property
    def core_hours(self) -> float:
        return self.seconds * self.threads / 3600


class Data(NamedTuple):
    """What the store is called, and which published column it is held against."""

    name: str
    column: tuple[str, str]
    """Data set and split."""
    same: bool


def reproduce(
    table: str, store: Path, split: str, folder: Path, options: Options, console: Console | None = None
) -> Reproduction:
    """Run a table's lines on a split of a store; `folder` takes runs, results, and `<table>.csv` and `.json`.

    The same call goes on with a table that was stopped, and trains or evaluates nothing twice: runs are told apart by
    their configuration and data, evaluations by their settings and the hashes of encoder and clips. A folder
    with another run of the same name is refused. Files are written after every line. SkelactError, before
    anything is trained, for a recipe or protocol that is not there.
    """
    console = console or Console(stderr=True)
    if table not in GRIDS:
        raise SkelactError(f"no table {table!r}; there are {', '.join(GRIDS)}")
    grid = GRIDS[table]
    check(grid, options)
    opened = Store.open(store)
    split_of(opened, split)
    data = _data(grid, opened, split)
    task = Task(Path(store), split, options.seeds)
    trained: dict[str, Cost] = {}
    tested: dict[Path, Cost] = {}
    measured: list[Measured] = []

    def found(finished: bool) -> Reproduction:
        costs = (*trained.values(), *tested.values())
        return Reproduction(
            table=table,
            title=grid.title,
            source=grid.source,
            store=opened.name,
            dataset=data.name,
            split=split,
            compared=" ".join(data.column),
            same_data=data.same,
            options=options,
            finished=finished,
            lines=tuple(measured),
            seconds=sum(cost.seconds for cost in costs),
            core_hours=sum(cost.core_hours for cost in costs),
            machine=machine(),
            date=datetime.now(UTC).isoformat(timespec="seconds"),
            skelact=__version__,
        )

    lines = lines_of(grid, options)
    for number, line in enumerate(lines, start=1):
        runs = runs_of(grid, line, options)
        for run in runs:
            if run.name not in trained:
                console.rule(f"{table}, line {number} of {len(lines)}: {escape(run.name)}")
                done = pretrain(run.config, [Path(store)], [split], folder / run.name, console)
                if not done.finished:
                    return found(finished=False)
                trained[run.name] = Cost(done.seconds, _threads(folder / run.name), done.step * run.config.batch)
        recipe = protocol_recipe(grid, line)
        files = [evaluated(run.encoder(folder), line.protocol, recipe, task, console) for run in runs]
        for file in files:
            values = read(file)
            tested[file] = Cost(values["seconds"], values["machine"]["threads"])
        costs = [trained[name] for name in dict.fromkeys(run.name for run in runs)]
        measured.append(_measured(grid, line, runs, files, data, costs, [tested[file] for file in files]))
        write(found(finished=number == len(lines)), folder)
    return found(finished=True)


def _measured(
    grid: Grid,
    line: Line,
    runs: tuple[Run, ...],
    files: list[Path],
    data: Data,
    trained: list[Cost],
    tested: list[Cost],
) -> Measured:
    """One line beside the paper's."""
    reached = score(files, line.streams)
    printed = table_row(grid.source, line.row)
    cells = [cell for cell in printed if cell.setting == line.setting] if line.setting else list(printed)
    own = next((cell for cell in cells if (cell.dataset, cell.split) == data.column), None)
    seconds = sum(cost.seconds for cost in trained)
    return Measured(
        row=line.row,
        label=printed[0].label,
        method=line.training.name,
        streams="+".join(line.streams),
        protocol=line.protocol,
        setting=line.setting,
        epochs=runs[0].config.epochs,
        **reached._asdict(),
        published=own.top1 if own else None,
        published_streams=printed[0].stream,
        others={f"{cell.dataset} {cell.split}": cell.top1 for cell in cells if cell is not own},
        runs=tuple(dict.fromkeys(run.name for run in runs)),
        train_seconds=seconds,
        evaluate_seconds=sum(cost.seconds for cost in tested),
        core_hours=sum(cost.core_hours for cost in (*trained, *tested)),
        clips_per_second=sum(cost.clips for cost in trained) / seconds,
    )


def _data(grid: Grid, store: Store, split: str) -> Data:
    """The published column for the store; where the table has none, one of the same split, else its first."""
    name = published_name(store.meta.dataset, len(set(store.table["action"].tolist())), len(store))
    columns = list(dict.fromkeys((cell.dataset, cell.split) for cell in TABLES if cell.source == grid.source))
    if (name, split) in columns:
        return Data(name, (name, split), True)
    return Data(name, next((column for column in columns if column[1] == split), columns[0]), False)


def _threads(run: Path) -> int:
    """Threads that a run was started with, from its config.json."""
    return int(read(run / "config.json")["machine"]["threads"])

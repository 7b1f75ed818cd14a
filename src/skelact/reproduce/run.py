"""Running a table: pretrain and evaluate what is missing, and compare it with the paper."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from skelact import __version__
from skelact.data.measurable import check_measurable
from skelact.data.splits import split as split_of
from skelact.data.store import Store
from skelact.data.units import common_unit
from skelact.encoders.file import EncoderCard, load_encoder, random_encoder, save_encoder
from skelact.reproduce.beside import Cost, Data, data_of, measured
from skelact.reproduce.grids import GRIDS, Grid, Line
from skelact.reproduce.options import Options, PlannedRun, check, lines_of, protocol_recipe, runs_of
from skelact.reproduce.result import MeasuredLine, Reproduction, write
from skelact.reproduce.score import Setup, evaluated, score
from skelact.runs import RunFolder
from skelact.system.terminal import Terminal
from skelact.system.world import SkelactError, machine, read_json
from skelact.train import pretrain


def reproduce(
    table: str, store: Path, split: str, folder: Path, options: Options, console: Console | None = None
) -> Reproduction:
    """Run a table's lines on a split of a store; `folder` takes runs, results, and `<table>.csv` and `.json`.

    The same call resumes a table that was stopped. Nothing is trained or evaluated twice: runs are identified by
    their configuration and data, evaluations by their settings and the hashes of encoder and clips. A folder
    with another run of the same name is refused. Files are written after every line. SkelactError, before
    anything is trained, for a recipe or protocol that is not there.
    """
    if table not in GRIDS:
        raise SkelactError(f"no table {table!r}; there are {', '.join(GRIDS)}")
    grid = GRIDS[table]
    check(grid, options)
    opened = Store.open(store)
    check_measurable(opened, split_of(opened, split))
    console = console or Terminal(stderr=True)
    work = _Work(table, grid, opened, split, folder, options, console, data_of(grid, opened, split))
    lines = lines_of(grid, options)
    for number, line in enumerate(lines, start=1):
        runs = runs_of(grid, line, options)
        for run in runs:
            if not work.train(run, f"{table}, line {number} of {len(lines)}"):
                return work.found(finished=False)
        work.measure(line, runs)
        write(work.found(finished=number == len(lines)), folder)
    return work.found(finished=True)


@dataclass
class _Work:
    """A table while it is run: its options and its lines so far."""

    table: str
    grid: Grid
    store: Store
    split: str
    folder: Path
    options: Options
    console: Console
    data: Data
    trained: dict[str, Cost] = field(default_factory=dict)
    tested: dict[Path, Cost] = field(default_factory=dict)
    lines: list[MeasuredLine] = field(default_factory=list)

    def train(self, run: PlannedRun, title: str) -> bool:
        """Pretrain a run unless it is finished. False if a signal stopped it."""
        if not run.trained:
            _untrained(run, self.store, self.folder)
        elif run.name not in self.trained:
            self.console.rule(f"{title}: {escape(run.name)}")
            path = self.folder / run.name
            done = pretrain(run.config, [self.store.path], [self.split], path, self.console)
            if not done.finished:
                return False
            threads = int(RunFolder(path).read_config()["machine"]["threads"])  # that the run was started with
            self.trained[run.name] = Cost(done.seconds, threads, done.step * run.config.batch)
        return True

    def measure(self, line: Line, runs: Sequence[PlannedRun]) -> None:
        """Evaluate the encoders of a line, fuse several, and add the line."""
        recipe = protocol_recipe(self.grid, line)
        setup = Setup(self.store.path, self.split, self.options.seeds, self.folder / "controls")
        files = [evaluated(run.encoder(self.folder), line.protocol, recipe, setup, self.console) for run in runs]
        for file in files:
            values = read_json(file)
            self.tested[file] = Cost(values["seconds"], values["machine"]["threads"])
        reached = score(files, self.folder / "fused" / f"{_fused_name(line, runs)}.json")
        trained = [self.trained[name] for name in dict.fromkeys(run.name for run in runs if run.trained)]
        tested = [self.tested[file] for file in files]
        self.lines.append(measured(self.grid, line, runs, reached, self.data, trained, tested))

    def found(self, finished: bool) -> Reproduction:
        """The table so far."""
        costs = (*self.trained.values(), *self.tested.values())
        return Reproduction(
            table=self.table,
            title=self.grid.title,
            source=self.grid.source,
            store=self.store.name,
            dataset=self.data.name,
            split=self.split,
            compared=" ".join(self.data.column),
            same_data=self.data.same,
            options=self.options,
            finished=finished,
            lines=tuple(self.lines),
            seconds=sum(cost.seconds for cost in costs),
            core_hours=sum(cost.core_hours for cost in costs),
            machine=machine(),
            date=datetime.now(UTC).isoformat(timespec="seconds"),
            skelact=__version__,
        )


def _fused_name(line: Line, runs: Sequence[PlannedRun]) -> str:
    """Unique name of a fusion: runs, streams, protocol and settings."""
    names = "+".join(dict.fromkeys(run.name for run in runs))
    return "-".join((names, "+".join(line.streams), line.protocol, *map(str, line.settings.values())))


def _untrained(run: PlannedRun, store: Store, folder: Path) -> None:
    """Write the encoder file of an untrained network, or check the existing one."""
    c = run.config
    card = EncoderCard(
        encoder=c.encoder,
        skeleton=store.skeleton,
        stream=run.stream,
        preparation=c.preparation,
        frames=c.frames,
        persons=store.prepared(c.preparation, c.frames).meta.persons,
        units=common_unit(store.meta.units),
        origin=f"random weights, seed {c.seed}",
    )
    path = run.encoder(folder)
    if not path.exists():
        save_encoder(path, random_encoder(card, c.seed).network, card)
    elif load_encoder(path).card != card:
        raise SkelactError(f"{path} holds a network of another shape; choose another --run-folder")

"""Options of `reproduce`, and the pretraining runs that they give for a line."""

from pathlib import Path
from typing import Any, NamedTuple

from pydantic import Field, PositiveInt, ValidationError, model_validator

from skelact.config import Config
from skelact.evaluation.protocols import protocol_named
from skelact.maths.streams import Stream
from skelact.recipes import RECIPES
from skelact.reproduce.grids import PUBLISHED_EPOCHS, THREE, Grid, Line, Training
from skelact.runs import RunFolder
from skelact.system.world import SkelactError
from skelact.train import TrainConfig


class Options(Config):
    """How a table is run, if not as published."""

    small: bool = False
    """Use the small recipes, `RECIPE-small`, instead of the published settings."""
    epochs: tuple[PositiveInt, ...] = ()
    """Epochs of pretraining (default: the recipe's); several for a table that compares lengths."""
    streams: tuple[Stream, ...] = Field(default=THREE, min_length=1)
    """Streams to run; lines that fuse several streams fuse only these."""
    rows: tuple[int, ...] = ()
    """Rows of the printed table to run (default: all)."""
    seeds: PositiveInt = 3
    """Seeds of every evaluation."""
    seed: int = 0
    """Seed of pretraining."""
    changes: dict[str, Any] = Field(default_factory=dict)
    """Fields of TrainConfig that differ from the recipe in every run, such as precision."""

    @model_validator(mode="after")
    def _changes_leave_the_grid_alone(self) -> "Options":
        if taken := {"recipe", "method", "stream", "epochs", "seed"} & set(self.changes):
            raise ValueError(f"the grid sets {', '.join(sorted(taken))}: expected other fields in changes")
        return self


class PlannedRun(NamedTuple):
    """One planned pretraining run, and the stream whose encoder a line evaluates."""

    name: str
    """Name of its folder; of its encoder file if it is not trained."""
    config: TrainConfig
    stream: Stream
    together: bool = False
    trained: bool = True

    def encoder(self, folder: Path) -> Path:
        """Where its encoder lies, in the folder of all runs."""
        if not self.trained:
            return folder / f"{self.name}.safetensors"
        return RunFolder(folder / self.name).encoder(self.stream if self.together else None)


def lines_of(grid: Grid, options: Options) -> tuple[Line, ...]:
    """The lines of a table to run. SkelactError for rows or lengths that it does not have."""
    known = sorted({line.row for line in grid.lines})
    if strange := set(options.rows) - set(known):
        rows = ", ".join(map(str, sorted(strange)))
        raise SkelactError(
            f"{grid.source}: expected rows among {', '.join(map(str, known))} (others are of methods that skelact does "
            f"not have), got {rows}"
        )
    if len(options.epochs) > 1 and not grid.lengths:
        raise SkelactError(f"{grid.source} has runs of one length: expected one --epochs, got {len(options.epochs)}")
    lines = [line for line in grid.lines if not options.rows or line.row in options.rows]
    if grid.lengths and options.epochs:
        of_row = {line.row: line for line in lines}
        lines = [
            of_row[row]._replace(epochs=epochs, setting=f"{epochs} epochs")
            for row in sorted(of_row)
            for epochs in options.epochs
        ]
    alone = {(line.training.name, line.protocol, line.streams) for line in lines if len(line.streams) == 1}
    kept = []
    for line in lines:
        streams = tuple(stream for stream in line.streams if stream in options.streams)
        again = len(line.streams) > 1 and (line.training.name, line.protocol, streams) in alone
        if streams and not again:  # a fused line of one stream would repeat a single one
            kept.append(line._replace(streams=streams))
    if not kept:
        raise SkelactError(f"{grid.source}: no line has a stream among {', '.join(options.streams)}")
    return tuple(kept)


def runs_of(grid: Grid, line: Line, options: Options) -> tuple[PlannedRun, ...]:
    """The runs whose encoders a line evaluates, one per stream. SkelactError for an unknown recipe."""
    return tuple(_run(grid, line, stream, options) for stream in line.streams)


def check(grid: Grid, options: Options) -> None:
    """SkelactError for an unknown recipe or protocol, before anything is trained."""
    for line in lines_of(grid, options):
        runs_of(grid, line, options)
        protocol_recipe(grid, line)


def protocol_recipe(grid: Grid, line: Line) -> Any:
    """The settings of a line's protocol."""
    try:
        return protocol_named(line.protocol).options.model_validate(dict(line.settings))
    except SkelactError as error:
        raise SkelactError(f"{grid.source}, row {line.row}: {error}") from error


def _run(grid: Grid, line: Line, stream: Stream, options: Options) -> PlannedRun:
    training = line.training
    base = _recipe(grid, line, training, options.small)
    epochs = _length(line, base, options, grid.lengths)
    own = "joint" if training.together else stream  # a run of several streams makes them itself, of joints
    values = base.model_dump() | {"stream": own, "epochs": epochs, "seed": options.seed} | options.changes
    values["method"] = base.method.model_dump() | dict(training.changes)
    try:
        config = TrainConfig.model_validate(values)
    except ValidationError as error:
        raise SkelactError(f"{grid.source}, row {line.row}: {error}") from error
    parts = [
        training.name,
        *(() if training.together else (stream,)),
        *(() if training.untrained else (f"{epochs}ep",)),
        *((f"seed{options.seed}",) if options.seed else ()),
        *(("small",) if options.small else ()),
    ]
    return PlannedRun("-".join(parts), config, stream, training.together, not training.untrained)


def _recipe(grid: Grid, line: Line, training: Training, small: bool) -> TrainConfig:
    name = f"{training.recipe}-small" if small else training.recipe
    if name not in RECIPES:
        raise SkelactError(
            f"{grid.source}, row {line.row}: no recipe {name!r}; there are {', '.join(RECIPES)}. "
            "--rows runs the rows that need others"
        )
    return RECIPES[name]()


def _length(line: Line, base: TrainConfig, options: Options, lengths: bool) -> int:
    """Epochs asked for, else the published ones, scaled to the length of a small recipe."""
    if options.epochs:
        return line.epochs if lengths else options.epochs[0]
    return max(1, round(base.epochs * line.epochs / PUBLISHED_EPOCHS)) if options.small else line.epochs

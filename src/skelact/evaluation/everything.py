"""`skelact evaluate all`: every protocol on one store, the cheapest first, and one table of all of them."""

from collections.abc import Sequence
from pathlib import Path

from rich.table import Table

from skelact.config import Config
from skelact.data.measurable import check_measurable, labelled
from skelact.data.splits import split as split_of
from skelact.data.store import Store
from skelact.evaluation.protocols import all_options, planned, protocol_of
from skelact.evaluation.results.identity import expect_run
from skelact.evaluation.results.outcome import Evaluation
from skelact.evaluation.run import evaluate_run
from skelact.maths.streams import Stream
from skelact.system.terminal import cell


def evaluate_all(
    run_or_encoder: Path,
    store: Path,
    split: str,
    seeds: int = 3,
    config: Config | None = None,
    progress: bool = True,
    stream: Stream | None = None,
    controls: Path | None = None,
) -> list[Evaluation]:
    """Run every protocol, cheapest first. An existing result of the same encoder, clips, split, settings and seeds is
    read instead. A share of labels that keeps the same clips as a smaller one is skipped.
    `config` is an instance of `all_options()`. `controls` and SkelactError: as for `evaluate_run`.
    """
    expect_run(run_or_encoder)
    return [
        evaluate_run(protocol, run_or_encoder, store, split, seeds, recipe, progress, stream, True, controls)
        for protocol, recipe in _planned(config or all_options()(), store, split)
    ]


def _planned(config: Config, store: Path, split: str) -> list[tuple[str, Config]]:
    """Protocols and their options, the cheapest first."""
    opened = Store.open(store)
    rows = split_of(opened, split)
    check_measurable(opened, rows)
    train = labelled(rows, opened.table["action"]).train
    return list(planned(config, opened.table["name"][train], opened.table["action"][train]))


def summary(results: Sequence[Evaluation]) -> Table:
    """A table with one row per figure of every result."""
    first = results[0]
    title = (
        f"{first.store}, split {first.split}: {first.method or 'untrained'}, {first.stream} stream, "
        f"{first.test_clips} test clips of {first.classes} classes"
    )
    words = (
        "per cent; last: after the last epoch; best: chosen on the test clips; control: random weights "
        "(docs/evaluation.md)"
    )
    notes = dict.fromkeys(note for result in results for note in result.notes)
    made = Table(title=cell(title, "table.title"), caption=cell("\n".join((words, *notes)), "table.caption"))
    made.add_column("protocol", no_wrap=True)
    for column in ("figure", "last", "best", "control", "train clips", "seeds", "seconds"):
        made.add_column(column, justify="left" if column == "figure" else "right", no_wrap=True)
    for result in results:
        tail = (str(result.train_clips), str(result.seeds), f"{result.seconds:.0f}")
        for name, *values, std in protocol_of(result).figures(result):
            last, best, _, control = ("" if value is None else f"{value:.1f}" for value in values)
            made.add_row(cell(result.label), name, last if std is None else f"{last} ± {std:.1f}", best, control, *tail)
    return made

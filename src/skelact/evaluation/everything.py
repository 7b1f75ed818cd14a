"""`skelact evaluate all`: every protocol on one store, the cheapest first, and one table of all of them."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.table import Table

from skelact.data.measurable import check_measurable, labelled
from skelact.data.splits import split as split_of
from skelact.data.store import Store
from skelact.evaluation.config import AllConfig, AnyRecipe, SemiConfig
from skelact.evaluation.identity import expect_run
from skelact.evaluation.result import AnyResult, Result
from skelact.evaluation.run import evaluate_run
from skelact.evaluation.subset import chosen
from skelact.maths.streams import Stream
from skelact.system.terminal import cell, tell


def evaluate_all(
    run_or_encoder: Path,
    store: Path,
    split: str,
    seeds: int = 3,
    config: AllConfig | None = None,
    progress: bool = True,
    stream: Stream | None = None,
    controls: Path | None = None,
) -> list[AnyResult]:
    """Every protocol in order of cost. One whose result is there already, of the same encoder, clips, split, settings
    and seeds, is read instead of run; a share of the labels that keeps the same clips as a smaller one is left out.
    `controls` and SkelactError: as for `evaluate_run`.
    """
    expect_run(run_or_encoder)
    planned = list(_planned(config or AllConfig(), store, split))  # whole, so that what cannot be is said at once
    return [
        evaluate_run(protocol, run_or_encoder, store, split, seeds, recipe, progress, stream, True, controls)
        for protocol, recipe in planned
    ]


def _planned(config: AllConfig, store: Path, split: str) -> Iterator[tuple[str, AnyRecipe]]:
    """Protocols and their settings, the cheapest first."""
    for protocol in ("knn", "retrieval", "clustering", "linear"):
        yield protocol, getattr(config, protocol)
    opened = Store.open(store)
    rows = split_of(opened, split)
    check_measurable(opened, rows)
    train = labelled(rows, opened.table["action"]).train
    names, labels = opened.table["name"][train], opened.table["action"][train]
    known: dict[int, float] = {}  # subsets of a seed grow with the share: as many clips are the same clips
    for share in sorted(set(config.shares)):
        semi = SemiConfig(**config.semi.model_dump(), share=share)
        clips = len(chosen(names, labels, share, 0))
        if clips in known:
            text = f"semi {100 * share:g} %: the same {clips} clips as {100 * known[clips]:g} %, left out"
            tell(text)
            continue
        known[clips] = share
        yield "semi", semi
    yield "finetune", config.finetune
    yield "supervised", config.supervised


def summary(results: Sequence[AnyResult]) -> Table:
    """One row a figure of every result."""
    first = results[0]
    title = (
        f"{first.store}, split {first.split}: {first.method or 'untrained'}, {first.stream} stream, "
        f"{first.test_clips} test clips of {first.classes} classes"
    )
    words = (
        "per cent; last: after the last epoch; best: chosen on the test clips; control: without what was learned "
        "(docs/evaluation.md)"
    )
    notes = dict.fromkeys(note for result in results for note in result.notes)
    made = Table(title=cell(title, "table.title"), caption=cell("\n".join((words, *notes)), "table.caption"))
    made.add_column("protocol", no_wrap=True)
    for column in ("figure", "last", "best", "control", "train clips", "seeds", "seconds"):
        made.add_column(column, justify="left" if column == "figure" else "right", no_wrap=True)
    for result in results:
        tail = (str(result.train_clips), str(result.seeds), f"{result.seconds:.0f}")
        for name, last, best, control in _figures(result):
            made.add_row(cell(result.label), name, last, best, control, *tail)
    return made


def _figures(result: AnyResult) -> list[tuple[str, str, str, str]]:
    """(name, last, best, control) of every figure, as text."""
    if isinstance(result, Result):
        spread = f" ± {result.std:.1f}" if result.std is not None else ""
        figures = (f"{result.last.top1:.1f}{spread}", f"{result.best.top1:.1f}", f"{result.control.top1:.1f}")
        k, used = list(result.k_used.items())[-1] if result.k_used else (0, 0)
        return [("top 1" if k == used else f"top 1, k {used} instead of {k}", *figures)]
    figures = getattr(result, "figures", ())
    return [(name, f"{plain:.1f}", "", f"{control:.1f}") for name, plain, _, control in figures]

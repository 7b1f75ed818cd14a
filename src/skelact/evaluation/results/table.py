"""Results as tables on the terminal: accuracies, or other figures, with their control."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from rich.table import Table

from skelact.evaluation.results.outcome import Accuracies, Classified, Evaluation
from skelact.maths.accuracy import Accuracy
from skelact.system.terminal import cell

FEW = 5
"""With this many classes or fewer there is no top 5."""


class Row(NamedTuple):
    """One accuracy of a result."""

    name: str
    accuracy: Accuracy
    how: str
    """How it was obtained."""


class Figure(NamedTuple):
    """One number that a protocol gives an encoder, the higher the better."""

    name: str
    last: float
    best: float | None
    """At the epoch that the test clips chose; None if there are no epochs."""
    standardised: float | None
    """On standardised features; None where the network itself learned."""
    control: float | None
    """The stronger control; None of fused scores."""
    std: float | None = None
    """Standard deviation of `last` over the seeds, where it is shown."""


def accuracy_table(result: Classified, rows: Iterable[Row], verdict: str, std: float | None = None) -> Table:
    """Accuracies beside controls and the published number; every row says how it was obtained."""
    made = _empty(result, verdict)
    several = result.classes > FEW
    made.add_column("top 1", justify="right", no_wrap=True)
    if several:
        made.add_column("top 5", justify="right", no_wrap=True)
    made.add_column("how it was obtained")

    def add(name: str, top1: str, top5: float | None, how: str) -> None:
        fifth = ("" if top5 is None else f"{top5:.1f}",) if several else ()
        made.add_row(cell(name), top1, *fifth, cell(how))

    for name, accuracy, how in rows:
        spread = f" ± {std:.1f}" if name == "last" and std is not None else ""
        add(name, f"{accuracy.top1:.1f}{spread}", accuracy.top5, how)
    add("majority", f"{result.majority:.1f}", None, "always the most frequent train class")
    if result.published:
        add("published", f"{result.published.top1:.1f}", None, f"{result.published.source} (best test epoch)")
    return made


def figure_table(result: Evaluation, figures: Sequence[Figure], verdict: str) -> Table:
    """A row a figure: plain and standardised features, and the control."""
    made = _empty(result, verdict)
    for column in ("plain", "standardised", "control"):
        made.add_column(column, justify="right", no_wrap=True)
    for figure in figures:
        values = (figure.last, figure.standardised, figure.control)
        made.add_row(cell(figure.name), *("" if value is None else f"{value:.1f}" for value in values))
    return made


def _empty(result: Evaluation, verdict: str) -> Table:
    """Title, caption and the column of names."""
    title = (
        f"{result.protocol} on {result.store}, split {result.split}: {result.train_clips} train and "
        f"{result.test_clips} test clips of {result.classes} classes; {result.method or 'untrained'}, "
        f"{result.stream} stream"
    )
    caption = "\n".join((verdict, *result.notes))
    made = Table(title=cell(title, "table.title"), caption=cell(caption, "table.caption"))
    made.add_column("row", no_wrap=True)
    return made


def seeds_in_words(count: int) -> str:
    """What a mean was taken over, in words."""
    return f"mean of {count} seeds" if count > 1 else "1 seed"


def control_rows(found: Accuracies, seeds: int) -> list[Row]:
    """Standardised features, and the controls."""
    encoders = f"{seeds} random encoders" if seeds > 1 else "1 random encoder"
    control = found.control
    how = control.how if control.how != "frozen random encoder" else "as last"
    rows = []
    if found.standardised:
        rows.append(Row("standardised", found.standardised, "as last, features standardised over the train clips"))
    rows.append(Row("control, plain" if control.standardised else "control", control.plain, f"{how}, {encoders}"))
    if control.best:
        rows.append(Row("control, best", control.best, f"{how}, best test epoch, {encoders}"))
    if control.standardised:
        words = f"{how}, {encoders}, features standardised"
        rows.append(Row("control, standardised", control.standardised, words))
    return rows


def beside_control(what: str, value: float, control: float, no_better: str) -> str:
    """The distance from the better control; `no_better` is the meaning of not being above it."""
    gain = value - control
    if gain > 0:
        return f"{what} is {gain:.1f} points above the stronger control ({control:.1f})"
    how = f"{-gain:.1f} points below" if round(gain, 1) else "equal to"
    return f"{what} is {how} the stronger control ({control:.1f}): {no_better}"

"""A reproduced table on the terminal."""

import sys

from rich.console import Console
from rich.table import Table

from skelact.reproduce.result import MeasuredLine, Reproduction
from skelact.system.terminal import Terminal

HEADS = (
    "row",
    "",
    "streams",
    "epochs",
    "last",
    "best",
    "control",
    "published",
    "last − p.",
    "best − p.",
    "min",
    "core-h",
    "clips/s",
)


def show(found: Reproduction, console: Console | None = None) -> None:
    """Print the table and its notes (default: to standard output)."""
    console = console or Terminal(width=None if sys.stdout.isatty() else 170, highlight=False, markup=False)
    made = Table(title=f"{found.source}: {found.title}; here {found.store}, split {found.split}")
    for column, head in enumerate(HEADS):
        made.add_column(head, justify="left" if column in (1, 2) else "right", no_wrap=column not in (1, 2))
    for line in found.lines:
        made.add_row(*cells(line))
    console.print(made)
    for note in found.notes:
        console.print(note, markup=False)


def cells(line: MeasuredLine) -> tuple[str, ...]:
    """The cells of a line, in the order of HEADS."""
    spread = f" ± {line.std:.1f}" if line.std is not None else ""
    return (
        str(line.row),
        f"{line.label}, {line.setting}" if line.setting and line.setting != line.label else line.label,
        line.streams,
        str(line.epochs),
        number(line.last) + spread,
        number(line.best),
        number(line.control),
        number(line.published),
        signed(line.last_difference),
        signed(line.best_difference),
        f"{(line.train_seconds + line.evaluate_seconds) / 60:.1f}",
        f"{line.core_hours:.2f}",
        "–" if line.clips_per_second is None else f"{line.clips_per_second:.0f}",
    )


def number(value: float | None) -> str:
    """One digit after the point, or a dash."""
    return "–" if value is None else f"{value:.1f}"


def signed(value: float | None) -> str:
    """The same with its sign."""
    return "–" if value is None else f"{value:+.1f}"

"""The progress bar of long work on clips: on standard error, with the rate and the time left."""

from collections.abc import Iterable, Iterator
from typing import TypeVar

from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

from skelact.terminal import Terminal

Thing = TypeVar("Thing")


class RateColumn(ProgressColumn):
    """Clips a second; nothing before there is one to tell."""

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text(f"{speed:.0f} clips/s" if speed else "")


def with_bar(things: Iterable[Thing], total: int, label: str, shown: bool = True) -> Iterator[Thing]:
    """The things one by one, with a bar that says how far along they are, unless it is not to be shown."""
    bar = Progress(
        TextColumn(label),
        BarColumn(),
        MofNCompleteColumn(),
        RateColumn(),
        TimeRemainingColumn(elapsed_when_finished=True),
        console=Terminal(stderr=True),
        disable=not shown,
    )
    with bar:
        yield from bar.track(things, total)

"""Progress bars on standard error, with clips a second and the time left."""

from collections.abc import Iterable, Iterator
from typing import TypeVar

from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

from skelact.system.terminal import Terminal

Thing = TypeVar("Thing")


class RateColumn(ProgressColumn):
    """Clips a second; empty before the first clip. A bar that counts something else sets its field `rate`."""

    def render(self, task: Task) -> Text:
        if "rate" in task.fields:
            return _clips_a_second(task.fields["rate"])
        # rich has no speed for a bar that one step filled
        seconds = task.finished_time if task.finished else task.elapsed
        speed = task.finished_speed or task.speed or (task.completed / seconds if seconds else 0)
        return _clips_a_second(speed)


def _clips_a_second(speed: float) -> Text:
    return Text(f"{speed:.0f} clips/s" if speed else "")


def progress_bar(shown: bool) -> Progress:
    """Clips done, clips a second and time left, on standard error; nothing if not `shown`."""
    return Progress(
        TextColumn("{task.description}", markup=False),  # an encoder's card may say anything
        BarColumn(),
        MofNCompleteColumn(),
        RateColumn(),
        TimeRemainingColumn(elapsed_when_finished=True),
        console=Terminal(stderr=True),
        disable=not shown,
    )


def with_bar(things: Iterable[Thing], total: int, label: str, shown: bool = True) -> Iterator[Thing]:
    """The things one by one, with a progress bar if `shown`."""
    with progress_bar(shown) as bar:
        yield from bar.track(things, total, description=label)

"""The terminal: text that strangers wrote, in files and their names, is shown and never obeyed."""

import sys
from collections.abc import Iterable

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from skelact.printable import printable


def shown(text: str) -> str:
    """Text of several lines, as it may be shown."""
    return printable(text, keep="\n\t")


def say(text: str) -> None:
    """Print one answer to standard output."""
    print(shown(text), flush=True)


def tell(text: str) -> None:
    """Print one message to standard error."""
    print(shown(text), file=sys.stderr)


class Terminal(Console):
    """rich's console, whose own colours and bars work while those in the text that it is given are shown as escapes."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        for segment in super().render(renderable, options):
            yield segment if segment.control else segment._replace(text=shown(segment.text))

    def on_broken_pipe(self) -> None:
        """Whoever read has gone: told to the caller, where rich would end the process by itself."""
        raise BrokenPipeError

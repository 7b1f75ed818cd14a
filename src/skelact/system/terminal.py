"""Output to the terminal; text from files is escaped."""

import sys
from collections.abc import Iterable
from typing import Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.text import Text

from skelact.system.printable import printable


def shown(text: str) -> str:
    """Text of several lines, escaped; line breaks and tabs stay."""
    return printable(text, keep="\n\t")


def cell(text: str, style: str = "") -> Text:
    """Text for a table cell, escaped and without markup."""
    return Text(shown(text), style)


def say(text: str) -> None:
    """Print a result to standard output."""
    print(shown(text), flush=True)


def tell(text: str) -> None:
    """Print a message to standard error."""
    print(shown(text), file=sys.stderr)


class Terminal(Console):
    """rich's console that escapes text; colours and progress bars work."""

    def render_str(self, text: str, **options: Any) -> Text:
        """Escape strings before a table measures them. No emoji: `:name:` may be part of a path or a class name."""
        return super().render_str(shown(text), **{**options, "emoji": False})

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """Escape text inside other renderables."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else segment._replace(text=shown(segment.text))

    def on_broken_pipe(self) -> None:
        """The reader of a pipe has ended: raise, while rich would end the process."""
        raise BrokenPipeError

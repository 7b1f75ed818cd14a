"""The terminal: text that strangers wrote, in files and their names, is shown and never obeyed."""

import re
import sys
from collections.abc import Iterable

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

# All that moves a cursor, sets a colour, turns or breaks a line, or cannot be written at all; but for tab and new line.
_NOT_SHOWN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def shown(text: str) -> str:
    """The text with an escape for what would do something instead of being seen: `\\u001b`, as in JSON."""
    return _NOT_SHOWN.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


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

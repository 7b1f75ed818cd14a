"""Shared by several commands: format names and options, and the console for messages."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from skelact.config import Axis, Third
from skelact.data.formats import FORMATS
from skelact.system.terminal import Terminal
from skelact.system.world import SkelactError

if TYPE_CHECKING:
    Format = str
else:
    Format = Literal[tuple(FORMATS)]

err = Terminal(stderr=True, highlight=False, soft_wrap=True)


def check_kind(out: Path, ending: str) -> None:
    """SkelactError if `out` exists and is not a file of this kind, so that it is never overwritten by mistake."""
    if out.exists() and out.suffix != ending:
        raise SkelactError(f"{out} exists and is not named like a {ending} file; choose another --out, or remove it")


@dataclass(frozen=True)
class FormatOptions:
    """Options of the format; an option of another format is an error."""

    labels: Path | None = None
    """Folder of label files (pku) or actionLabel.txt (utkinect)."""
    lists: tuple[str, ...] | None = None
    """NAME=FILE (pku): published lists of training and test recordings; each becomes a split of that name."""
    points: Literal["world", "screen"] | None = None
    """Read positions in the room or in the picture (msr, kard; default: world)."""
    pattern: str | None = None
    """Regular expression (bvh) whose groups find class, subject and so on in a path, such as (?P<action>[a-z]+)."""
    root: str | None = None
    """Joint (bvh) that becomes the root; joints above it are left out."""
    up: Axis | None = None
    """Axis that points up (bvh; default: +y)."""
    skeleton: str | None = None
    """Layout (array formats): a built-in name or a JSON file."""
    axes: str | None = None
    """Axes of x (arrays): letters n, t, v, c and m, such as nctvm."""
    third: Third | None = None
    """Third channel (array formats): score, where 0 means missing (default for picture layouts), or depth."""
    classes: Path | None = None
    """Text file (array formats) with the class labels, one per line."""
    units: str | None = None
    """Units of the coordinates (bvh, array formats)."""
    table: Path | None = None
    """CSV file (bvh, array formats), one line per clip: name, and any of action, subject, camera, setup, repetition."""
    frame_rate: float | None = None
    """Frames per second (array formats; default: 30)."""

    def reader(self, format: str, source: Path):
        """The reader of a format for a source. SkelactError for an option that belongs to another format."""
        from skelact.data.readers import reader

        return reader(format, source, **asdict(self))

"""What several commands share: words that they take, options of formats, and the console that messages go to."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from skelact.config import Axis, Third
from skelact.system.terminal import Terminal
from skelact.system.world import SkelactError

Format = Literal[
    "ntu",
    "ucla",
    "utd",
    "sbu",
    "pku",
    "msr",
    "utkinect",
    "florence",
    "kard",
    "bvh",
    "arrays",
    "position",
    "ctrgcn",
    "pyskl",
]

err = Terminal(stderr=True, highlight=False, soft_wrap=True)


def check_kind(out: Path, ending: str) -> None:
    """SkelactError where `out` is a file of another kind, such as a store's, or a checkpoint that is to be read."""
    if out.exists() and out.suffix != ending:
        raise SkelactError(f"{out} exists and is not named like a {ending} file; choose another --out, or remove it")


@dataclass(frozen=True)
class FormatOptions:
    """Options of some formats, refused for the others."""

    labels: Path | None = None
    """Folder of label files (pku), actionLabel.txt (utkinect)."""
    lists: tuple[str, ...] | None = None
    """NAME=FILE (pku): published lists of training and test recordings, which become splits of these names."""
    points: Literal["world", "screen"] | None = None
    """Files with positions in the room (default) or in the picture (msr, kard)."""
    pattern: str | None = None
    """Regular expression (bvh) with groups such as (?P<action>[a-z]+) that find class, subject and so on in a path."""
    root: str | None = None
    """Joint (bvh) that becomes the root; joints above it are left out."""
    up: Axis | None = None
    """Axis that points up (bvh); by default +y."""
    skeleton: str | None = None
    """Layout (array formats): a built-in name or a JSON file."""
    axes: str | None = None
    """Axes of x (arrays): letters n, t, v, c and m, such as nctvm."""
    third: Third | None = None
    """Third channel (array formats): score, where 0 means missing (default for picture layouts), or depth."""
    classes: Path | None = None
    """Text file (array formats) with the label of each class, one a line."""
    units: str | None = None
    """What the coordinates are measured in (bvh, array formats)."""
    table: Path | None = None
    """CSV file (bvh, array formats) with a line a clip: name, and any of action, subject, camera, setup, repetition."""
    frame_rate: float | None = None
    """Frames a second (array formats); by default 30."""

    def reader(self, format: str, source: Path):
        """The reader of a format for a source. SkelactError for an option that belongs to another format."""
        from skelact.data.readers import reader

        return reader(format, source, **asdict(self))

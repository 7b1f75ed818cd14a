"""One clip as its file gives it, before any preparation."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Bool, Float32, Int64

from skelact.skeleton import Skeleton
from skelact.system.printable import printable
from skelact.system.world import SkelactError

UNKNOWN = -1
"""Value of a clip attribute that is unknown."""
NEITHER, TRAINS, TESTS = 0, 1, 2
"""The role of a clip in a published division into training and test clips."""


class ReadError(SkelactError):
    """A file that cannot be read as what it should be; the text starts with `file:line:` where there is a line."""


@dataclass(frozen=True)
class Recording:
    """Joints of up to m persons side by side, in the sensor's frame and units, as read.

    Slots keep the order of the file, frame by frame. A person may change slots; `identity` says who is in which.
    """

    name: str
    joints: Float32[np.ndarray, "t m v 3"]
    """Coordinates; zero where a slot is empty."""
    identity: Int64[np.ndarray, "t m"]
    """Number of the person (from 0, in order of first appearance in the clip); -1 where the slot is empty."""
    action: int = UNKNOWN
    """Class counted from 0."""
    subject: int = UNKNOWN
    camera: int = UNKNOWN
    setup: int = UNKNOWN
    repetition: int = UNKNOWN
    roles: tuple[int, ...] = ()
    """NEITHER, TRAINS or TESTS, one for each division that comes with the files."""
    missing: Bool[np.ndarray, "t m v"] | None = None
    """True for a missing joint. None where the file does not say: then joints at exactly (0, 0, 0) are missing."""
    notes: tuple[str, ...] = ()
    """A sentence for each oddity of the file that is no error; `prepare` groups equal ones."""

    @property
    def unseen(self) -> Bool[np.ndarray, "t m v"]:
        """Where a joint has no position: it is missing, or its slot is empty."""
        missing = ~self.joints.any(axis=-1) if self.missing is None else self.missing
        return missing | (self.identity < 0)[..., None]


@dataclass(frozen=True)
class Item:
    """One clip of a source: a file on disk, a member of a zip archive, or a part of either."""

    path: Path
    member: str = ""
    part: str = ""
    """Which clip of a file that holds several; empty where the file is one clip."""
    beside: tuple[Path, ...] = ()
    """Other files about the clip, such as its labels."""

    def __str__(self) -> str:
        file = printable(f"{self.path}!{self.member}" if self.member else str(self.path))
        return f"{file}[{self.part}]" if self.part else file


@runtime_checkable
class Reader(Protocol):
    """Interface of readers; one file a format, one entry in READERS."""

    # Properties, as readers are frozen values whose attributes cannot be set.
    @property
    def name(self) -> str:
        """Name of the format and of the data set, which decides the named splits; such as ntu or ucla."""
        ...

    @property
    def skeleton(self) -> Skeleton: ...

    @property
    def classes(self) -> tuple[str, ...]: ...

    @property
    def units(self) -> str: ...

    @property
    def frame_rate(self) -> float: ...

    def find(self, source: Path) -> list[Item]:
        """The clip files of a folder, a zip archive or a single file, sorted by name. ReadError if there are none."""
        ...

    def read(self, item: Item) -> Recording:
        """Parse one file. ReadError names the file, the line, what was expected and what was found."""
        ...

"""UTKinect-Action3D: untrimmed recordings, cut to clips by one file of labels.

A line of joints_s01_e01.txt is a frame: its number, then x y z of 20 joints. actionLabel.txt has a block for each
recording: a line s01_e01, then ten lines `walk: 252 390` with the first and the last frame; NaN where there is none.
"""

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import ClassVar

import numpy as np
from jaxtyping import Float64

from skelact.data.readers.lines import lines_of, number_lines
from skelact.data.readers.slots import fixed_slots
from skelact.data.readers.source import (
    Found,
    Naming,
    clip_name,
    content,
    file_state,
    find,
    line_error,
    numbers,
    shown,
)
from skelact.data.recording import Item, ReadError, Recording
from skelact.layouts import KINECT_V1
from skelact.skeleton import Skeleton

NAMING = Naming(
    ending=".txt",
    pattern=re.compile(r"(?<=/joints_)s(?P<subject>[0-9]{2})_e(?P<repetition>[0-9]{2})\.txt$"),
    example="joints_s01_e01.txt",
)
LABELS = "actionLabel.txt"
CLASSES = {
    "walk": "walk",
    "sitDown": "sit down",
    "standUp": "stand up",
    "pickUp": "pick up",
    "carry": "carry",
    "throw": "throw",
    "push": "push",
    "pull": "pull",
    "waveHands": "wave hands",
    "clapHands": "clap hands",
}
"""Labels by their word in the label file."""
NO_LABELS = "labels"
"""`Item.part` of a recording without labels."""
_HEADING = re.compile(rb"s[0-9]{2}_e[0-9]{2}")
_RANGE = re.compile(rb"(\w{1,30})[ \t]*:[ \t]*(NaN|[0-9]{1,9})[ \t]+(NaN|[0-9]{1,9})")


@dataclass(frozen=True)
class UtkinectReader:
    """One person, one camera, metres in the sensor's frame; duplicate frames count once."""

    OPTIONS: ClassVar[tuple[str, ...]] = ("labels",)
    name: str = "utkinect"
    skeleton: Skeleton = KINECT_V1
    classes: tuple[str, ...] = tuple(CLASSES.values())
    units: str = "metres"
    frame_rate: float = 15.0
    labels: Path | None = None
    """The label file; default: actionLabel.txt in the source or beside it."""

    def find(self, source: Path) -> list[Item]:
        """The clips of every recording. ReadError: no label file, a bad line in it, or no recordings."""
        labels = self._labels(Path(source))
        ranges = _ranges(labels, *file_state(labels))
        clips = []
        found = find(source, NAMING)
        for item in found:
            words = ranges.get(_sequence(item), {NO_LABELS: (0, 0)})
            clips += [replace(item, part=word, beside=(labels,)) for word in words]
        if not clips:
            raise ReadError(f"{source}: expected files like {NAMING.example}, found none")
        return Found(clips, found.passed_over)

    def read(self, item: Item) -> Recording:
        """Cut one clip. ReadError names the file, the line, what was expected and what was found."""
        fields = numbers(item, NAMING)
        (labels,) = item.beside
        if item.part == NO_LABELS:
            raise ReadError(f"{item}: expected labels of {_sequence(item)} in {labels}, found none")
        first, last = _ranges(labels, *file_state(labels))[_sequence(item)][item.part]
        rows = _rows(Item(item.path, item.member), *file_state(item.path))
        inside = rows[(rows[:, 0] >= first) & (rows[:, 0] <= last)]
        if not len(inside):
            raise ReadError(
                f"{item}: expected frames {first} to {last} as {labels} has it, found {rows[0, 0]:g} to {rows[-1, 0]:g}"
            )
        joints, identity = fixed_slots(item, inside[:, 1:].reshape(len(inside), 1, len(self.skeleton), 3))
        action = tuple(CLASSES).index(item.part)
        return Recording(f"{_sequence(item)}-{item.part}", joints, identity, action, **fields)

    def _labels(self, source: Path) -> Path:
        if self.labels is not None:
            return self.labels
        for folder in ([source] if source.is_dir() else []) + [source.absolute().parent]:
            if (folder / LABELS).is_file():
                return folder / LABELS
        raise ReadError(f"{source}: expected {LABELS} in it or beside it, found none; give it with --labels FILE")


def _sequence(item: Item) -> str:
    return clip_name(item, NAMING)


@lru_cache(maxsize=2)
def _ranges(path: Path, size: int, changed: int) -> dict[str, dict[str, tuple[int, int]]]:
    """First and last frame by recording and word; actions that a recording lacks are left out."""
    labels = Item(path)
    ranges: dict[str, dict[str, tuple[int, int]]] = {}
    words: dict[str, tuple[int, int]] | None = None
    for number, line in enumerate(lines_of(content(labels)), start=1):
        line = line.strip(b" \t\r")
        if not line:
            continue
        if _HEADING.fullmatch(line):
            if line.decode() in ranges:
                raise line_error(labels, number, "each recording once", shown(line), cut_off=False)
            words = ranges[line.decode()] = {}
            continue
        row = _RANGE.fullmatch(line)
        if row is None or words is None:
            expected = "a line s01_e01, or word: first last" if row is None else "a line s01_e01 before"
            raise line_error(labels, number, expected, shown(line), cut_off=False)
        word = row[1].decode()
        if word not in CLASSES or word in words:
            raise line_error(labels, number, f"one of {', '.join(CLASSES)}, each once", repr(word), cut_off=False)
        if b"NaN" in row.groups():
            continue
        if int(row[2]) > int(row[3]):
            raise line_error(labels, number, "a last frame after the first", shown(line), cut_off=False)
        words[word] = int(row[2]), int(row[3])
    return ranges


@lru_cache(maxsize=2)
def _rows(recording: Item, size: int, changed: int) -> Float64[np.ndarray, "t 61"]:
    """Frame number and coordinates of every frame, sorted by number without duplicates."""
    rows = number_lines(recording, content(recording), 61)
    _, first = np.unique(rows[:, 0], return_index=True)
    return rows[first]

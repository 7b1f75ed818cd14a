"""PKU-MMD, parts I and II: untrimmed recordings of two persons, cut to clips by label files.

A line of a recording is a frame: 150 numbers, x y z of 25 joints of one person and then of the other, zeros for nobody.
A line of its label file is a clip: `class,start,end,confidence`. The clip is frames start (from 0) to before end, as
published programs cut it. Clips may overlap, as actions of part II do. Names: 0002-L in part I, A01N01-L in part II.
"""

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import ClassVar

import numpy as np
from jaxtyping import Float64

from skelact.data.readers.lines import lines_of, number_lines
from skelact.data.readers.lists import division_file, named_files
from skelact.data.readers.pku_classes import PKU_CLASSES
from skelact.data.readers.slots import fixed_slots
from skelact.data.readers.source import Found, Naming, clip_name, content, file_state, find, line_error, shown
from skelact.data.recording import NEITHER, UNKNOWN, Item, ReadError, Recording
from skelact.layouts import KINECT_V2
from skelact.skeleton import Skeleton

NAMING = Naming(
    ending=".txt",
    pattern=re.compile(
        r"(?<=/)(A(?P<script>[0-9]{2})N(?P<subject>[0-9]{2})|(?P<number>[0-9]{4}))-(?P<camera>[LMR])\.txt$"
    ),
    example="0002-L.txt or A01N01-L.txt",
)
CAMERAS = "LMR"
"""Left, middle, right: cameras 1, 2, 3."""
PERSONS = 2
NO_LABELS = "labels"
"""`Item.part` of a recording without labels."""
_ROW = re.compile(
    rb"[ \t]*,[ \t]*".join([rb"[ \t]*([0-9]{1,9})", *[rb"([0-9]{1,9})"] * 2, rb"[0-9.]{1,9}[ \t]*,?[ \t]*"])
)


@dataclass(frozen=True)
class PkuReader:
    """Two persons, always in the same slots; metres in the sensor's frame. Without labels a recording is one clip.

    The setup is the recording's number in part I, in part II its A; the subject is known in part II only, from N.
    """

    OPTIONS: ClassVar[tuple[str, ...]] = ("labels", "lists")
    name: str = "pku"
    skeleton: Skeleton = KINECT_V2
    classes: tuple[str, ...] = PKU_CLASSES
    units: str = "metres"
    frame_rate: float = 30.0
    labels: Path | None = None
    """Folder of label files, which have the names of their recordings."""
    lists: tuple[str, ...] = ()
    """`NAME=FILE`: published lists of training and test recordings, with a name for each."""

    @property
    def divisions(self) -> tuple[str, ...]:
        return tuple(named_files(self.lists))

    def find(self, source: Path) -> list[Item]:
        """The clips of a folder, a zip archive or a single recording. ReadError if there are none, or for a list."""
        for path in named_files(self.lists).values():
            division_file(path)
        if self.labels is None:
            return find(source, NAMING)
        if not self.labels.is_dir():
            raise ReadError(f"{self.labels}: expected a folder of label files, found none")
        recordings = find(source, NAMING, apart=self.labels)  # label files are named as their recordings
        return Found((clip for item in recordings for clip in self._clips_of(item)), recordings.passed_over)

    def read(self, item: Item) -> Recording:
        """Cut one clip. ReadError names the file of the joints or of the labels, the line, and what was expected."""
        recording = clip_name(item, NAMING)
        if not recording:
            raise ReadError(f"{item}: expected a file named like {NAMING.example}")
        frames = _frames(Item(item.path, item.member), *file_state(item.path))
        name, action = recording, UNKNOWN
        if item.part:
            name, (action, start, end) = f"{recording}-{item.part}", self._row(item, recording, len(frames))
            frames = frames[start:end]
        joints, identity = fixed_slots(item, frames)
        match = NAMING.pattern.search(f"/{recording}.txt")
        assert match is not None  # clip_name found it
        return Recording(
            name,
            joints,
            identity,
            action,
            subject=int(match["subject"] or UNKNOWN),
            camera=CAMERAS.index(match["camera"]) + 1,
            setup=int(match["script"] or match["number"]),
            roles=tuple(division_file(path).get(recording, NEITHER) for path in named_files(self.lists).values()),
        )

    def _clips_of(self, item: Item) -> list[Item]:
        """One item a line of the label file. Bad lines fail when their clip is read, so that they can be left out."""
        labels = self._labels_of(clip_name(item, NAMING))
        try:
            lines = _lines(labels, *file_state(labels))
        except ReadError:  # raised again when the clip is read, so that it can be left out
            return [replace(item, part=NO_LABELS)]
        parts = [f"{number:03}" for number, line in enumerate(lines, start=1) if line.strip()]
        return [replace(item, part=part, beside=(labels,)) for part in parts or [NO_LABELS]]

    def _labels_of(self, recording: str) -> Path:
        assert self.labels is not None
        return self.labels / f"{recording}.txt"

    def _row(self, item: Item, recording: str, frames: int) -> tuple[int, int, int]:
        """Class from 0, first frame, and the frame after the last."""
        labels = self._labels_of(recording)
        lines = _lines(labels, *file_state(labels)) if labels.exists() else []
        if item.part == NO_LABELS:
            raise ReadError(f"{item}: expected lines class,start,end,confidence in {labels}, found none")
        number = int(item.part)
        line = lines[number - 1]

        def wrong(expected: str, found: object) -> ReadError:
            return line_error(Item(labels), number, expected, found, cut_off=False)

        row = _ROW.fullmatch(line)
        if row is None:
            raise wrong("class,start,end,confidence", shown(line))
        action, start, end = map(int, row.groups())
        if not 1 <= action <= len(self.classes):
            raise wrong(f"a class from 1 to {len(self.classes)}", action)
        if start >= end:
            raise wrong("an end after the start", f"{start} to {end}")
        if end > frames:
            raise wrong(f"an end of at most {frames}, the frames of {item.path.name}", end)
        return action - 1, start, end


@lru_cache(maxsize=2)
def _lines(labels: Path, size: int, changed: int) -> list[bytes]:
    return lines_of(content(Item(labels)))


@lru_cache(maxsize=2)
def _frames(recording: Item, size: int, changed: int) -> Float64[np.ndarray, "t 2 25 3"]:
    """All frames of a recording, parsed once for the twenty or so clips that are cut from it in a row."""
    width = PERSONS * len(KINECT_V2) * 3
    return number_lines(recording, content(recording), width).reshape(-1, PERSONS, len(KINECT_V2), 3)

"""SBU Kinect Interaction: folders sXXsYY/AA/RRR, each with one text file of two persons."""

import re
from array import array
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from jaxtyping import Float64

from skelact.data.readers.lines import lines_of
from skelact.data.readers.slots import fixed_slots
from skelact.data.readers.source import Naming, class_of, clip_name, content, find, line_error, numbers, shown
from skelact.data.recording import Item, Recording
from skelact.layouts import SBU_15
from skelact.skeleton import Skeleton

NAMING = Naming(
    ending="/skeleton_pos.txt",
    pattern=re.compile(
        r"(?<=/)s(?P<one>[0-9]{2})s(?P<two>[0-9]{2})/(?P<action>[0-9]{2})/(?P<repetition>[0-9]{3})/skeleton_pos\.txt$"
    ),
    example="s01s02/03/001/skeleton_pos.txt",
)

CLASSES = (
    *("approaching", "departing", "kicking", "pushing"),
    *("shaking hands", "hugging", "exchanging object", "punching"),
)
PERSONS = 2
_WHOLE = re.compile(rb"[0-9]{1,9}")
_NUMBER = re.compile(rb"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?|[+-]?(nan|inf)", re.IGNORECASE)


@dataclass(frozen=True)
class SbuReader:
    """Two persons, always in the same slots. The subject is 100 times the first person plus the second."""

    name: str = "sbu"
    skeleton: Skeleton = SBU_15
    classes: tuple[str, ...] = CLASSES
    units: str = "normalised image: x to the right and y down in 0..1 of the picture, z metres / 1.28"
    frame_rate: float = 15.0

    def find(self, source: Path) -> list[Item]:
        """The clip files of a folder, a zip archive or a single file, sorted by name. ReadError if there are none."""
        return find(source, NAMING)

    def read(self, item: Item) -> Recording:
        """Parse one file. ReadError names the file, the line, what was expected and what was found."""
        fields = numbers(item, NAMING)
        action = class_of(item, fields["action"], range(1, len(CLASSES) + 1))
        rows = _rows(item, content(item), 3 * PERSONS * len(self.skeleton))
        joints, identity = fixed_slots(item, rows.reshape(len(rows), PERSONS, len(self.skeleton), 3))
        subject = 100 * fields["one"] + fields["two"]
        return Recording(clip_name(item, NAMING), joints, identity, action, subject, repetition=fields["repetition"])


def _rows(item: Item, text: bytes, width: int) -> Float64[np.ndarray, "t {width}"]:
    """The coordinates of each line: a growing frame number, then `width` numbers, separated by commas."""
    rows = array("d")
    before = -1
    lines = lines_of(text)
    for line_number, line in enumerate(lines, start=1):
        cut_off = line_number == len(lines) and not text.endswith((b"\n", b"\r"))
        wrong = partial(line_error, item, line_number, cut_off=cut_off)
        number, *words = [word.strip(b" \t") for word in line.rstrip(b", \t").split(b",")]
        if not _WHOLE.fullmatch(number):
            raise wrong("a frame number", shown(number))
        if int(number) <= before:
            raise wrong(f"a frame number above {before}", int(number))
        before = int(number)
        if len(words) != width:
            raise wrong(f"{width} numbers after the frame number", len(words))
        for word in words:
            if not _NUMBER.fullmatch(word):
                raise wrong("a number", shown(word))
        rows.extend(map(float, words))
    return np.array(rows).reshape(-1, width)

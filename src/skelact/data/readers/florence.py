"""Florence 3D Actions: one text file of all clips, Florence_dataset_WorldCoordinates.txt.

A line is a frame: numbers of the clip, the actor and the action, then x y z of 15 joints.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from jaxtyping import Float64

from skelact.data.readers.lines import number_lines
from skelact.data.readers.slots import fixed_slots
from skelact.data.readers.source import Found, Naming, content, file_state, find, line_error
from skelact.data.recording import Item, ReadError, Recording
from skelact.layouts import FLORENCE_15
from skelact.skeleton import Skeleton

NAMING = Naming(
    ending="worldcoordinates.txt",
    pattern=re.compile(r"(?<=/)[^/]*worldcoordinates\.txt$", re.IGNORECASE),
    example="Florence_dataset_WorldCoordinates.txt",
)
CLASSES = (
    *("wave", "drink from a bottle", "answer phone", "clap", "tight lace", "sit down", "stand up", "read watch", "bow"),
)
_WHOLE = 1e6
"""Numbers of clips, actors and actions are whole numbers from 0 to below this."""


@dataclass(frozen=True)
class FlorenceReader:
    """One person, one camera, millimetres in the sensor's frame; clip names contain the clip's number in the file."""

    name: str = "florence"
    skeleton: Skeleton = FLORENCE_15
    classes: tuple[str, ...] = CLASSES
    units: str = "millimetres"
    frame_rate: float = 30.0

    def find(self, source: Path) -> list[Item]:
        """The clips in the file, by number. ReadError: no file, or a bad line, as its clip is unknown."""
        clips = []
        found = find(source, NAMING)
        for item in found:
            numbers = np.unique(_rows(item, *file_state(item.path))[:, 0])
            clips += [Item(item.path, item.member, part=f"{int(number):03}") for number in numbers]
        return Found(clips, found.passed_over)

    def read(self, item: Item) -> Recording:
        """Read one clip. ReadError names the file and the clip, what was expected and what was found."""
        rows = _rows(Item(item.path, item.member), *file_state(item.path))
        rows = rows[rows[:, 0] == int(item.part)]
        ids = np.unique(rows[:, 1:3], axis=0)
        if len(ids) != 1:
            found = "; ".join(f"{actor:g} and {action:g}" for actor, action in ids[:4]) or "no line"
            raise ReadError(f"{item}: expected one actor and one action, found {found}")
        actor, action = map(int, ids[0])
        if not 1 <= action <= len(CLASSES):
            raise ReadError(f"{item}: expected an action from 1 to {len(CLASSES)}, found {action}")
        joints, identity = fixed_slots(item, rows[:, 3:].reshape(len(rows), 1, len(self.skeleton), 3))
        return Recording(f"video{item.part}", joints, identity, action - 1, subject=actor)


@lru_cache(maxsize=2)
def _rows(item: Item, size: int, changed: int) -> Float64[np.ndarray, "rows 48"]:
    rows = number_lines(item, content(item), 3 + 3 * len(FLORENCE_15))
    ids = rows[:, :3]
    wrong = np.flatnonzero(((ids < 0) | (ids >= _WHOLE) | (ids != np.floor(ids))).any(axis=1))
    if len(wrong):
        line, found = int(wrong[0]) + 1, " ".join(f"{number:g}" for number in ids[wrong[0]])
        raise line_error(item, line, "whole numbers of clip, actor and action", found, cut_off=False)
    return rows

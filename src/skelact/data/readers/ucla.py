"""Northwestern-UCLA Multiview Action3D: one JSON a clip, `{"file_name": ..., "skeletons": [frame][joint][x, y, z]}`."""

import json
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from skelact.data.readers.slots import fixed_slots
from skelact.data.readers.source import Naming, class_of, clip_name, content, find, numbers
from skelact.data.recording import Item, ReadError, Recording
from skelact.layouts import KINECT_V1
from skelact.skeleton import Skeleton
from skelact.system.world import reason

NAMING = Naming(
    ending=".json",
    pattern=re.compile(
        r"(?<=/)a(?P<action>[0-9]{2})_s(?P<subject>[0-9]{2})_e(?P<repetition>[0-9]{2})_v(?P<camera>[0-9]{2})\.json$"
    ),
    example="a01_s02_e00_v03.json",
)

CLASSES = {
    1: "pick up with one hand",
    2: "pick up with two hands",
    3: "drop trash",
    4: "walk around",
    5: "sit down",
    6: "stand up",
    8: "donning",
    9: "doffing",
    11: "throw",
    12: "carry",
}
"""Labels by the action's number in the file name; 7 and 10 were never published."""


@dataclass(frozen=True)
class UclaReader:
    """One person, three cameras, metres in the sensor's frame."""

    name: str = "ucla"
    skeleton: Skeleton = KINECT_V1
    classes: tuple[str, ...] = tuple(CLASSES.values())
    units: str = "metres"
    frame_rate: float = 15.0
    """Not published; an estimate: at 15 people who walk around move at 1 m/s (0.066 m a frame)."""

    def find(self, source: Path) -> list[Item]:
        """The clip files of a folder, a zip archive or a single file, sorted by name. ReadError if there are none."""
        return find(source, NAMING)

    def read(self, item: Item) -> Recording:
        """Parse one file. ReadError names the file, the frame, what was expected and what was found."""
        fields, name = numbers(item, NAMING), clip_name(item, NAMING)
        action = class_of(item, fields.pop("action"), tuple(CLASSES))
        clip = _decode(item)
        if clip.get("file_name", name) != name:
            raise ReadError(f"{item}: expected file_name {name!r}, found {_short(clip['file_name'])}")
        joints, identity = fixed_slots(item, _coordinates(item, clip["skeletons"], len(self.skeleton)))
        return Recording(name, joints, identity, action, **fields)


def _short(value: object) -> str:
    """Short texts in quotes; for other values, which may be huge, only the type."""
    return repr(str(value)[:40]) if value is None or isinstance(value, str | bool) else type(value).__name__


def _decode(item: Item) -> dict:
    try:
        clip = json.loads(content(item))
    except json.JSONDecodeError as error:
        where = f"{item}:{error.lineno}"
        raise ReadError(f"{where}: not JSON: {error.msg} at column {error.colno}") from error
    except (ValueError, RecursionError) as error:  # not text, huge numbers, deep nesting
        raise ReadError(f"{item}: not JSON: {reason(error)}") from error
    if not isinstance(clip, dict) or not isinstance(clip.get("skeletons"), list):
        raise ReadError(f'{item}: expected {{"skeletons": [frames]}}, found no such list')
    return clip


def _coordinates(item: Item, frames: list, joint_count: int) -> np.ndarray:
    """float64 (t, 1, v, 3), checked value by value, as NumPy would also accept "1.0" or true as numbers."""

    def expect(count: int, what: str, found: object, where: str) -> None:
        size = len(found) if isinstance(found, list) else type(found).__name__
        if size != count:
            raise ReadError(f"{item}: expected {count} {what} in {where}, found {size}")

    for frame, joints in enumerate(frames):
        expect(joint_count, "joints", joints, f"frame {frame}")
        for joint, point in enumerate(joints):
            expect(3, "numbers", point, f"joint {joint} of frame {frame}")
            for number in point:
                if type(number) not in (int, float):
                    raise ReadError(
                        f"{item}: expected a number in joint {joint} of frame {frame}, found {_short(number)}"
                    )
    try:
        return np.array(frames, np.float64).reshape(len(frames), 1, joint_count, 3)
    except OverflowError as error:
        raise ReadError(f"{item}: expected finite numbers, found a whole number beyond them") from error

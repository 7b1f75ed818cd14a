"""KARD: one text file a clip, a joint a line: three numbers, 15 lines a frame.

`a01_s01_e01_realworld.txt` has places in the room, `a01_s01_e01_screen.txt` those in the picture, with the depth.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from skelact.data.readers.blocks import PICTURE, POINTS, check_points, frames_of, seen_in_picture
from skelact.data.readers.slots import fixed_slots
from skelact.data.readers.source import Naming, class_of, clip_name, content, find, numbers
from skelact.data.recording import Item, Recording
from skelact.layouts import OPENNI_15
from skelact.skeleton import Skeleton

NAMINGS = {
    points: Naming(
        ending=ending,
        pattern=re.compile(
            r"(?<=/)a(?P<action>[0-9]{2})_s(?P<subject>[0-9]{2})_e(?P<repetition>[0-9]{2})" + re.escape(ending) + "$"
        ),
        example=f"a01_s01_e01{ending}",
    )
    for points, ending in zip(POINTS, ("_realworld.txt", "_screen.txt"), strict=True)
}

FILE_JOINTS = (
    *("head", "shoulder_center"),
    *("right_shoulder", "right_elbow", "right_hand", "left_shoulder", "left_elbow", "left_hand", "spine"),
    *("right_hip", "right_knee", "right_foot", "left_hip", "left_knee", "left_foot"),
)
"""The joints in the order of the files, from the data set's list of them."""

CLASSES = (
    *("horizontal arm wave", "high arm wave", "two hand wave", "catch cap", "high throw", "draw x", "draw tick"),
    *("toss paper", "forward kick", "side kick", "take umbrella", "bend", "hand clap", "walk", "phone call", "drink"),
    *("sit down", "stand up"),
)


@dataclass(frozen=True)
class KardReader:
    """One person, one camera; joints are brought into the order of the skeleton."""

    OPTIONS: ClassVar[tuple[str, ...]] = ("points",)
    name: str = "kard"
    classes: tuple[str, ...] = CLASSES
    frame_rate: float = 30.0
    points: str = POINTS[0]

    def __post_init__(self) -> None:
        check_points(self.points)

    @property
    def skeleton(self) -> Skeleton:
        return OPENNI_15 if self.points == POINTS[0] else seen_in_picture(OPENNI_15)

    @property
    def units(self) -> str:
        return "millimetres" if self.points == POINTS[0] else PICTURE

    def find(self, source: Path) -> list[Item]:
        """The clip files of a folder, a zip archive or a single file, sorted by name. ReadError if there are none."""
        return find(source, NAMINGS[self.points])

    def read(self, item: Item) -> Recording:
        """Parse one file. ReadError names the file, the line, what was expected and what was found."""
        naming = NAMINGS[self.points]
        told = numbers(item, naming)
        action = class_of(item, told.pop("action"), range(1, len(CLASSES) + 1))
        in_file = frames_of(item, content(item), len(FILE_JOINTS), 3)[:, self.skeleton.order_in(FILE_JOINTS)]
        joints, identity = fixed_slots(item, in_file[:, None])
        return Recording(clip_name(item, naming), joints, identity, action, **told)

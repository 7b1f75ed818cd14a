"""MSR Action3D: one text file a clip, a joint a line: `x y z confidence`, 20 lines a frame.

`a01_s01_e01_skeleton3D.txt` has places in the room, `a01_s01_e01_skeleton.txt` those in the picture, with the depth.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from skelact.data.readers.blocks import PICTURE, POINTS, check_points, frames_of, seen_in_picture
from skelact.data.readers.slots import fixed_slots
from skelact.data.readers.source import Naming, class_of, clip_name, content, find, numbers
from skelact.data.recording import Item, Recording
from skelact.layouts import KINECT_V1
from skelact.skeleton import Skeleton

NAMINGS = {
    points: Naming(
        ending=ending.lower(),
        pattern=re.compile(
            r"(?<=/)a(?P<action>[0-9]{2})_s(?P<subject>[0-9]{2})_e(?P<repetition>[0-9]{2})" + re.escape(ending) + "$",
            re.IGNORECASE,
        ),
        example=f"a01_s01_e01{ending}",
    )
    for points, ending in zip(POINTS, ("_skeleton3D.txt", "_skeleton.txt"), strict=True)
}

FILE_JOINTS = (
    *("left_shoulder", "right_shoulder", "shoulder_center", "spine", "left_hip", "right_hip", "hip_center"),
    *("left_elbow", "right_elbow", "left_wrist", "right_wrist", "left_hand", "right_hand"),
    *("left_knee", "right_knee", "left_ankle", "right_ankle", "left_foot", "right_foot", "head"),
)
"""The joints in the order of the files. The data set's drawing does not tell left from right; so the field has it."""

CLASSES = (
    *("high arm wave", "horizontal arm wave", "hammer", "hand catch", "forward punch", "high throw", "draw x"),
    *("draw tick", "draw circle", "hand clap", "two hand wave", "side boxing", "bend", "forward kick", "side kick"),
    *("jogging", "tennis swing", "tennis serve", "golf swing", "pick up and throw"),
)


@dataclass(frozen=True)
class MsrReader:
    """One person, one camera; joints are brought into the order of the skeleton."""

    OPTIONS: ClassVar[tuple[str, ...]] = ("points",)
    name: str = "msr"
    classes: tuple[str, ...] = CLASSES
    frame_rate: float = 15.0
    points: str = POINTS[0]

    def __post_init__(self) -> None:
        check_points(self.points)

    @property
    def skeleton(self) -> Skeleton:
        return KINECT_V1 if self.points == POINTS[0] else seen_in_picture(KINECT_V1)

    @property
    def units(self) -> str:
        return "metres" if self.points == POINTS[0] else PICTURE

    def find(self, source: Path) -> list[Item]:
        """The clip files of a folder, a zip archive or a single file, sorted by name. ReadError if there are none."""
        return find(source, NAMINGS[self.points])

    def read(self, item: Item) -> Recording:
        """Parse one file. ReadError names the file, the line, what was expected and what was found."""
        naming = NAMINGS[self.points]
        told = numbers(item, naming)
        action = class_of(item, told.pop("action"), range(1, len(CLASSES) + 1))
        in_file = frames_of(item, content(item), len(FILE_JOINTS), 4)[:, self.skeleton.order_in(FILE_JOINTS), :3]
        joints, identity = fixed_slots(item, in_file[:, None])
        return Recording(clip_name(item, naming), joints, identity, action, **told)

"""Text files with one joint a line and a fixed number of lines a frame, in room or picture coordinates."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
from jaxtyping import Float64

from skelact.data.readers.lines import number_lines
from skelact.data.readers.slots import fixed_slots
from skelact.data.readers.source import Naming, class_of, clip_name, content, find, line_error, numbers
from skelact.data.recording import Item, Recording
from skelact.skeleton import Skeleton
from skelact.system.world import SkelactError

POINTS = ("world", "screen")
"""The two files that data sets of early depth cameras have for each clip."""
PICTURE = "picture: x to the right and y down in pixels, z the depth"
"""Units of `screen`."""


def check_points(points: str) -> None:
    if points not in POINTS:
        raise SkelactError(f"no points {points!r}; there are {', '.join(POINTS)}")


def seen_in_picture(skeleton: Skeleton) -> Skeleton:
    """The same layout with y pointing down."""
    return skeleton.model_copy(update={"up": "-y"})


def frames_of(item: Item, text: bytes, joints: int, width: int) -> Float64[np.ndarray, "t {joints} {width}"]:
    """The frames of a file. ReadError names the bad line; an incomplete last frame is an error too."""
    rows = number_lines(item, text, width)
    if len(rows) % joints:
        found = f"{len(rows)}, which leaves {len(rows) % joints} over"
        raise line_error(item, len(rows), f"{joints} lines a frame", found, cut_off=True)
    return rows.reshape(-1, joints, width)


def namings(world: str, screen: str, flags: re.RegexFlag = re.NOFLAG) -> dict[str, Naming]:
    """File names `a01_s01_e01` + ending, for each kind of points."""
    stem = r"(?<=/)a(?P<action>[0-9]{2})_s(?P<subject>[0-9]{2})_e(?P<repetition>[0-9]{2})"
    return {
        points: Naming(
            ending=ending.lower(),
            pattern=re.compile(stem + re.escape(ending) + "$", flags),
            example=f"a01_s01_e01{ending}",
        )
        for points, ending in zip(POINTS, (world, screen), strict=True)
    }


@dataclass(frozen=True)
class JointLines:
    """One person, one camera; joints are sorted into the order of the skeleton."""

    OPTIONS: ClassVar[tuple[str, ...]] = ("points",)
    name: str
    classes: tuple[str, ...]
    layout: Skeleton
    file_joints: tuple[str, ...]
    """The joints in the order of the files."""
    left_handed: str
    """The one of POINTS whose axes are left-handed; room and picture differ in the sign of y only."""
    width: int
    """Numbers in a line; the first three are x y z."""
    world_units: str
    namings: dict[str, Naming]
    frame_rate: float
    points: str = POINTS[0]

    def __post_init__(self) -> None:
        check_points(self.points)

    @property
    def skeleton(self) -> Skeleton:
        layout = self.layout if self.points == POINTS[0] else seen_in_picture(self.layout)
        return layout.model_copy(update={"handedness": "left" if self.points == self.left_handed else "right"})

    @property
    def units(self) -> str:
        return self.world_units if self.points == POINTS[0] else PICTURE

    def find(self, source: Path) -> list[Item]:
        """The clip files of a folder, a zip archive or a single file, sorted by name. ReadError if there are none."""
        return find(source, self.namings[self.points])

    def read(self, item: Item) -> Recording:
        """Parse one file. ReadError names the file, the line, what was expected and what was found."""
        naming = self.namings[self.points]
        fields = numbers(item, naming)
        action = class_of(item, fields.pop("action"), range(1, len(self.classes) + 1))
        rows = frames_of(item, content(item), len(self.file_joints), self.width)
        joints, identity = fixed_slots(item, rows[:, self.skeleton.order_in(self.file_joints), :3][:, None])
        return Recording(clip_name(item, naming), joints, identity, action, **fields)

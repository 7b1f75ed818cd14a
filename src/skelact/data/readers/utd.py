"""UTD-MHAD: one MATLAB file a clip, whose variable `d_skel` holds 20 joints x 3 coordinates x frames."""

import re
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from skelact.data.readers.matlab import real_array
from skelact.data.readers.slots import fixed_slots
from skelact.data.readers.source import Naming, class_of, clip_name, content, find, numbers
from skelact.data.recording import Item, ReadError, Recording
from skelact.layouts import KINECT_V1
from skelact.skeleton import Skeleton

NAMING = Naming(
    ending="_skeleton.mat",
    pattern=re.compile(
        r"(?<=/)a(?P<action>[0-9]{1,2})_s(?P<subject>[0-9]{1,2})_t(?P<repetition>[0-9]{1,2})_skeleton\.mat$"
    ),
    example="a1_s2_t3_skeleton.mat",
)

FILE_JOINTS = (
    *("head", "shoulder_center", "spine", "hip_center"),
    *("left_shoulder", "left_elbow", "left_wrist", "left_hand"),
    *("right_shoulder", "right_elbow", "right_wrist", "right_hand"),
    *("left_hip", "left_knee", "left_ankle", "left_foot"),
    *("right_hip", "right_knee", "right_ankle", "right_foot"),
)
"""The joints in the order of the files, from the data set's list of them."""

CLASSES = (
    *("swipe left", "swipe right", "wave", "clap", "throw", "arm cross", "basketball shoot", "draw x"),
    *("draw circle (clockwise)", "draw circle (counter clockwise)", "draw triangle", "bowling", "boxing"),
    *("baseball swing", "tennis swing", "arm curl", "tennis serve", "push", "knock", "catch", "pick up and throw"),
    *("jog", "walk", "sit to stand", "stand to sit", "lunge", "squat"),
)


@dataclass(frozen=True)
class UtdReader:
    """One person, one camera, metres in the sensor's frame; joints are sorted into the order of the skeleton."""

    name: str = "utd"
    skeleton: Skeleton = KINECT_V1
    classes: tuple[str, ...] = CLASSES
    units: str = "metres"
    frame_rate: float = 30.0

    def find(self, source: Path) -> list[Item]:
        """The clip files of a folder, a zip archive or a single file, sorted by name. ReadError if there are none."""
        return find(source, NAMING)

    def read(self, item: Item) -> Recording:
        """Parse one file. ReadError names the file, what was expected and what was found."""
        fields = numbers(item, NAMING)
        action = class_of(item, fields.pop("action"), range(1, len(CLASSES) + 1))
        in_file = _load(item)[self.skeleton.order_in(FILE_JOINTS)]
        joints, identity = fixed_slots(item, in_file.transpose(2, 0, 1)[:, None])
        return Recording(clip_name(item, NAMING), joints, identity, action, **fields)


def _load(item: Item) -> np.ndarray:
    """float64 (20, 3, t), joints in the order of the file."""
    data = content(item)
    try:
        skeletons = real_array(data, "d_skel")
    except (ValueError, zlib.error) as error:
        raise ReadError(f"{item}: not a MATLAB file that can be read: {error}") from error
    if skeletons.ndim == 2:  # MATLAB drops the last axis of a single frame
        skeletons = skeletons[:, :, None]
    if skeletons.ndim != 3 or skeletons.shape[:2] != (len(FILE_JOINTS), 3):
        found = " x ".join(map(str, skeletons.shape))
        raise ReadError(f"{item}: expected d_skel of 20 joints x 3 x frames, found {found}")
    return skeletons

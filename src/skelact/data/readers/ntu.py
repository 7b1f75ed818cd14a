"""NTU RGB+D 60 and 120: one text file a clip, named SsssCcccPpppRrrrAaaa.skeleton.

`ntu_lines` defines the format and reads it line by line. `ntu_native` (or `ntu_whole` without native code) reads
regular files many times as fast. Files that it refuses go to `ntu_lines`, which reads them after all (other spacing,
"nan" among unused numbers) or names the bad line.
"""

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float32, Int64

from skelact.data.readers.ntu_classes import NTU_CLASSES
from skelact.data.readers.ntu_lines import JOINTS, Bodies, read_carefully
from skelact.data.readers.ntu_native import read_natively
from skelact.data.readers.ntu_whole import read_quickly
from skelact.data.readers.source import Naming, class_of, clip_name, content, find, numbers
from skelact.data.recording import Item, ReadError, Recording
from skelact.layouts import KINECT_V2
from skelact.skeleton import Skeleton

NAMING = Naming(
    ending=".skeleton",
    pattern=re.compile(
        r"(?<=/)S(?P<setup>[0-9]{3})C(?P<camera>[0-9]{3})P(?P<subject>[0-9]{3})R(?P<repetition>[0-9]{3})"
        r"A(?P<action>[0-9]{3})\.skeleton$"
    ),
    example="S001C002P003R002A013.skeleton",
)
SMALL = 16 * 2**20
"""Bytes of joints that any file may need: 4000 frames of 14 bodies side by side."""
MOST_A_LETTER = 10
"""More bytes of joints for each letter of the file: a body takes 300 bytes, and about 4000 letters in a real file, so
up to 99 % of the slots may be empty."""


@dataclass(frozen=True)
class NtuReader:
    """Any number of bodies a frame, in the order of the file; metres in the sensor's frame."""

    name: str = "ntu"
    skeleton: Skeleton = KINECT_V2
    classes: tuple[str, ...] = NTU_CLASSES
    units: str = "metres"
    frame_rate: float = 30.0

    def find(self, source: Path) -> list[Item]:
        """The clip files of a folder, a zip archive or a single file, sorted by name. ReadError if there are none."""
        return find(source, NAMING)

    def read(self, item: Item) -> Recording:
        """Parse one file. ReadError names the file, the line, what was expected and what was found."""
        fields = numbers(item, NAMING)
        action = class_of(item, fields.pop("action"), range(1, len(NTU_CLASSES) + 1))
        text = content(item)
        bodies = read_natively(text) or read_quickly(text) or read_carefully(item, text)
        joints, identity = _side_by_side(item, bodies, len(text))
        return Recording(clip_name(item, NAMING), joints, identity, action, **fields)


def _side_by_side(
    item: Item, bodies: Bodies, letters: int
) -> tuple[Float32[np.ndarray, "t m 25 3"], Int64[np.ndarray, "t m"]]:
    """Joints and identity in slots. ReadError if empty slots would take far more memory than the file."""
    frames, slots, number = bodies.keys.T
    width = int(slots.max()) + 1
    if bodies.frames * width * JOINTS * 3 * 4 > SMALL + MOST_A_LETTER * letters:
        raise ReadError(
            f"{item}: expected bodies in most frames, found {len(bodies.keys)} in {bodies.frames} frames "
            f"with up to {width} side by side"
        )
    joints = np.zeros((bodies.frames, width, JOINTS, 3), np.float32)
    identity = np.full(joints.shape[:2], -1, np.int64)
    joints[frames, slots] = bodies.joints
    identity[frames, slots] = number
    return joints, identity

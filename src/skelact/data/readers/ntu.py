"""NTU RGB+D 60 and 120: one text file a clip, named SsssCcccPpppRrrrAaaa.skeleton.

    number of frames, and for each frame:
        number of bodies, and for each body:
            its id, which stays with it from frame to frame, and 9 numbers more
            number of joints, always 25
            25 lines of x y z (metres, sensor's frame, y up) and 9 numbers more

A quick pass reads what is exactly so. Whatever it stumbles over goes to a careful pass, line by line, which either
reads it after all (other spacing, "nan" among the numbers that are not used) or tells the line that is wrong.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from jaxtyping import Float32, Int64

from skelact.data.readers.ntu_classes import NTU_CLASSES
from skelact.data.readers.source import (
    SKIP_HINT,
    Naming,
    class_of,
    clip_name,
    content,
    find,
    line_error,
    numbers,
    shown,
)
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

JOINTS = 25
NUMBERS = 12
"""Numbers in a joint's line; x y z are the first three."""
BODIES = 32
"""Most bodies of a frame. The sensor tracks 6; the bound keeps a damaged count from claiming memory for every frame."""

_PLAIN = b"0123456789+-.eE"
_COUNT = re.compile(rb"[0-9]{1,18}")
_ID = re.compile(rb"[0-9]{1,20}")
_WORD = re.compile(rb"[0-9+\-.eE]+|[+-]?(nan|inf)", re.IGNORECASE)
"""The numbers that are not used need only look like numbers: reading their digits would take most of the time."""


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
        told = numbers(item, NAMING)
        action = class_of(item, told.pop("action"), range(1, len(NTU_CLASSES) + 1))
        text = content(item)
        bodies = _read_quickly(text) or _read_carefully(item, text)
        joints, identity = _side_by_side(bodies)
        return Recording(clip_name(item, NAMING), joints, identity, action, **told)


class _Bodies(NamedTuple):
    """All bodies of a clip in the order of its file."""

    frames: int
    places: list[tuple[int, int, bytes]]
    """Frame, slot and id of each body."""
    joints: Float32[np.ndarray, "bodies 25 3"]


def _side_by_side(bodies: _Bodies) -> tuple[Float32[np.ndarray, "t m 25 3"], Int64[np.ndarray, "t m"]]:
    """Joints and identity in slots; the ids are numbered by first appearance."""
    frames, slots, ids = zip(*bodies.places, strict=True)
    numbering = {body: number for number, body in enumerate(dict.fromkeys(ids))}
    joints = np.zeros((bodies.frames, max(slots) + 1, JOINTS, 3), np.float32)
    identity = np.full(joints.shape[:2], -1, np.int64)
    joints[frames, slots] = bodies.joints
    identity[frames, slots] = [numbering[body] for body in ids]
    return joints, identity


def _finite(points: list[float]) -> Float32[np.ndarray, "bodies 25 3"] | None:
    """The coordinates of all bodies, or None if float32 cannot hold one of them."""
    with np.errstate(over="ignore"):
        joints = np.array(points, np.float32).reshape(-1, JOINTS, 3)
    return joints if np.isfinite(joints).all() else None


def _read_quickly(text: bytes) -> _Bodies | None:
    """One pass over a file without any irregularity; None if there is one."""
    text = text.rstrip()
    if text.translate(None, _PLAIN + b" \r\n") or b"  " in text or b" \n" in text or b" \r" in text:
        return None  # from here on each word of a line has one space before it, so that counting spaces counts words
    lines = text.splitlines()
    places: list[tuple[int, int, bytes]] = []
    rows: list[bytes] = []
    at = 1
    try:
        if not _COUNT.fullmatch(lines[0]):
            return None
        frames = int(lines[0])
        for frame in range(frames):
            if not _COUNT.fullmatch(lines[at]) or int(lines[at]) > BODIES:
                return None
            count, at = int(lines[at]), at + 1
            for slot in range(count):
                body, *others = lines[at].split(b" ")
                if not _ID.fullmatch(body) or len(others) != 9 or lines[at + 1] != b"25":
                    return None
                places.append((frame, slot, body))
                rows += lines[at + 2 : at + 2 + JOINTS]
                at += 2 + JOINTS
        if at != len(lines) or len({(frame, body) for frame, _, body in places}) != len(places) or not places:
            return None
        words = [row.split(b" ", 3) for row in rows if row.count(b" ") == NUMBERS - 1]
        if len(words) != JOINTS * len(places):
            return None
        joints = _finite([float(word) for row in words for word in row[:3]])
    except (IndexError, ValueError):
        return None
    return None if joints is None else _Bodies(frames, places, joints)


class _Lines:
    """The lines of a file one after another, and the error at the one that was read last."""

    def __init__(self, item: Item, text: bytes):
        self.item = item
        self.lines = text.rstrip().splitlines()
        self.read = 0
        self.safe = len(self.lines) + text.endswith(b"\n")
        """A fault at this line or later is one of the file's end: a last line without its end is cut off."""

    def words(self, expected: str) -> list[bytes]:
        """The words of the next line; ReadError if the file has ended."""
        self.read += 1
        if self.read > len(self.lines):
            raise self.error(expected, "the end of the file")
        return self.lines[self.read - 1].split()

    def count(self, low: int, high: int, expected: str) -> int:
        """The next line as a whole number within bounds; ReadError otherwise."""
        words = self.words(expected)
        if len(words) != 1 or not _COUNT.fullmatch(words[0]) or not low <= int(words[0]) <= high:
            raise self.error(expected, shown(b" ".join(words)))
        return int(words[0])

    def error(self, expected: str, found: object) -> ReadError:
        return line_error(self.item, self.read, expected, found, cut_off=self.read >= self.safe)


def _read_carefully(item: Item, text: bytes) -> _Bodies:
    """Line by line; ReadError at the first that is not as the format has it."""
    lines = _Lines(item, text)
    frames = lines.count(1, 10**18, "the number of frames, at least 1")
    places: list[tuple[int, int, bytes]] = []
    points: list[float] = []
    for frame in range(frames):
        ids: set[bytes] = set()
        for slot in range(lines.count(0, BODIES, f"the number of bodies in frame {frame}, 0 to {BODIES}")):
            where = f"of body {slot} in frame {frame}"
            words = lines.words(f"10 numbers {where}")
            if len(words) != 10:
                raise lines.error(f"10 numbers {where}", len(words))
            if not _ID.fullmatch(words[0]) or not all(map(_WORD.fullmatch, words)):
                raise lines.error(f"an id and 9 numbers {where}", shown(b" ".join(words)))
            if words[0] in ids:
                raise lines.error(f"an id {where} that no other body has", words[0].decode())
            ids.add(words[0])
            places.append((frame, slot, words[0]))
            lines.count(JOINTS, JOINTS, f"{JOINTS} joints {where}")
            for joint in range(JOINTS):
                points += _point(lines, f"for joint {joint} {where}")
    if lines.read < len(lines.lines):
        rest = shown(lines.lines[lines.read])
        raise line_error(item, lines.read + 1, f"the end of the file after {frames} frames", rest, cut_off=False)
    if not places:
        raise ReadError(f"{item}: no body in any of its {frames} frames (a missing skeleton)\n  {SKIP_HINT}")
    joints = _finite(points)
    if joints is None:
        raise ReadError(f"{item}: expected finite coordinates\n  {SKIP_HINT}")
    return _Bodies(frames, places, joints)


def _point(lines: _Lines, where: str) -> list[float]:
    """x y z of the next line."""
    expected = f"{NUMBERS} numbers {where}"
    words = lines.words(expected)
    if len(words) != NUMBERS:
        raise lines.error(expected, len(words))
    if not all(map(_WORD.fullmatch, words)):
        raise lines.error(expected, next(shown(word) for word in words if not _WORD.fullmatch(word)))
    try:
        point = [float(word) for word in words[:3]]
    except ValueError as error:
        raise lines.error(expected, shown(b" ".join(words[:3]))) from error
    with np.errstate(over="ignore"):
        if not np.isfinite(np.array(point, np.float32)).all():
            raise lines.error(f"finite x y z {where}", shown(b" ".join(words[:3])))
    return point

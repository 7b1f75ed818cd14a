"""NTU RGB+D line by line: the reference reader, which also says what is wrong with a file.

number of frames, and for each frame:
    number of bodies, and for each body:
        its id, which stays with it from frame to frame, and 9 numbers more
        number of joints, always 25
        25 lines of x y z (metres, sensor's frame, y up) and 9 numbers more
"""

import re
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Float32, Int64

from skelact.data.readers.lines import lines_of, words_of
from skelact.data.readers.source import line_error, shown
from skelact.data.recording import Item, ReadError

JOINTS = 25
NUMBERS = 12
"""Numbers in a joint's line; the first three are x y z."""
BODIES = 32
"""Most bodies of a frame. The sensor tracks 6; a damaged count must not claim memory for every frame."""
COUNT = re.compile(rb"[0-9]{1,18}")
ID = re.compile(rb"[0-9]{1,20}")
"""Ids stay text: float64 cannot distinguish numbers of 17 digits."""

_WORD = re.compile(rb"[0-9+\-.eE]+|[+-]?(nan|inf)", re.IGNORECASE)
"""Unused numbers are only checked by pattern: parsing them would take most of the time."""


class Bodies(NamedTuple):
    """All bodies of a clip in the order of its file."""

    frames: int
    keys: Int64[np.ndarray, "bodies 3"]
    """Frame, slot and number of the body, counted by first appearance of the ids."""
    joints: Float32[np.ndarray, "bodies 25 3"]


def numbered(keys: Iterable[tuple[int, int, bytes]]) -> Int64[np.ndarray, "bodies 3"]:
    """`Bodies.keys` from frames, slots and ids."""
    numbers: dict[bytes, int] = {}
    return np.array([(frame, slot, numbers.setdefault(name, len(numbers))) for frame, slot, name in keys], np.int64)


def finite(points: list[float] | Float[np.ndarray, " n"]) -> Float32[np.ndarray, "bodies 25 3"] | None:
    """The coordinates of all bodies; None if one of them is not finite in float32."""
    with np.errstate(over="ignore"):
        joints = np.array(points, np.float32).reshape(-1, JOINTS, 3)
    return joints if np.isfinite(joints).all() else None


class _Lines:
    """The lines of a file in order; makes the error for the last line read."""

    def __init__(self, item: Item, text: bytes):
        self.item = item
        self.lines = lines_of(text)
        self.read = 0
        self.safe = len(self.lines) + text.endswith((b"\n", b"\r"))
        """An error at this line or later means that the file is cut off."""

    def words(self, expected: str) -> list[bytes]:
        """The words of the next line; ReadError if the file has ended."""
        self.read += 1
        if self.read > len(self.lines):
            raise self.error(expected, "the end of the file")
        return words_of(self.lines[self.read - 1])

    def count(self, low: int, high: int, expected: str) -> int:
        """The next line as a whole number within bounds; ReadError otherwise."""
        words = self.words(expected)
        if len(words) != 1 or not COUNT.fullmatch(words[0]) or not low <= int(words[0]) <= high:
            raise self.error(expected, shown(b" ".join(words)))
        return int(words[0])

    def error(self, expected: str, found: object) -> ReadError:
        return line_error(self.item, self.read, expected, found, cut_off=self.read >= self.safe)


def read_carefully(item: Item, text: bytes) -> Bodies:
    """Parse line by line. ReadError at the first line that does not fit the format."""
    lines = _Lines(item, text)
    frames = lines.count(1, 10**18, "the number of frames, at least 1")
    keys: list[tuple[int, int, bytes]] = []
    points: list[float] = []
    for frame in range(frames):
        ids: set[bytes] = set()
        for slot in range(lines.count(0, BODIES, f"the number of bodies in frame {frame}, 0 to {BODIES}")):
            where = f"of body {slot} in frame {frame}"
            words = lines.words(f"10 numbers {where}")
            if len(words) != 10:
                raise lines.error(f"10 numbers {where}", len(words))
            if not ID.fullmatch(words[0]) or not all(map(_WORD.fullmatch, words)):
                raise lines.error(f"an id and 9 numbers {where}", shown(b" ".join(words)))
            if words[0] in ids:
                raise lines.error(f"an id {where} that no other body has", words[0].decode())
            ids.add(words[0])
            keys.append((frame, slot, words[0]))
            lines.count(JOINTS, JOINTS, f"{JOINTS} joints {where}")
            for joint in range(JOINTS):
                points += _point(lines, f"for joint {joint} {where}")
    if lines.read < len(lines.lines):
        rest = shown(lines.lines[lines.read])
        raise line_error(item, lines.read + 1, f"the end of the file after {frames} frames", rest, cut_off=False)
    if not keys:
        raise ReadError(f"{item}: no body in any of its {frames} frames (a missing skeleton)")
    joints = finite(points)
    if joints is None:
        raise ReadError(f"{item}: expected finite coordinates")
    return Bodies(frames, numbered(keys), joints)


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

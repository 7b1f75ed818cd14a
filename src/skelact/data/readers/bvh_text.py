"""Parses BVH files: a tree of joints with offsets and channels, then a line of channel values a frame.

HIERARCHY
ROOT name { OFFSET x y z  CHANNELS n name ...  JOINT name { ... }  End Site { OFFSET x y z } }
MOTION
Frames: n
Frame Time: seconds
one line of numbers a frame, the channels in the order of the tree
"""

import codecs
import re
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from jaxtyping import Float64

from skelact.data.readers.bvh_tree import IDLE, NUMBER, Node, Tree
from skelact.data.readers.source import line_error, shown
from skelact.data.recording import Item, ReadError

LEAST_POSITIONS = 2**21
"""Joint positions, frames times nodes, that a file of any size may have."""
ONE_MORE = "one line of values more than `Frames:` states; all lines were read"
ONE_LESS = "one line of values less than `Frames:` states; all lines were read"
CUT_OFF = "the file ends within a line of values; the complete lines were read"
_LETTERS = b"0123456789+-.eE \t\v\f"
_FRAMES = re.compile(rb"\s*Frames\s*:?\s*([0-9]{1,18})\s*", re.IGNORECASE)
_TIME = re.compile(rb"\s*Frame\s*Time\s*:?\s*([0-9.eE+-]{1,30})\s*", re.IGNORECASE)
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


@dataclass(frozen=True)
class Motion:
    nodes: tuple[Node, ...]
    frame_time: float
    """Seconds."""
    values: Float64[np.ndarray, "t channels"]
    notes: tuple[str, ...] = ()
    """Oddities of the file that are no errors."""


@dataclass(frozen=True)
class Head:
    """The part of a file above the values."""

    nodes: tuple[Node, ...]
    frame_time: float
    """Seconds."""
    frames: int
    """As stated in the file, which may be wrong."""
    line: int
    """First line after the head, counted from 0."""


def parse_head(item: Item, text: bytes) -> Head:
    """The tree and the counts of a file. ReadError names the file, the line, what was expected and what was found."""
    return _head(item, _lines(item, text))


def parse(item: Item, text: bytes, most: int | None = None) -> Motion:
    """A whole file, or `most` of its frames, spread evenly. ReadError as for `parse_head`.

    Empty lines and lines that start with # are ignored. A count of frames that is off by one gives a note.
    """
    lines = _lines(item, text)
    head = _head(item, lines)
    rows = [row for row in range(head.line, len(lines)) if not IDLE.fullmatch(lines[row])]
    width = sum(len(node.channels) for node in head.nodes)
    whole = text.rstrip(b"\0\t ").endswith((b"\n", b"\r"))
    cut = len(rows) > 1 and not whole and len(lines[rows[-1]].split()) < width
    rows = rows[:-1] if cut else rows
    if abs(len(rows) - head.frames) > 1 or (head.frames and not rows):
        found = f"{len(rows)} whole lines of values"
        raise line_error(item, len(lines), f"{head.frames} frames", found, cut_off=len(rows) < head.frames)
    if not rows:
        raise ReadError(f"{item}: expected at least 1 line of {width} numbers, found none")
    if len(rows) * len(head.nodes) > (most_positions := max(LEAST_POSITIONS, len(text))):
        raise ReadError(
            f"{item}: expected at most {most_positions} positions of joints in a file of {len(text)} bytes, "
            f"found {len(rows)} frames of {len(head.nodes)} joints"
        )
    notes = (CUT_OFF,) if cut else {1: (ONE_MORE,), 0: (), -1: (ONE_LESS,)}[len(rows) - head.frames]
    if most is not None and most < len(rows):
        rows = [rows[int(index)] for index in np.linspace(0, len(rows) - 1, most)]
    return Motion(head.nodes, head.frame_time, _values(item, lines, rows, width, whole), notes)


def _lines(item: Item, text: bytes) -> list[bytes]:
    for mark, encoding in _MARKS:
        if text.startswith(mark):
            try:
                text = text.decode(encoding).encode()
            except UnicodeDecodeError as error:
                raise ReadError(f"{item}: expected {encoding} text, as it begins so: {error}") from error
    return text.rstrip(b"\0\t\n\v\f\r ").splitlines()


def _head(item: Item, lines: Sequence[bytes]) -> Head:
    top = next((row for row, line in enumerate(lines) if line.strip().upper() == b"MOTION"), None)
    if top is None:
        raise line_error(item, max(1, len(lines)), "a line MOTION", "the end of the file", cut_off=True)
    nodes = Tree(item, lines[:top]).read()
    found: list[bytes] = []
    row = top
    for pattern, what in ((_FRAMES, "Frames: n"), (_TIME, "Frame Time: seconds")):
        row = next((later for later in range(row + 1, len(lines)) if not IDLE.fullmatch(lines[later])), len(lines))
        match = pattern.fullmatch(lines[row]) if row < len(lines) else None
        if match is None:
            wrong = shown(lines[row]) if row < len(lines) else "the end of the file"
            what += " with a decimal point" if b"," in lines[min(row, len(lines) - 1)] else ""
            raise line_error(item, min(row, len(lines) - 1) + 1, what, wrong, cut_off=row >= len(lines) - 1)
        found.append(match[1])
    try:
        frame_time = float(found[1])
    except ValueError as error:
        raise line_error(item, row + 1, "Frame Time: seconds", shown(lines[row]), cut_off=False) from error
    if not 1e-6 <= frame_time <= 1e6:
        raise line_error(item, row + 1, "1e-6 to 1e6 seconds a frame", frame_time, cut_off=False)
    return Head(nodes, frame_time, int(found[0]), row + 1)


def _values(
    item: Item, lines: Sequence[bytes], rows: Sequence[int], width: int, whole: bool
) -> Float64[np.ndarray, "t channels"]:
    """`width` numbers in each of the lines `rows`; `whole`: the last line of the file has its end."""
    numbers = array("d")  # grows as lines are read: counts in the file are not trusted
    for row in rows:
        words = lines[row].split()
        wrong = partial(line_error, item, row + 1, cut_off=row == len(lines) - 1 and not whole)
        if lines[row].translate(None, _LETTERS):
            word = next((word for word in words if word.translate(None, _LETTERS)), lines[row])
            raise wrong("a number with a decimal point" if b"," in word else "a number", shown(word))
        if len(words) != width:
            raise wrong(f"{width} numbers", len(words))
        try:
            numbers.extend([float(word) for word in words])
        except ValueError as error:
            raise wrong(
                f"{width} numbers", shown(next(word for word in words if not NUMBER.fullmatch(word)))
            ) from error
    return np.frombuffer(numbers, dtype=np.float64).reshape(len(rows), width)

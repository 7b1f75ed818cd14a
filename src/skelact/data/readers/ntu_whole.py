"""NTU RGB+D in whole-array steps: regular files, without a loop over their lines.

The spaces and line ends of a file must match its counts. Then the position of every number is known, and only the three
used numbers of a line are parsed.
"""

import numpy as np
from jaxtyping import Int32, Int64

from skelact.data.readers.decimals import decimals
from skelact.data.readers.lines import lines_of
from skelact.data.readers.ntu_lines import BODIES, COUNT, ID, JOINTS, NUMBERS, Bodies, finite, numbered

PIECE = 2**16
"""Letters searched in one step. Temporary arrays for a whole file would need fresh memory from the system each time,
which can take as long as the work."""

SPARSE = 100
"""Most frames per body; above it, arrays with an entry a frame would take too much memory for the file."""

_LETTERS = b"0123456789+-.eE \n"
_BODY = b" " * 9 + b"\n" + b"\n" + JOINTS * (b" " * (NUMBERS - 1) + b"\n")
"""Separators after the words of a body: line of the id, line of the number of joints, lines of joints."""
_JOINTS = b"%d" % JOINTS
_XYZ = (11 + NUMBERS * np.arange(JOINTS)[:, None] + np.arange(3)).ravel()
"""Indices of the coordinates among the words of a body."""


def read_quickly(text: bytes) -> Bodies | None:
    """All bodies of a file, as from `read_carefully`; None for an irregular file."""
    if b"\r" in text:
        text = b"\n".join([*lines_of(text), b""])
    if not text.endswith(b"\n"):
        text = text.rstrip() + b"\n"
    words = _Words.of(text)
    if words is None:
        return None
    try:
        counts = _bodies_of_frames(words)
        frame = np.repeat(np.arange(len(counts)), counts)
        body = np.arange(len(frame))
        first = 2 + frame + len(_BODY) * body  # one word for the file and one for each frame come in between
        ids = words.at(first)
        slot = body - (np.cumsum(counts) - counts)[frame]
        keys = list(zip(frame.tolist(), slot.tolist(), ids, strict=True))
        twice = len({(number, name) for number, _, name in keys}) < len(keys)
        if twice or not all(map(ID.fullmatch, ids)) or words.at(first + 10) != [_JOINTS] * len(ids):
            return None
        joints = finite(decimals(text, *words.bounds((first[:, None] + _XYZ).ravel())))
    except (IndexError, ValueError):
        return None
    return None if joints is None else Bodies(len(counts), numbered(keys), joints)


class _Words:
    """The words of a text, each followed by one space or line end."""

    def __init__(self, text: bytes, stops: Int32[np.ndarray, " n"]):
        self.text = text
        self.stops = stops

    @classmethod
    def of(cls, text: bytes) -> "_Words | None":
        """The words; None for letters that occur in no number, or two separators in a row."""
        if text.translate(None, _LETTERS):
            return None
        letters = np.frombuffer(text, np.uint8)
        pieces = [
            (np.flatnonzero(letters[start : start + PIECE] <= ord(" ")) + start).astype(np.int32)
            for start in range(0, len(text), PIECE)
        ]
        stops = np.concatenate(pieces)
        return None if (np.diff(stops) == 1).any() else cls(text, stops)

    @property
    def marks(self) -> bytes:
        """The spaces and line ends."""
        return np.frombuffer(self.text, np.uint8)[self.stops].tobytes()

    def bounds(self, indices: Int64[np.ndarray, " n"]) -> tuple[Int64[np.ndarray, " n"], Int64[np.ndarray, " n"]]:
        """Start and stop of the words at `indices`, all above 0: the first word has no separator before it."""
        return self.stops[indices - 1].astype(np.int64) + 1, self.stops[indices].astype(np.int64)

    def at(self, indices: Int64[np.ndarray, " n"]) -> list[bytes]:
        starts, stops = self.bounds(indices)
        return [self.text[start:stop] for start, stop in zip(starts.tolist(), stops.tolist(), strict=True)]


def _bodies_of_frames(words: _Words) -> Int64[np.ndarray, " t"]:
    """Number of bodies in each frame. ValueError, IndexError: lines are missing, or there are no bodies."""
    frames = _count(words.text[: words.stops[0]])
    counts: list[int] = []
    word = 1
    for _ in range(frames):
        counts.append(_count(words.text[words.stops[word - 1] + 1 : words.stops[word]]))
        word += 1 + len(_BODY) * counts[-1]
    if len(counts) > SPARSE * sum(counts):
        raise ValueError("expected bodies in some of the frames")
    if max(counts) > BODIES:
        raise ValueError(f"expected 1 to {BODIES} bodies in a frame, found {max(counts, default=0)}")
    marks = [b"\n" + _BODY * count for count in range(BODIES + 1)]  # each once, as there may be a million frames
    if words.marks != b"\n" + b"".join(marks[count] for count in counts):
        raise ValueError("expected other lines for these counts of bodies")
    return np.array(counts)


def _count(word: bytes) -> int:
    """A whole number, written as one. ValueError otherwise."""
    if not COUNT.fullmatch(word):
        raise ValueError(f"expected a whole number, found {word!r}")
    return int(word)

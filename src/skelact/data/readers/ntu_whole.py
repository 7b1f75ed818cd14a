"""NTU RGB+D all at once: files without any irregularity, by whole-array steps instead of a loop over their lines.

The spaces and line ends of a file must be those that its counts ask for. Then it is known where every number stands,
and only the three of a line that are used are read.
"""

import numpy as np
from jaxtyping import Int32, Int64

from skelact.data.readers.decimals import decimals
from skelact.data.readers.lines import lines_of
from skelact.data.readers.ntu_lines import BODIES, COUNT, ID, JOINTS, NUMBERS, Bodies, finite, numbered

PIECE = 2**16
"""Letters looked at in one step. For temporary arrays of a whole file the system would hand out fresh memory time and
again, which can take as long as the work."""

SPARSE = 100
"""Frames for each body from which on arrays with an entry a frame take too much memory for the little there is."""

_LETTERS = b"0123456789+-.eE \n"
_BODY = b" " * 9 + b"\n" + b"\n" + JOINTS * (b" " * (NUMBERS - 1) + b"\n")
"""What follows the words of a body: the line of its id, that of the number of joints, the joints."""
_JOINTS = b"%d" % JOINTS
_XYZ = (11 + NUMBERS * np.arange(JOINTS)[:, None] + np.arange(3)).ravel()
"""Where among the words of a body its coordinates are."""


def read_quickly(text: bytes) -> Bodies | None:
    """All bodies of a file, as `read_carefully` has them; None if there is any irregularity."""
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
        first = 2 + frame + len(_BODY) * body  # a word for the file and one for each frame stand between bodies
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
    """The words of a text; one space or line end follows each of them."""

    def __init__(self, text: bytes, stops: Int32[np.ndarray, " n"]):
        self.text = text
        self.stops = stops

    @classmethod
    def of(cls, text: bytes) -> "_Words | None":
        """None if there are other letters than those of numbers, or two spaces or line ends without a word between."""
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
        """Where words start and stop; not for the first of all, which has no mark before it."""
        return self.stops[indices - 1].astype(np.int64) + 1, self.stops[indices].astype(np.int64)

    def at(self, indices: Int64[np.ndarray, " n"]) -> list[bytes]:
        starts, stops = self.bounds(indices)
        return [self.text[start:stop] for start, stop in zip(starts.tolist(), stops.tolist(), strict=True)]


def _bodies_of_frames(words: _Words) -> Int64[np.ndarray, " t"]:
    """How many bodies each frame has. ValueError, IndexError: the file has not the lines for them, or it has nobody."""
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

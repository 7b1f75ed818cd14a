"""Clips in array files, in one form for all formats and read one at a time; checks that the formats share.

Every error here concerns a whole source; leaving out clips does not help.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Int64, Shaped

from skelact.data.readers.named import Named
from skelact.data.readers.pickle_arrays import check_letters
from skelact.data.recording import UNKNOWN, ReadError
from skelact.skeleton import Skeleton
from skelact.system.pickles.makes import RefusedPickle
from skelact.system.printable import printable, printed

Joints = Callable[[int], Shaped[np.ndarray, "t m v c"]]
Scores = Callable[[int], Shaped[np.ndarray, "t m v"] | None]
MOST_CLASSES = 10_000
"""Most classes without labels, unless there are more clips than that."""
LONGEST_TEXT, LONGEST_DIVISION = 1000, 255
"""Most letters of a name or label (a store reserves the longest for each), and of a division."""


def _no_scores(clip: int) -> None:
    return None


@dataclass(frozen=True)
class Clips:
    """The clips of array files; `joints(i)` reads clip i."""

    files: tuple[Path, ...]
    names: Sequence[str]
    actions: Int64[np.ndarray, " n"]
    joints: Joints
    """Trailing frames of zeros are padding, unless `lengths` gives the number of frames."""
    scores: Scores = _no_scores
    """Confidence of each joint, if the file has it; a joint with score 0 is missing."""
    lengths: Int64[np.ndarray, " n"] | None = None
    divisions: tuple[str, ...] = ()
    roles: Int64[np.ndarray, "n d"] = field(default_factory=lambda: np.zeros((0, 0), np.int64))
    """NEITHER, TRAINS or TESTS of each clip in each division."""
    classes: tuple[str, ...] = ()
    """Labels by class; empty if the files have numbers only."""
    performed: dict[str, Int64[np.ndarray, " n"]] = field(default_factory=dict)
    """Subject, camera, setup and repetition, if the arrays have them."""
    named: Named = ()
    """Columns of `performed` that are text in the arrays."""

    def __post_init__(self) -> None:
        if len(self.actions) and self.actions.min() < UNKNOWN:
            raise refused(self.files[0], "classes counted from 0 (-1: unknown)", self.actions.min())
        check_names(self.files[0], self.names)
        for division in self.divisions:
            if len(division) > LONGEST_DIVISION:
                found = f"{printed(division)}, {len(division)} letters"
                raise refused(self.files[0], f"a division named in at most {LONGEST_DIVISION} letters", found)


def refused(path: Path, expected: str, found: object) -> ReadError:
    return ReadError(f"{path}: expected {expected}, found {found}")


def check_names(path: Path, names: Iterable[Any]) -> None:
    """ReadError for the first name that is not text, not printable or a duplicate."""
    before = set()
    for number, name in enumerate(names):
        if not isinstance(name, str):
            raise refused(path, f"a text as name of clip {number}", type(name).__name__)
        _check_length(path, f"a name of clip {number}", name)
        if not name or printable(name) != name:
            raise refused(path, f"a name of clip {number} that can be printed", f"'{printed(name)}'")
        if name in before:
            raise refused(path, "a different name for each clip", f"{printed(name)} more than once")
        before.add(name)


def clip_of(path: Path, x: np.ndarray, axes: str) -> Joints:
    """A function that reads clip i as (t, m, v, c) from an array with the named axes; without m there is one person."""
    if x.ndim != len(axes):
        raise refused(path, f"an array of {len(axes)} axes, {', '.join(axes)}", size(x))
    if x.shape[axes.index("n")] and not x.size:
        raise refused(path, f"an array with numbers along each of {', '.join(axes)}", size(x))
    axis = axes.index("n")
    rest = axes.replace("n", "") + ("" if "m" in axes else "m")
    order = [rest.index(letter) for letter in "tmvc"]

    def joints(clip: int) -> np.ndarray:
        one = x[(slice(None),) * axis + (clip,)]
        return (one if "m" in axes else one[..., None]).transpose(order)

    return numeric(path, x, joints)


def numeric(path: Path, x: np.ndarray, joints: Joints) -> Joints:
    if x.dtype.kind not in "fiu":
        raise refused(path, "real numbers", x.dtype)
    return joints


def whole(path: Path, what: str, values: np.ndarray | None, count: int, least: int) -> Int64[np.ndarray, " n"]:
    if values is None:
        return np.full(count, UNKNOWN, np.int64)
    if values.shape != (count,) or values.dtype.kind not in "iu":
        raise refused(path, f"{count} whole numbers as {what}", size(values))
    if count and values.min() < least:
        raise refused(path, f"{what} of at least {least}", values.min())
    if count and values.max() > np.iinfo(np.int64).max:
        raise refused(path, f"{what} of at most {np.iinfo(np.int64).max}", values.max())
    return np.array(values, np.int64)


def names_of(path: Path, names: np.ndarray | Sequence[Any] | None, count: int) -> list[str]:
    if names is None:
        return [f"clip_{number}" for number in range(count)]
    return [name.removesuffix(".skeleton") for name in texts_of(path, "names", names, count)]


def texts_of(path: Path, what: str, values: np.ndarray | Sequence[Any], count: int | None = None) -> list[str]:
    """A list of `count` printable texts; an array may hold them as characters or as UTF-8 bytes."""
    if isinstance(values, np.ndarray):
        if values.ndim != 1 or values.dtype.kind not in "US":
            raise refused(path, f"{what} to be a list of texts", size(values))
        letters = values.dtype.itemsize // 4  # a character takes 4 bytes in U arrays and up to 4 in S arrays
        if letters > LONGEST_TEXT:
            raise refused(path, f"{what} of at most {LONGEST_TEXT} letters", f"{values.dtype}")
    elif not isinstance(values, list | tuple):
        raise refused(path, f"{what} to be a list of texts", type(values).__name__)
    if count is not None and len(values) != count:
        raise refused(path, f"{count} {what}", len(values))
    texts = _characters(path, what, values) if isinstance(values, np.ndarray) else values
    for number, text in enumerate(texts):
        if not isinstance(text, str):
            raise refused(path, f"{what} to be a list of texts", f"{type(text).__name__} as number {number}")
        _check_length(path, what, text)
        if printable(text) != text:
            raise refused(path, f"{what} that can be printed", f"'{printed(text)}' as number {number}")
    return [*texts]


def _check_length(path: Path, what: str, text: str) -> None:
    if len(text) > LONGEST_TEXT:
        raise refused(path, f"{what} of at most {LONGEST_TEXT} letters", f"{printed(text)}, {len(text)} letters")


def check_joints(path: Path, clips: Clips, layout: Skeleton, axes: str, alike: bool) -> None:
    """ReadError if no clip fits the layout: an error of the whole source, not of single clips.

    `alike`: all clips have the same shape but for the number of frames.
    """
    shapes = {clips.joints(clip).shape[2:] for clip in range(1 if alike else len(clips.names))}
    if any(joints == len(layout) and coordinates in (2, 3) for joints, coordinates in shapes):
        return
    joints, coordinates = min(shapes)
    hint = "is it another --skeleton?"
    if axes:
        sizes = dict(zip("tmvc", clips.joints(0).shape, strict=True)) | {"n": len(clips.names)}
        found = ", ".join(f"{letter} = {sizes[letter]}" for letter in axes)
        hint = f"--axes {axes} takes x for {found}: are the axes in another order, or is it another --skeleton?"
    expected = f"{len(layout)} joints of {layout.name} with 2 or 3 coordinates"
    raise refused(path, expected, f"{joints} joints with {coordinates}\n  {hint}")


def in_order(texts: Sequence[str]) -> tuple[list[int], tuple[str, ...]]:
    """The index of each text in alphabetical order (UNKNOWN for an empty one), and the texts in that order."""
    every = tuple(sorted({*texts} - {""}))
    index = {text: number for number, text in enumerate(every)}
    return [index.get(text, UNKNOWN) for text in texts], every


def class_names(path: Path, highest: int, clips: int, labels: Sequence[str]) -> tuple[str, ...]:
    """`labels`, or `class 0` ... without any. ReadError: `highest` is beyond the labels, or too high without any."""
    if labels and highest >= len(labels):
        raise refused(path, f"classes below {len(labels)}, as there are labels", highest)
    if highest >= (most := max(MOST_CLASSES, clips)) and not labels:
        raise refused(path, f"classes below {most} in {clips} clips without --classes", highest)
    return tuple(labels) or tuple(f"class {number}" for number in range(highest + 1))


def labels_in(path: Path) -> tuple[str, ...]:
    """Class labels: the lines of a text file. ReadError if it cannot be read."""
    try:
        if not path.is_file():
            raise ReadError(f"{path}: expected a text file with a label a line, found none")
        lines = path.read_text(encoding="utf-8-sig").rstrip().splitlines()
        return tuple(texts_of(path, "labels", [line.strip() for line in lines]))
    except (OSError, UnicodeDecodeError) as error:
        raise ReadError(f"{path}: cannot be read as a list of labels in UTF-8: {error}") from error


def _characters(path: Path, what: str, values: np.ndarray) -> list[str]:
    try:
        check_letters(values)
        return [text.decode("utf-8") if isinstance(text, bytes) else text for text in values.tolist()]
    except (RefusedPickle, UnicodeDecodeError) as error:
        raise refused(path, f"{what} to be a list of texts", f"other bytes ({error})") from error


def size(value: object) -> str:
    if isinstance(value, np.ndarray):
        return f"{times(value.shape) or 'one'} of {value.dtype}"
    return type(value).__name__


def times(shape: Sequence[int]) -> str:
    return " x ".join(map(str, shape))

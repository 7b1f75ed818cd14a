"""Many clips in array files, brought to one form without reading them all; and those that a user wrote."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from jaxtyping import Int64, Shaped

from skelact.data.readers.mapped import npy, npz
from skelact.data.readers.source import SKIP_HINT
from skelact.data.recording import UNKNOWN, ReadError

Joints = Callable[[int], Shaped[np.ndarray, "t m v c"]]


@dataclass(frozen=True)
class Clips:
    """The clips of array files; `joints(i)` looks one up."""

    files: tuple[Path, ...]
    names: Sequence[str]
    actions: Int64[np.ndarray, " n"]
    joints: Joints
    """Frames at the end in which everything is zero are padding; `lengths` say where it starts, if anything does."""
    lengths: Int64[np.ndarray, " n"] | None = None
    divisions: tuple[str, ...] = ()
    places: Int64[np.ndarray, "n d"] = field(default_factory=lambda: np.zeros((0, 0), np.int64))
    classes: tuple[str, ...] = ()
    """Labels by class; empty where the files have numbers only."""

    def __post_init__(self) -> None:
        if len(self.actions) and self.actions.min() < UNKNOWN:
            raise refused(self.files[0], "classes counted from 0 (-1: unknown)", self.actions.min())
        twice = [name for name, times in Counter(self.names).items() if times > 1]
        if twice:
            raise refused(self.files[0], "a name of its own for each clip", f"{', '.join(twice[:3])} more than once")


def refused(path: Path, expected: str, found: object) -> ReadError:
    return ReadError(f"{path}: expected {expected}, found {found}\n  {SKIP_HINT}")


def own_arrays(source: Path, axes: str) -> Clips:
    """A user's own `x` with `labels`, `names`, `lengths`, `classes`: an .npz, a folder of .npy files, or x alone."""
    if source.is_dir():
        arrays = {path.stem: npy(path) for path in sorted(source.glob("*.npy"))}
        files = tuple(sorted(source.glob("*.npy")))
    elif source.suffix.lower() == ".npy":
        arrays, files = {"x": npy(source)}, (source,)
    else:
        arrays, files = npz(source), (source,)
    known = ("x", "labels", "names", "lengths", "classes")
    if "x" not in arrays or not set(arrays) <= set(known):
        raise refused(source, f"arrays x and, if you like, {', '.join(known[1:])}", ", ".join(sorted(arrays)) or "none")
    x = arrays["x"]
    joints = clip_of(source, x, axes)
    count = x.shape[axes.index("n")]
    names = names_of(source, arrays.get("names"), count)
    return Clips(
        files,
        names,
        whole(source, "labels", arrays.get("labels"), count, UNKNOWN),
        joints,
        whole(source, "lengths", arrays["lengths"], count, 0) if "lengths" in arrays else None,
        classes=tuple(texts_of(source, "classes", arrays["classes"])) if "classes" in arrays else (),
    )


def clip_of(path: Path, x: np.ndarray, axes: str) -> Joints:
    """Looks up a clip as (t, m, v, c) in an array whose axes are named by letters, m left out where there is one."""
    if x.ndim != len(axes):
        raise refused(path, f"an array of {len(axes)} axes, {', '.join(axes)}", size(x))
    place = axes.index("n")
    rest = axes.replace("n", "") + ("" if "m" in axes else "m")
    order = [rest.index(letter) for letter in "tmvc"]

    def joints(clip: int) -> np.ndarray:
        one = x[(slice(None),) * place + (clip,)]
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
    if count and (values.min() < least or values.max() > np.iinfo(np.int64).max):
        raise refused(path, f"{what} of at least {least}", values.min())
    return np.array(values, np.int64)


def names_of(path: Path, names: np.ndarray | None, count: int) -> list[str]:
    if names is None:
        return [f"clip_{number}" for number in range(count)]
    if len(names) != count:
        raise refused(path, f"{count} names", len(names))
    return [name.removesuffix(".skeleton") for name in texts_of(path, "names", names)]


def texts_of(path: Path, what: str, values: np.ndarray) -> list[str]:
    if values.ndim != 1 or not all(isinstance(value, str) for value in values.tolist()):
        raise refused(path, f"{what} to be a list of texts", size(values))
    return values.tolist()


def size(value: object) -> str:
    if isinstance(value, np.ndarray):
        return f"{times(value.shape) or 'one'} of {value.dtype}"
    return type(value).__name__


def times(shape: Sequence[int]) -> str:
    return " x ".join(map(str, shape))

"""Arrays that users write themselves: joints, and optional attributes of each clip."""

import re
from pathlib import Path

import numpy as np
from jaxtyping import Int64

from skelact.data.readers.array_files import Clips, clip_of, in_order, names_of, refused, texts_of, whole
from skelact.data.readers.mapped import npy, npz
from skelact.data.recording import NEITHER, TESTS, TRAINS, UNKNOWN

PERFORMED = {"subjects": "subject", "cameras": "camera", "setups": "setup", "repetitions": "repetition"}
"""Column of a store by the name of its array."""
_KNOWN = ("x", "labels", "names", "lengths", "classes", *PERFORMED)
_SPLIT = "split_"
_PARTS = {"train": TRAINS, "val": TESTS, "test": TESTS, "": NEITHER}


def own_arrays(source: Path, axes: str) -> Clips:
    """Clips of an .npz, a folder of .npy files, or one .npy that is x. ReadError says what does not fit."""
    files = tuple(sorted(source.glob("*.npy"))) if source.is_dir() else (source,)
    if source.is_dir() or source.suffix.lower() == ".npy":
        _check_keys(source, [path.stem for path in files] if source.is_dir() else ["x"])
        arrays = {path.stem if source.is_dir() else "x": npy(path) for path in files}
    else:
        arrays = npz(source)
        _check_keys(source, sorted(arrays))
    x = arrays["x"]
    joints = clip_of(source, x, axes)
    count = x.shape[axes.index("n")]
    performed, named = {}, []
    for key, column in PERFORMED.items():
        if key in arrays:
            performed[column], texts = _numbered(source, key, arrays[key], count)
            named += [(column, texts)] if texts else []
    divisions = tuple(sorted(key for key in arrays if key.startswith(_SPLIT)))
    return Clips(
        files,
        names_of(source, arrays.get("names"), count),
        whole(source, "labels", arrays.get("labels"), count, UNKNOWN),
        joints,
        lengths=whole(source, "lengths", arrays["lengths"], count, 0) if "lengths" in arrays else None,
        divisions=tuple(key.removeprefix(_SPLIT) for key in divisions),
        roles=np.stack([_roles(source, key, arrays[key], count) for key in divisions], axis=1)
        if divisions
        else np.zeros((count, 0), np.int64),
        classes=tuple(texts_of(source, "classes", arrays["classes"])) if "classes" in arrays else (),
        performed=performed,
        named=tuple(named),
    )


def _check_keys(source: Path, found: list[str]) -> None:
    if "x" not in found or not all(name in _KNOWN or re.fullmatch(_SPLIT + r"[\w-]+", name) for name in found):
        known = f"arrays x and optionally {', '.join(_KNOWN[1:])}, {_SPLIT}NAME"
        raise refused(source, known, ", ".join(found[:20]) or "none")


def _numbered(
    source: Path, what: str, values: np.ndarray, count: int
) -> tuple[Int64[np.ndarray, " n"], tuple[str, ...]]:
    """Whole numbers unchanged, texts numbered in alphabetical order (empty: -1); and the texts in that order."""
    if values.dtype.kind not in "US":
        return whole(source, what, values, count, UNKNOWN), ()
    roles, every = in_order(texts_of(source, what, values, count))
    return np.array(roles, np.int64), every


def _roles(source: Path, what: str, values: np.ndarray, count: int) -> Int64[np.ndarray, " n"]:
    texts = texts_of(source, what, values, count)
    for number, text in enumerate(texts):
        if text not in _PARTS:
            raise refused(source, f"train, val, test or nothing in {what}", f"{text[:40]} as number {number}")
    return np.array([_PARTS[text] for text in texts], np.int64)

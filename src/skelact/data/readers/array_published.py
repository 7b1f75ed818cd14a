"""The array files of ST-GCN, CTR-GCN and their successors."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from skelact.data.readers.array_files import (
    Clips,
    Joints,
    clip_of,
    names_of,
    numeric,
    refused,
    size,
    whole,
)
from skelact.data.readers.mapped import npy, npz
from skelact.data.readers.pickles import plain_pickle
from skelact.data.recording import NEITHER, TESTS, TRAINS, UNKNOWN
from skelact.system.pickles.makes import described

JOINT_FILES = ("position", "joint", "data")
"""Endings of the names of joint files; files of bones and motion in the folder are ignored."""


def published_position(source: Path) -> Clips:
    """`position.npy` (n, c, t, v, m) with `label.pkl` (names, labels), for one part or for several.

    A prefix `train`, `val` or `test` names the part, as in `train_position.npy`.
    """
    folder = source if source.is_dir() else source.parent
    arrays = [source]
    if source.is_dir():
        arrays = sorted(path for path in folder.glob("*.npy") if path.stem.endswith(JOINT_FILES))
        if not arrays:
            raise refused(source, "files like train_position.npy and train_label.pkl", "no such .npy file")
    parts = []
    for path in arrays:
        prefix = path.stem.partition("_")[0] + "_" if "_" in path.stem else ""
        if not (label := folder / f"{prefix}label.pkl").is_file():
            raise refused(path, f"{label.name} beside it", "no such file")
        pair = plain_pickle(label)
        if not isinstance(pair, tuple | list) or len(pair) != 2:
            raise refused(label, "two lists, names and labels", _number_of(pair, "list"))
        x = npy(path)
        joints = clip_of(path, x, "nctvm")
        names = names_of(label, pair[0], len(x))
        labels = whole(label, "labels", _numbers(label, pair[1], len(x)), len(x), UNKNOWN)
        role = {"train": TRAINS, "val": TESTS, "test": TESTS}.get(prefix.rstrip("_"), NEITHER)
        parts.append(((path, label), names, labels, joints, role))
    return _joined(parts)


def _number_of(value: Any, what: str) -> str:
    if not isinstance(value, tuple | list):
        return f"a {type(value).__name__}"
    count = {0: "no", 1: "one", 3: "three", 4: "four"}.get(len(value), str(len(value)))
    return f"{count} {what}{'' if len(value) == 1 else 's'}"


def _numbers(path: Path, values: Any, count: int) -> np.ndarray:
    """Labels as an array. Only whole numbers go to numpy, which could follow nested lists for ever."""
    if isinstance(values, np.ndarray):
        return values
    if not isinstance(values, tuple | list) or len(values) != count:
        raise refused(path, f"{count} whole numbers as labels", _number_of(values, "value"))
    for number, value in enumerate(values):
        if type(value) is not int or abs(value) >= 2**63:
            raise refused(path, f"{count} whole numbers as labels", f"{described(value)} as number {number}")
    return np.array(values, np.int64)


def published_npz(source: Path, joint_count: int) -> Clips:
    """CTR-GCN's `x_train` (n, t, m v c) and `y_train` (n, classes), one-hot, and the same for `test`."""
    arrays = npz(source)
    missing = [name for name in ("x_train", "y_train", "x_test", "y_test") if name not in arrays]
    if missing:
        raise refused(source, "x_train, y_train, x_test and y_test", ", ".join(sorted(arrays)) or "no array")
    parts = []
    for part, role in (("train", TRAINS), ("test", TESTS)):
        x, y = arrays[f"x_{part}"], arrays[f"y_{part}"]
        if x.ndim != 3 or x.shape[2] == 0 or x.shape[2] % (3 * joint_count) or (len(x) and not x.size):
            raise refused(source, f"x_{part} of n x t x (m x {joint_count} x 3) numbers", size(x))
        if y.ndim != 2 or y.dtype.kind not in "biuf" or len(y) != len(x) or not y.shape[1] or not _one_hot(y):
            raise refused(source, f"y_{part} of {len(x)} lines with one number that is not 0", size(y))

        def joints(clip: int, x: np.ndarray = x) -> np.ndarray:
            return np.asarray(x[clip]).reshape(x.shape[1], -1, joint_count, 3)

        names = [f"{part}_{number}" for number in range(len(x))]
        parts.append(((source,), names, y.argmax(axis=1).astype(np.int64), numeric(source, x, joints), role))
    return _joined(parts)


def _one_hot(y: np.ndarray) -> bool:
    return bool((np.count_nonzero(y, axis=1) == 1).all())


def _joined(parts: list[tuple[tuple[Path, ...], Sequence[str], np.ndarray, Joints, int]]) -> Clips:
    """The parts one after another, with a division `published` if any part has a role."""
    first = np.cumsum([0, *(len(names) for _, names, _, _, _ in parts)])

    def joints(clip: int) -> np.ndarray:
        part = int(np.searchsorted(first, clip, side="right")) - 1
        return parts[part][3](clip - int(first[part]))

    roles = np.concatenate([np.full(len(names), role) for _, names, _, _, role in parts])[:, None]
    divided = bool((roles != NEITHER).any())
    return Clips(
        tuple(path for files, *_ in parts for path in files),
        [name for _, names, *_ in parts for name in names],
        np.concatenate([labels for _, _, labels, *_ in parts]),
        joints,
        divisions=("published",) if divided else (),
        roles=roles.astype(np.int64) if divided else np.zeros((len(roles), 0), np.int64),
    )

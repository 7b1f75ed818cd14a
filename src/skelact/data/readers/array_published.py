"""The array files that other projects train on."""

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
    times,
    whole,
)
from skelact.data.readers.mapped import npy, npz
from skelact.data.readers.pickles import plain_pickle
from skelact.data.recording import NEITHER, TESTS, TRAINS, UNKNOWN

JOINT_FILES = ("position", "joint", "data")
"""How the name of a file of joints ends; bones and motion may lie beside it."""


def published_position(source: Path) -> Clips:
    """`position.npy` (n, c, t, v, m) with `label.pkl` (names, labels), of one part or of training and test part.

    Parts are told by `train` and `val` or `test` before the rest of the name, as `train_position.npy`.
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
            raise refused(label, "two lists, names and labels", type(pair).__name__)
        x = npy(path)
        joints = clip_of(path, x, "nctvm")
        names = names_of(label, np.array(list(pair[0]), object), len(x))
        labels = whole(label, "labels", np.array(list(pair[1])), len(x), UNKNOWN)
        place = {"train": TRAINS, "val": TESTS, "test": TESTS}.get(prefix.rstrip("_"), NEITHER)
        parts.append(((path, label), names, labels, joints, place))
    return _joined(parts)


def published_npz(source: Path, joint_count: int) -> Clips:
    """CTR-GCN's `x_train` (n, t, m v c) and `y_train` (n, classes), one-hot, and the same for `test`."""
    arrays = npz(source)
    missing = [name for name in ("x_train", "y_train", "x_test", "y_test") if name not in arrays]
    if missing:
        raise refused(source, "x_train, y_train, x_test and y_test", ", ".join(sorted(arrays)) or "no array")
    parts = []
    for part, place in (("train", TRAINS), ("test", TESTS)):
        x, y = arrays[f"x_{part}"], arrays[f"y_{part}"]
        if x.ndim != 3 or x.shape[2] == 0 or x.shape[2] % (3 * joint_count):
            raise refused(source, f"x_{part} of n x t x (m x {joint_count} x 3) numbers", size(x))
        if y.ndim != 2 or len(y) != len(x) or not (np.count_nonzero(y, axis=1) == 1).all():
            raise refused(source, f"y_{part} of {len(x)} lines with one number that is not 0", size(y))

        def joints(clip: int, x: np.ndarray = x) -> np.ndarray:
            return np.asarray(x[clip]).reshape(x.shape[1], -1, joint_count, 3)

        names = [f"{part}_{number}" for number in range(len(x))]
        parts.append(((source,), names, y.argmax(axis=1).astype(np.int64), numeric(source, x, joints), place))
    return _joined(parts)


def published_annotations(source: Path) -> Clips:
    """pyskl's dict of `split` and `annotations` (frame_dir, label, keypoint (m, t, v, c), keypoint_score).

    A joint whose score is 0 was not seen, and is zero. Of a split's lists those that end in `train`, `val` or `test`
    make a division, named by what stands before.
    """
    held = plain_pickle(source)
    if not isinstance(held, dict) or not isinstance(held.get("annotations"), list):
        raise refused(source, "a dict with split and annotations", type(held).__name__)
    annotations = held["annotations"]
    if not annotations:
        raise refused(source, "at least 1 annotation", "none")
    for number, one in enumerate(annotations):
        _check_annotation(source, number, one)

    def joints(clip: int) -> np.ndarray:
        one = annotations[clip]
        points = np.asarray(one["keypoint"]).transpose(1, 0, 2, 3)
        score = one.get("keypoint_score")
        return points if score is None else np.where((np.asarray(score).transpose(1, 0, 2) == 0)[..., None], 0, points)

    names = [str(one["frame_dir"]) for one in annotations]
    lengths = np.array([one["keypoint"].shape[1] for one in annotations], np.int64)
    actions = np.array([int(one.get("label", UNKNOWN)) for one in annotations], np.int64)
    divisions, places = _divisions(source, held.get("split") or {}, names)
    return Clips((source,), names, actions, joints, lengths, divisions, places)


def _check_annotation(source: Path, number: int, one: Any) -> None:
    what = f"annotation {number}"
    if not isinstance(one, dict) or not isinstance(one.get("frame_dir"), str) or "keypoint" not in one:
        raise refused(source, f"{what} to be a dict with frame_dir and keypoint", str(one)[:40])
    points, score, label = one["keypoint"], one.get("keypoint_score"), one.get("label", UNKNOWN)
    what += f" ({one['frame_dir']})"
    if not isinstance(points, np.ndarray) or points.ndim != 4 or points.dtype.kind not in "fiu":
        raise refused(source, f"{what} to have keypoint of m x t x v x c numbers", size(points))
    if score is not None and (not isinstance(score, np.ndarray) or score.shape != points.shape[:3]):
        raise refused(source, f"{what} to have keypoint_score of {times(points.shape[:3])}", size(score))
    if one.get("total_frames", points.shape[1]) != points.shape[1]:
        raise refused(source, f"{what} to have {one['total_frames']} frames as it says", points.shape[1])
    if not isinstance(label, int | np.integer):
        raise refused(source, f"{what} to have a whole number as label", str(label)[:40])


def _divisions(source: Path, split: Any, names: Sequence[str]) -> tuple[tuple[str, ...], np.ndarray]:
    """Names of the divisions, and the place of each clip in them."""
    if not isinstance(split, dict):
        raise refused(source, "split to be a dict of lists of names", type(split).__name__)
    row = {name: number for number, name in enumerate(names)}
    columns: dict[str, np.ndarray] = {}
    for key, members in split.items():
        division, _, part = f"_{key}".rpartition("_")
        if part not in ("train", "val", "test"):
            continue
        column = columns.setdefault(division.strip("_") or "published", np.zeros(len(names), np.int64))
        for member in members:
            if member not in row:
                raise refused(source, f"split {key} to name clips that are there", repr(member)[:60])
            column[row[member]] = TRAINS if part == "train" else TESTS
    places = np.stack(list(columns.values()), axis=1) if columns else np.zeros((len(names), 0), np.int64)
    return tuple(columns), places


def _joined(parts: list[tuple[tuple[Path, ...], Sequence[str], np.ndarray, Joints, int]]) -> Clips:
    """The parts one after another; a division `published` where a part says where its clips belong."""
    first = np.cumsum([0, *(len(names) for _, names, _, _, _ in parts)])

    def joints(clip: int) -> np.ndarray:
        part = int(np.searchsorted(first, clip, side="right")) - 1
        return parts[part][3](clip - int(first[part]))

    places = np.concatenate([np.full(len(names), place) for _, names, _, _, place in parts])[:, None]
    told = bool((places != NEITHER).any())
    return Clips(
        tuple(path for files, *_ in parts for path in files),
        [name for _, names, *_ in parts for name in names],
        np.concatenate([labels for _, _, labels, *_ in parts]),
        joints,
        None,
        ("published",) if told else (),
        places.astype(np.int64) if told else np.zeros((len(places), 0), np.int64),
    )

"""Annotation lists of MMAction2 and pyskl: a pickle with one dict a clip."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from skelact.data.readers.array_files import Clips, check_names, refused, size, times
from skelact.data.readers.pickles import plain_pickle
from skelact.data.recording import TESTS, TRAINS, UNKNOWN
from skelact.system.pickles.makes import described
from skelact.system.printable import printed

_SHARED = 64 * 2**20
"""Bytes by which the keypoints of all clips may exceed the file; only clips that share keypoints need more."""

MOST_DIVISIONS = 64


def published_annotations(source: Path) -> Clips:
    """A dict of `split` and `annotations` (frame_dir, label, keypoint (m, t, v, c), keypoint_score), or the list alone.

    Lists of a split named NAME_train, NAME_val or NAME_test make the division NAME.
    """
    held = plain_pickle(source)
    if isinstance(held, dict) and not isinstance(held.get("annotations"), list):
        raise refused(source, "a dict with split and annotations", f"a dict with {_listed(held)}")
    annotations = held["annotations"] if isinstance(held, dict) else held
    if not isinstance(annotations, list):
        raise refused(source, "a dict with split and annotations, or a list of annotations", described(held))
    if not annotations:
        raise refused(source, "at least 1 annotation", "none")
    names = [*_checked(source, annotations)]

    def joints(clip: int) -> np.ndarray:
        return annotations[clip]["keypoint"].transpose(1, 0, 2, 3)

    def scores(clip: int) -> np.ndarray | None:
        score = annotations[clip].get("keypoint_score")
        return None if score is None else score.transpose(1, 0, 2)

    lengths = np.array([one["keypoint"].shape[1] for one in annotations], np.int64)
    actions = np.array([one.get("label", UNKNOWN) for one in annotations], np.int64)
    split = (held.get("split") if isinstance(held, dict) else None) or {}
    divisions, roles = _divisions(source, split, names)
    return Clips((source,), names, actions, joints, scores, lengths, divisions, roles)


def _checked(source: Path, annotations: Sequence[Any]) -> Iterator[str]:
    """The name of each annotation. ReadError: a missing field, a duplicate name, shared keypoints."""
    most, names = source.stat().st_size + _SHARED, set()
    for number, one in enumerate(annotations):
        _check_annotation(source, number, one)
        name = one["frame_dir"]
        if name in names:
            check_names(source, [name, name])
        names.add(name)
        most -= one["keypoint"].nbytes
        if most < 0:
            raise refused(
                source, "annotations with keypoint of their own", f"shared keypoints in the first {number + 1}"
            )
        yield name


def _check_annotation(source: Path, number: int, one: Any) -> None:
    what = f"annotation {number}"
    if not isinstance(one, dict):
        raise refused(source, f"{what} to be a dict with frame_dir and keypoint", described(one))
    if isinstance(one.get("frame_dir"), str):
        what += f" ({printed(one['frame_dir'])})"
    for key in ("frame_dir", "keypoint"):
        if key not in one:
            raise refused(source, f"{what} to have {key}", f"only {_listed(one)}")
    if not isinstance(one["frame_dir"], str):
        raise refused(source, f"{what} to have a text as frame_dir", described(one["frame_dir"]))
    points, score, label = one["keypoint"], one.get("keypoint_score"), one.get("label", UNKNOWN)
    if not isinstance(points, np.ndarray) or points.ndim != 4 or points.dtype.kind not in "fiu":
        raise refused(source, f"{what} to have keypoint of m x t x v x c numbers", size(points))
    if score is not None and (
        not isinstance(score, np.ndarray) or score.shape != points.shape[:3] or score.dtype.kind not in "fiu"
    ):
        raise refused(source, f"{what} to have keypoint_score of {times(points.shape[:3])} numbers", size(score))
    frames = one.get("total_frames", points.shape[1])
    if type(frames) not in (int, float) or frames != points.shape[1]:
        raise refused(source, f"{what} to have total_frames {points.shape[1]} as keypoint has", described(frames))
    if type(label) is not int or abs(label) >= 2**63:
        raise refused(source, f"{what} to have a whole number as label", described(label))


def _listed(held: dict) -> str:
    """The first keys of a dict, as text."""
    keys = [described(key) for key in list(held)[:8]]
    return ", ".join(keys) + (", ..." if len(held) > len(keys) else "") if keys else "nothing"


def _divisions(source: Path, split: Any, names: Sequence[str]) -> tuple[tuple[str, ...], np.ndarray]:
    """Names of the divisions, and the role of each clip in each of them."""
    if not isinstance(split, dict):
        raise refused(source, "split to be a dict of lists of names", described(split))
    row = {name: number for number, name in enumerate(names)}
    columns: dict[str, np.ndarray] = {}
    for key, members in split.items():
        division, _, part = f"_{key}".rpartition("_")
        if part not in ("train", "val", "test"):
            continue
        if not isinstance(members, list | tuple | set):
            raise refused(source, f"split {described(key)} to be a list of names", described(members))
        if len(columns) > MOST_DIVISIONS:
            raise refused(source, f"at most {MOST_DIVISIONS} divisions in split", "more")
        column = columns.setdefault(division.strip("_") or "published", np.zeros(len(names), np.int64))
        for member in members:
            if not isinstance(member, str) or member not in row:
                raise refused(source, f"split {described(key)} to name clips that are there", described(member))
            column[row[member]] = TRAINS if part == "train" else TESTS
    roles = np.stack(list(columns.values()), axis=1) if columns else np.zeros((len(names), 0), np.int64)
    return tuple(columns), roles

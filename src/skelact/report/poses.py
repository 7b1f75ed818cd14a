"""Recordings for drawing: one row per person, axes (right, up, towards the viewer), scaled to the picture."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Int64

from skelact.data.recording import Recording
from skelact.skeleton import Skeleton

MOST_PERSONS = 3
"""Persons shown of one clip: those that are seen in most frames."""
INSIDE = 98.0
"""Per cent of all joints that the frame of the picture holds; the rest may be noise metres away."""


@dataclass(frozen=True)
class Poses:
    """Joints of p persons, turned upright and centred; one unit is the radius of the picture."""

    joints: Float64[np.ndarray, "t p v 3"]
    """(right, up, towards the viewer); nan where a joint or a person is not seen."""
    floor: float
    """Height of the lowest joints."""


def poses(recording: Recording, skeleton: Skeleton) -> Poses:
    """What is drawn of a recording. One without any person gives a single empty person."""
    joints = _by_person(recording)
    if recording.missing is None:
        joints = _seen(joints)
    joints = joints @ _upright(skeleton).T
    points = joints[np.isfinite(joints).all(axis=-1)]
    if not len(points):
        return Poses(joints, -1.0)
    low, high = np.percentile(points, [100 - INSIDE, INSIDE], axis=0)
    centred = points - (low + high) / 2
    aside, height = np.hypot(centred[:, 0], centred[:, 2]), np.abs(centred[:, 1])
    radius = max(np.percentile(aside, INSIDE), np.percentile(height, INSIDE), 1e-9)
    return Poses((joints - (low + high) / 2) / radius, float(np.percentile(centred[:, 1], 1) / radius))


def sides(skeleton: Skeleton) -> Int64[np.ndarray, "v"]:
    """0 for a joint on the middle line or of an unknown side, 1 for the left side, 2 for the right."""
    side = np.zeros(len(skeleton), dtype=np.int64)
    for left, right in skeleton.pairs:
        side[left], side[right] = 1, 2
    return side


def _by_person(recording: Recording) -> Float64[np.ndarray, "t p v 3"]:
    """One row a person over the whole clip, whichever slot it took; nan where the person or a joint is missing."""
    known, frames = np.unique(recording.identity[recording.identity >= 0], return_counts=True)
    kept = np.sort(known[np.argsort(-frames, kind="stable")[:MOST_PERSONS]])
    rows = np.full((len(recording.joints), max(len(kept), 1), *recording.joints.shape[2:]), np.nan)
    for row, person in enumerate(kept):
        time, slot = np.nonzero(recording.identity == person)
        rows[time, row] = recording.joints[time, slot]
        if recording.missing is not None:
            rows[time, row] = np.where(recording.missing[time, slot][..., None], np.nan, rows[time, row])
    return rows


def _seen(joints: Float64[np.ndarray, "t p v 3"]) -> Float64[np.ndarray, "t p v 3"]:
    """Files that do not say which joints are missing write zeros for them; zero in every frame is the origin."""
    zero = (joints == 0).all(axis=-1)
    origin = zero.all(axis=(0, 1)) & ~zero.all()
    return np.where((zero & ~origin)[..., None], np.nan, joints)


def _upright(skeleton: Skeleton) -> Float64[np.ndarray, "3 3"]:
    """From the recording's axes to (right, up, towards the viewer), seen from the sensor; left-handed ones mirrored."""
    axes = np.eye(3)
    up = axes["xyz".index(skeleton.up[1])] * (1.0 if skeleton.up[0] == "+" else -1.0)
    towards = -axes[1 if skeleton.up[1] == "z" else 2]
    right = np.cross(up, towards) * (-1.0 if skeleton.handedness == "left" else 1.0)
    return np.stack([right, up, towards])

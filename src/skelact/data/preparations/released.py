"""The published preparation of NTU RGB+D ("relative, y-rotated, resized"), exact, for any skeleton with shoulders.

Known harm: persons lose their relative position, a gap of the first body shortens the clip, bodies swap slots when the
file swaps them, and every frame gets its own heading. `robust` avoids this; published weights need `released`.
"""

from collections import Counter

import numpy as np
from jaxtyping import Float64

from skelact.data.preparations.resize import resize
from skelact.data.recording import Recording
from skelact.skeleton import Skeleton
from skelact.system.world import SkelactError

MOST_FRAMES = 300


def check_released(skeleton: Skeleton) -> None:
    """SkelactError if the skeleton has no shoulders or its up axis is not y."""
    if not {"left_shoulder", "right_shoulder"} <= set(skeleton.joints):
        raise SkelactError(
            f"preparation released turns by left_shoulder and right_shoulder, which skeleton {skeleton.name} "
            "does not have; use preparation robust"
        )
    if skeleton.up[1] != "y":
        raise SkelactError(
            f"preparation released turns about y, but up is {skeleton.up} in skeleton {skeleton.name}; "
            "use preparation robust"
        )


def prepare_released(
    recording: Recording, skeleton: Skeleton, frames: int, persons: int
) -> tuple[Float64[np.ndarray, "3 t v m"], Counter[str]]:
    """At most 300 frames and `persons` slots in file order, centred, resized and turned; all zero without a body."""
    every = recording.joints
    if recording.missing is not None:  # the published program marks missing joints by zeros only
        every = np.where(recording.unseen[..., None], np.float32(0), every)
    if skeleton.handedness == "left":
        every = every * np.array([1, 1, -1], np.float32)
    slots = min(every.shape[1], persons)
    cut = Counter(
        frames_beyond_300=max(0, every.shape[0] - MOST_FRAMES),
        slots_dropped=max(0, every.shape[1] - persons),
    )
    joints = every[:MOST_FRAMES, :slots]
    clip = np.zeros((3, frames, every.shape[2], persons))

    # Number of frames with a first body. As many frames are kept from the start, gaps included.
    length = int(joints[:, :1, 0].any(axis=(1, 2)).sum())
    if length == 0:
        return clip, cut + Counter(empty=1)
    cut["frames_lost_to_gaps"] = len(joints) - length
    # Coordinates before persons and joints, so that each step runs over long rows of memory.
    x = joints[:length].transpose(0, 3, 1, 2).astype(np.float64, order="C")
    x -= x[..., skeleton.centre, None]
    clip[..., :slots] = turn_each_frame(resize(x, frames), skeleton).transpose(1, 0, 3, 2)
    return clip, cut


def turn_each_frame(joints: Float64[np.ndarray, "t 3 m v"], skeleton: Skeleton) -> Float64[np.ndarray, "t 3 m v"]:
    """Turn every frame and person about y so that the line from the left to the right shoulder points along x.

    The size of the angle is computed frame by frame. Its sign is the same for all frames of a person: that of the sum
    of the shoulder lines along z.
    """
    left, right = skeleton.shoulders
    line = joints[..., right] - joints[..., left]
    across, away = line[:, 0], line[:, 2]
    angle = np.arccos(across / (np.hypot(across, away) + 1e-4))
    angle = np.where(away.sum(axis=0) >= 0, -angle, angle)
    cos, sin = np.cos(angle)[..., None], np.sin(angle)[..., None]
    x, z = joints[:, 0], joints[:, 2]
    turned = joints.copy()
    turned[:, 0] = cos * x - sin * z
    turned[:, 2] = sin * x + cos * z
    return turned

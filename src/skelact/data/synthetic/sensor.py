"""A depth camera: its frame of reference, noise, occlusion, jumps and lost frames."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float32, Float64, Int64

from skelact.layouts import KINECT_V2

BETWEEN = 45.0
"""Angle between neighbouring cameras, in degrees."""

# Standard deviation in metres at three metres: the trunk is steady, the ends of the limbs are not.
_SPREAD = np.full(len(KINECT_V2), 0.010)
_SPREAD[[KINECT_V2.index(f"{side}_{joint}") for side in ("left", "right") for joint in ("wrist", "ankle")]] = 0.014
_SPREAD[[KINECT_V2.index(f"{side}_{joint}") for side in ("left", "right") for joint in ("hand", "foot")]] = 0.018
_SPREAD[[KINECT_V2.index(f"{side}_{joint}") for side in ("left", "right") for joint in ("thumb", "hand_tip")]] = 0.024
_LIMBS = [list(joints) for name, joints in KINECT_V2.parts.items() if name != "trunk"]
_MEMORY = 0.75  # of the noise from one frame to the next


@dataclass(frozen=True)
class Camera:
    """A camera looking at the middle of the scene."""

    yaw: float
    """Degrees around the scene; 0 looks along z."""
    height: float
    distance: float
    tilt: float
    """Degrees downwards."""

    def see(self, joints: Float64[np.ndarray, "*dims 3"]) -> Float64[np.ndarray, "*dims 3"]:
        """Metres in the camera's frame: x to its left, y up, z away from it. A rigid motion of the room."""
        yaw, tilt = np.radians(self.yaw), np.radians(self.tilt)
        around = np.array([[np.cos(yaw), 0, -np.sin(yaw)], [0, 1, 0], [np.sin(yaw), 0, np.cos(yaw)]])
        down = np.array([[1, 0, 0], [0, np.cos(tilt), np.sin(tilt)], [0, -np.sin(tilt), np.cos(tilt)]])
        return (joints @ around.T + np.array([0, -self.height, self.distance])) @ down.T


def draw_camera(camera: int, cameras: int, rng: np.random.Generator) -> Camera:
    """Camera `camera` of 1..cameras, BETWEEN degrees apart; its pose is drawn anew for each performance."""
    height, distance = float(rng.uniform(0.7, 2.2)), float(rng.uniform(2.5, 4.2))
    at_chest = float(np.degrees(np.arctan2(height - 1.1, distance)))
    yaw = (camera - (cameras + 1) / 2) * BETWEEN + float(rng.uniform(-8, 8))
    return Camera(yaw, height, distance, tilt=at_chest + float(rng.uniform(-4, 4)))


def draw_window(span: tuple[int, int], shortest: int, longest: int, rng: np.random.Generator) -> slice:
    """The frames that one camera records: a random window that contains the action."""
    begin, end = span
    frames = int(rng.integers(max(shortest, end - begin), longest + 1))
    start = int(rng.integers(end - frames, begin + 1))
    return slice(start, start + frames)


def blur(joints: Float64[np.ndarray, "t m v 3"], rng: np.random.Generator) -> Float64[np.ndarray, "t m v 3"]:
    """Add noise that lasts a few frames, grows with distance, and is strongest for self-occluded joints."""
    from scipy.signal import lfilter  # here, as the import takes most of a second

    white = rng.normal(size=joints.shape)
    slow = lfilter([np.sqrt(1 - _MEMORY**2)], [1, -_MEMORY], white, axis=0)
    size = _SPREAD * (joints[..., 2] / 3) ** 2 * (1 + 2.5 * _hidden(joints))
    lasting = 1.5 * rng.normal(size=joints.shape[1:])  # a constant error of each camera
    return _jumps(joints + (np.asarray(slow) + lasting) * size[..., None], rng)


def _hidden(joints: Float64[np.ndarray, "t m v 3"]) -> Float64[np.ndarray, "t m v"]:
    """Occlusion: 0 for visible joints, 1 for joints right behind their own trunk, seen from the camera."""
    trunk = joints[:, :, [KINECT_V2.index("spine")]]
    behind = np.clip((joints[..., 2] - trunk[..., 2] - 0.05) / 0.1, 0, 1)
    aside = np.abs(joints[..., 0] - trunk[..., 0])
    return behind * np.clip(1.3 - aside / 0.25, 0, 1)


def _jumps(joints: Float64[np.ndarray, "t m v 3"], rng: np.random.Generator) -> Float64[np.ndarray, "t m v 3"]:
    """Occasionally a limb freezes, or one of its joints jumps away, for a few frames."""
    frames, persons = joints.shape[:2]
    for person in range(persons):
        for _ in range(rng.poisson(frames / 60)):
            start = int(rng.integers(1, frames))
            stop = start + int(rng.integers(2, 7))
            limb = _LIMBS[rng.integers(len(_LIMBS))]
            if rng.random() < 0.5:
                joints[start:stop, person, limb] = joints[start - 1, person, limb]
            else:
                joints[start:stop, person, rng.choice(limb)] += rng.normal(0, 0.12, 3)
    return joints


def lost_frames(frames: int, rng: np.random.Generator) -> Bool[np.ndarray, "t"]:
    """Frames without any body: in one clip of four, a gap of one to five frames, never at the very start."""
    lost = np.zeros(frames, dtype=bool)
    if rng.random() < 0.25:
        start = int(rng.integers(1, frames))
        lost[start : start + int(rng.integers(1, 6))] = True
    return lost


def slots(persons: int, lost: Bool[np.ndarray, "t"], rng: np.random.Generator) -> Int64[np.ndarray, "t m"]:
    """The person in each slot of each frame; after lost frames the tracker may exchange persons."""
    who = np.tile(np.arange(persons), (len(lost), 1))
    if lost.any() and rng.random() < 0.5:
        who[int(lost.argmax()) :] = who[0, ::-1]
    return who.astype(np.int64)


def record(
    joints: Float64[np.ndarray, "t m v 3"], camera: Camera, rng: np.random.Generator
) -> tuple[Float32[np.ndarray, "t m v 3"], Int64[np.ndarray, "t m"]]:
    """Joints as this camera records them, zero in lost frames, and the identity of each slot."""
    joints = joints[:, rng.permutation(joints.shape[1])]  # either person may be detected first
    seen = blur(camera.see(joints), rng)
    lost = lost_frames(len(joints), rng)
    identity = slots(joints.shape[1], lost, rng)
    seen = np.take_along_axis(seen, identity[..., None, None], axis=1)
    seen[lost], identity[lost] = 0, -1
    return seen.astype(np.float32), identity

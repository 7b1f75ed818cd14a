"""Who is in a clip: bodies followed by identity, noise bodies told from people, gaps filled."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float64

from skelact.data.recording import Recording
from skelact.skeleton import Skeleton

FEW_FRAMES = 12
"""A body seen in fewer frames than these and in less than a third of the clip is noise ..."""
FEW_SHARE = 0.1
"""... and so is one seen in a smaller share of the clip than this."""
STATIC = 0.001
"""A body whose joints stray less than this share of its height from their mean places is furniture: 1.7 mm for a tall
person. Someone who stands and waits strays three times as far (SBU, the stillest of 564 bodies)."""
FLAT = 1.5
"""A frame is flat where the body is more than this many times as wide as it is tall; someone kicking comes to 1.3."""
FLAT_SHARE = 0.7
"""A body that is flat in more than this share of its frames is no person standing or sitting."""


@dataclass(frozen=True)
class Body:
    """One person of a clip, by identity, whichever slots it was read from."""

    identity: int
    joints: Float64[np.ndarray, "t v 3"]
    """Coordinates in frames where it is seen, up along +y."""
    seen: Bool[np.ndarray, " t"]

    @cached_property
    def stray(self) -> float:
        """Root mean square distance of the joints from their mean places over the clip."""
        shown = self.joints[self.seen]
        return float(np.sqrt(np.square(shown - shown.mean(axis=0)).sum(axis=-1).mean()))

    @property
    def height(self) -> float:
        """Mean extent upwards."""
        return float(np.ptp(self.joints[self.seen, :, 1], axis=1).mean())

    def is_noise(self, frames: int) -> bool:
        """Whether it is seen too rarely, is static or is flat; `frames` counts the frames with anybody in them."""
        share = self.seen.sum() / frames
        rare = share < FEW_SHARE or (self.seen.sum() < FEW_FRAMES and share < 1 / 3)
        wide, tall, deep = extent(self.joints[self.seen]).T
        flat = (np.maximum(wide, deep) > FLAT * tall).mean() > FLAT_SHARE
        return bool(rare or flat or self.stray <= STATIC * self.height)

    @property
    def prominence(self) -> float:
        """How much it moves over how many frames: the main actor has the most."""
        return self.stray * float(self.seen.sum())


def extent(joints: Float64[np.ndarray, "t v 3"]) -> Float64[np.ndarray, "t 3"]:
    """How far the joints of each frame reach along each axis."""
    # Joints first in memory: numpy then compares long rows; as they lie it would take three numbers at a time.
    return np.ptp(np.ascontiguousarray(joints.swapaxes(0, 1)), axis=0)


def upright(joints: np.ndarray, skeleton: Skeleton) -> Float64[np.ndarray, "..."]:
    """Coordinates (last axis) turned, not mirrored, so that up is +y."""
    joints = joints.astype(np.float64)
    if skeleton.up == "+y":
        return joints
    x, y, z = np.moveaxis(joints, -1, 0)
    turned = {
        "-y": (x, -y, -z),
        "+z": (x, z, -y),
        "-z": (x, -z, y),
        "+x": (-y, x, z),
        "-x": (y, -x, z),
    }[skeleton.up]
    return np.stack(turned, axis=-1)


def bodies_of(recording: Recording, skeleton: Skeleton) -> tuple[list[Body], int]:
    """The people of a clip, main actor first, and how many noise bodies were removed; one body is always kept."""
    joints = upright(recording.joints, skeleton)
    # A slot that is taken but holds zeros only was not seen either.
    identity = np.where(recording.joints.any(axis=(2, 3)), recording.identity, -1)
    bodies = []
    for number in np.unique(identity[identity >= 0]):
        here = identity == number
        seen = here.any(axis=1)
        frame, slot = np.arange(len(seen)), here.argmax(axis=1)
        bodies.append(Body(int(number), joints[frame, slot] * seen[:, None, None], seen))
    frames = int((identity >= 0).any(axis=1).sum())
    people = [body for body in bodies if not body.is_noise(frames)] if len(bodies) > 1 else bodies
    if bodies and not people:
        people = [max(bodies, key=lambda body: body.prominence)]
    people.sort(key=lambda body: (-body.prominence, body.identity))
    return people, len(bodies) - len(people)


def fill_joints(body: Body) -> tuple[Float64[np.ndarray, "t v 3"], int]:
    """Joints filled where the body is seen but a joint is exactly zero, as detectors mark one they missed.

    A joint that is zero whenever the body is seen is left so: it is the origin of its recording.
    """
    joints = body.joints.copy()
    missing = body.seen[:, None] & ~joints.any(axis=-1)
    filled = 0
    for joint in np.flatnonzero(missing.any(axis=0)):
        known = body.seen & ~missing[:, joint]
        if known.any():
            holes = np.flatnonzero(missing[:, joint])
            joints[holes, joint] = _between(joints[:, joint], known, holes)
            filled += len(holes)
    return joints, filled


def fill_frames(joints: Float64[np.ndarray, "t v 3"], seen: Bool[np.ndarray, " t"]) -> Float64[np.ndarray, "t v 3"]:
    """Frames where the body is not seen: linear between its neighbours, held before its first and after its last."""
    whole = joints.copy()
    holes = np.flatnonzero(~seen)
    if len(holes):
        whole[holes] = _between(joints, seen, holes)
    return whole


def _between(values: np.ndarray, known: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Linear interpolation along the first axis from the known entries to `at`; held beyond the ends."""
    places = np.flatnonzero(known)
    after = np.searchsorted(places, at).clip(0, len(places) - 1)
    before = (np.searchsorted(places, at, side="right") - 1).clip(0)
    gap = places[after] - places[before]
    weight = np.where(gap > 0, (at - places[before]) / np.maximum(gap, 1), 0.0)
    weight = weight.reshape(-1, *[1] * (values.ndim - 1))
    return values[places[before]] * (1 - weight) + values[places[after]] * weight

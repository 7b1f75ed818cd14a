"""The people of a clip: bodies collected by identity, missing joints filled, noise bodies removed."""

from dataclasses import dataclass, replace
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
"""A body whose joints stray less than this share of its height from their mean positions is furniture: 1.7 mm for a
tall person. The stillest of SBU's 564 bodies, standing and waiting, strays three times as far."""
FLAT = 1.5
"""A frame is flat where the body is more than this many times as wide as tall; a kick comes to 1.3."""
FLAT_SHARE = 0.7
"""A body that is flat in more than this share of its frames is noise."""
ALIKE = 2.0
"""How many times as long as expected the bones of a joint at the origin may be."""


@dataclass(frozen=True)
class Body:
    """One person of a clip, by identity, whichever slots it was read from."""

    identity: int
    joints: Float64[np.ndarray, "t v 3"]
    """Coordinates in frames where it is seen, up along +y; joints that are missing in some of them are filled."""
    seen: Bool[np.ndarray, " t"]
    known: Bool[np.ndarray, " v"]
    """Joints that are seen in any frame; the others have no position and are ignored below."""
    whole: bool = True
    """Whether at least half the joints of every part are known, so that its outline shows how it stands."""
    filled: int = 0
    """Number of missing joints that were filled, summed over frames."""

    @cached_property
    def shown(self) -> Float64[np.ndarray, "s k 3"]:
        """The known joints in the frames where it is seen."""
        shown = self.joints[self.seen]
        return shown if self.known.all() else np.ascontiguousarray(shown[:, self.known])

    @cached_property
    def stray(self) -> float:
        """Root mean square distance of the joints from their mean positions over the clip."""
        shown = self.shown
        return float(np.sqrt(np.square(shown - shown.mean(axis=0)).sum(axis=-1).mean()))

    @property
    def height(self) -> float:
        """Mean extent along y."""
        return float(np.ptp(self.shown[..., 1], axis=1).mean())

    def is_noise(self, frames: int) -> bool:
        """Whether it is seen too rarely, static or flat; `frames`: number of frames with anybody in them."""
        share = self.seen.sum() / frames
        rare = share < FEW_SHARE or (self.seen.sum() < FEW_FRAMES and share < 1 / 3)
        wide, tall, deep = extent(self.shown).T
        flat = self.whole and (np.maximum(wide, deep) > FLAT * tall).mean() > FLAT_SHARE
        return bool(rare or flat or self.stray <= STATIC * self.height)

    @property
    def prominence(self) -> float:
        """Movement times the number of frames in which it is seen; the main actor has the most."""
        return self.stray * float(self.seen.sum())

    def between(self, start: int, stop: int) -> "Body":
        """The same person in frames `start` to before `stop`."""
        return replace(self, joints=self.joints[start:stop], seen=self.seen[start:stop])


def extent(joints: Float64[np.ndarray, "t v 3"]) -> Float64[np.ndarray, "t 3"]:
    """Size of the body along each axis, frame by frame."""
    # Joints first in memory, so that numpy compares long rows rather than three numbers at a time.
    return np.ptp(np.ascontiguousarray(joints.swapaxes(0, 1)), axis=0)


def upright(joints: np.ndarray, skeleton: Skeleton) -> Float64[np.ndarray, "..."]:
    """Coordinates (last axis) turned so that up is +y; those of a left-handed frame are mirrored."""
    joints = joints.astype(np.float64)
    if skeleton.up != "+y":
        x, y, z = np.moveaxis(joints, -1, 0)
        turned = {
            "-y": (x, -y, -z),
            "+z": (x, z, -y),
            "-z": (x, -z, y),
            "+x": (-y, x, z),
            "-x": (y, -x, z),
        }[skeleton.up]
        joints = np.stack(turned, axis=-1)
    if skeleton.handedness == "left":
        joints = joints * [1.0, 1.0, -1.0]
    return joints


def bodies_of(recording: Recording, skeleton: Skeleton) -> tuple[list[Body], int]:
    """The people of a clip, main actor first, and how many noise bodies were removed; one body is always kept."""
    joints = upright(recording.joints, skeleton)
    unseen = recording.unseen
    # A slot with an identity but without any seen joint counts as not seen.
    identity = np.where(unseen.all(axis=2), -1, recording.identity)
    bodies = []
    for number in np.unique(identity[identity >= 0]):
        here = identity == number
        seen = here.any(axis=1)
        frame, slot = np.arange(len(seen)), here.argmax(axis=1)
        missing = unseen[frame, slot] | ~seen[:, None]
        body = np.where(missing[..., None], 0.0, joints[frame, slot])
        bodies.append(_filled(int(number), body, seen, missing, skeleton, mask_given=recording.missing is not None))
    frames = int((identity >= 0).any(axis=1).sum())
    people = [body for body in bodies if not body.is_noise(frames)] if len(bodies) > 1 else bodies
    if bodies and not people:
        people = [max(bodies, key=lambda body: body.prominence)]
    people.sort(key=lambda body: (-body.prominence, body.identity))
    return people, len(bodies) - len(people)


def _filled(
    identity: int,
    joints: Float64[np.ndarray, "t v 3"],
    seen: Bool[np.ndarray, " t"],
    missing: Bool[np.ndarray, "t v"],
    skeleton: Skeleton,
    mask_given: bool,
) -> Body:
    """The body with missing joints interpolated over time, constant beyond their first and last sight.

    `mask_given`: the recording says which joints are missing.
    """
    known = np.logical_or.reduce(~missing[seen], axis=0)
    if not mask_given and (origin := _origin(joints[seen], known, skeleton)) is not None:
        known[origin], missing[:, origin] = True, False
    holes = missing & seen[:, None] & known
    for joint in np.flatnonzero(holes.any(axis=0)):
        at = np.flatnonzero(holes[:, joint])
        joints[at, joint] = _between(joints[:, joint], seen & ~holes[:, joint], at)
    whole = all(2 * known[list(part)].sum() >= len(part) for part in skeleton.parts.values())
    return Body(identity, joints, seen, known, whole, int(holes.sum()))


def _origin(shown: Float64[np.ndarray, "s v 3"], known: Bool[np.ndarray, " v"], skeleton: Skeleton) -> int | None:
    """The joint that is zero throughout because the recording was centred on it; None if there is none.

    A candidate is the skeleton's centre, or else the only joint without a position. It must not lie within a limb, and
    its bones must fit (`_fits`).
    """
    silent = np.flatnonzero(~known)
    joint = skeleton.centre if not known[skeleton.centre] else int(silent[0]) if len(silent) == 1 else None
    if joint is None:
        return None
    limbs = [members for part, members in skeleton.parts.items() if part != "trunk"]
    within = any(joint in limb and skeleton.parents[joint] in limb for limb in limbs)
    return joint if not within and _fits(joint, shown, known, skeleton) else None


def _fits(joint: int, shown: Float64[np.ndarray, "s v 3"], known: Bool[np.ndarray, " v"], skeleton: Skeleton) -> bool:
    """Whether a joint at zero has plausible bones in most frames.

    Its bones must be between half and twice as long as those of the other side. Without another side, its shortest bone
    is at most twice the longest bone of the body, and at most a third of the other joints are nearer. Without a known
    neighbour in the tree: False.
    """
    near = [one if two == joint else two for one, two in skeleton.bones if joint in (one, two)]
    near = [other for other in near if known[other]]
    if not near:
        return False
    reach = np.linalg.norm(shown, axis=2)
    twin = skeleton.mirror[joint]
    sided = [other for other in near if known[skeleton.mirror[other]]]
    if twin != joint and known[twin] and sided:
        there = np.linalg.norm(shown[:, [skeleton.mirror[other] for other in sided]] - shown[:, [twin]], axis=2)
        here = reach[:, sided]
        fits = ((here <= ALIKE * there) & (there <= ALIKE * here)).all(axis=1)
    else:
        first = reach[:, near].min(axis=1)
        others = np.setdiff1d(np.flatnonzero(known), near)
        bones = [(one, two) for one, two in skeleton.bones if known[one] and known[two]]
        lines = [np.linalg.norm(shown[:, one] - shown[:, two], axis=1) for one, two in bones]
        longest = np.max(lines, axis=0) if lines else extent(shown[:, known]).max(axis=1)
        nearer = (reach[:, others] < first[:, None]).sum(axis=1)
        fits = (first <= ALIKE * longest) & (3 * nearer <= len(others))
    return bool(fits.mean() > 0.5)


def fill_frames(joints: Float64[np.ndarray, "t v 3"], seen: Bool[np.ndarray, " t"]) -> Float64[np.ndarray, "t v 3"]:
    """Fill frames where the body is not seen: linear in between, constant before the first and after the last."""
    whole = joints.copy()
    holes = np.flatnonzero(~seen)
    if len(holes):
        whole[holes] = _between(joints, seen, holes)
    return whole


def _between(values: np.ndarray, known: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Linear interpolation along the first axis from the known entries to `at`; constant beyond the ends."""
    indices = np.flatnonzero(known)
    after = np.searchsorted(indices, at).clip(0, len(indices) - 1)
    before = (np.searchsorted(indices, at, side="right") - 1).clip(0)
    gap = indices[after] - indices[before]
    weight = np.where(gap > 0, (at - indices[before]) / np.maximum(gap, 1), 0.0)
    weight = weight.reshape(-1, *[1] * (values.ndim - 1))
    return values[indices[before]] * (1 - weight) + values[indices[after]] * weight

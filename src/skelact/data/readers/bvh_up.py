"""Checks that people in BVH files stand along the given up axis, which BVH files do not state."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float64

from skelact.skeleton import Skeleton

FILES, FRAMES = 24, 9
"""Most files of a source, and frames of each, that are checked."""
STANDS = 0.8
"""Standing along an axis: the unit vector from feet to body has at least this component."""
OTHERS = 0.2
"""Share of files with somebody standing along the up axis from which on the others are assumed to lie or crawl."""
TALLER = 2.5
"""A figure without legs must be this many times as tall along another axis for a note."""


def upright(positions: Float64[np.ndarray, "t v 3"], skeleton: Skeleton) -> Float64[np.ndarray, "3"]:
    """Mean over frames of the unit vector from the ends of the legs to the mean of the other joints.

    Near (0, 0, 0) for somebody who turns over; exactly (0, 0, 0) without known legs.
    """
    legs = [joint for side in ("left_leg", "right_leg") for joint in skeleton.parts.get(side, ())]
    ends = [joint for joint in legs if joint not in skeleton.parents]
    rest = [joint for joint in range(len(skeleton)) if joint not in legs]
    if not ends or not rest:
        return np.zeros(3)
    lines = positions[:, rest].mean(axis=1) - positions[:, ends].mean(axis=1)
    lengths = np.linalg.norm(lines, axis=1, keepdims=True)
    return np.divide(lines, lengths, out=np.zeros_like(lines), where=lengths > 0).mean(axis=0)


def heights(positions: Float64[np.ndarray, "t v 3"]) -> Float64[np.ndarray, "3"]:
    """Median over frames of the size along each axis."""
    return np.median(np.ptp(positions, axis=1), axis=0)


@np.errstate(all="ignore")  # too large positions are ignored
def up_note(
    clips: Sequence[Float64[np.ndarray, "t v 3"]], at_rest: Float64[np.ndarray, "v 3"], skeleton: Skeleton
) -> str | None:
    """A note if the figure stands along another axis than the skeleton's up; None if not, or if it is unknown.

    `clips`: some frames of some files. No note if somebody stands along the up axis in a fifth of the files, as the
    others may lie or crawl; nor, with fewer than three files, if the rest pose stands along it.
    """
    named, sign = "xyz".index(skeleton.up[1]), 1 if skeleton.up[0] == "+" else -1
    if not clips:
        return None
    sizes = np.median([heights(positions) for positions in clips], axis=0)
    directions = np.array([upright(positions, skeleton) for positions in clips])
    if not directions.any():
        axis = int(sizes.argmax())
        rest = np.ptp(at_rest, axis=0)
        if sizes[axis] < TALLER * sizes[named] or rest[axis] < TALLER * rest[named]:
            return None
        return _sentence(axis, 1, sizes, skeleton)
    standing = sign * directions[:, named]
    if (standing >= STANDS).mean() >= OTHERS:
        return None
    direction = directions.mean(axis=0)
    axis = int(np.abs(direction).argmax())
    if abs(direction[axis]) < STANDS or (axis == named and direction[axis] * sign > 0):
        return None
    if sign * upright(at_rest[None], skeleton)[named] >= STANDS and len(clips) < 3:
        return None
    return _sentence(axis, 1 if direction[axis] > 0 else -1, sizes, skeleton)


def _sentence(axis: int, sign: int, sizes: Float64[np.ndarray, "3"], skeleton: Skeleton) -> str:
    named, name = "xyz".index(skeleton.up[1]), f"{'+' if sign > 0 else '-'}{'xyz'[axis]}"
    if axis == named:
        return f"the figure stands upside down along the up axis, {skeleton.up}: if it should not, give --up {name}"
    ratio = f"{sizes[axis] / sizes[named]:.1f} times as tall" if sizes[named] > 0 else "tall"
    than = f"along the up axis, {skeleton.up}" if sizes[named] > 0 else f"and flat along the up axis, {skeleton.up}"
    joined = f"the figure is {ratio} along {'xyz'[axis]} {'as ' if sizes[named] > 0 else ''}{than}"
    return f"{joined}: if it stands along {'xyz'[axis]}, give --up {name}"

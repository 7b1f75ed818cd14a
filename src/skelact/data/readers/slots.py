"""Clips of formats with the same number of person slots in every frame; zeros mark an empty slot."""

import numpy as np
from jaxtyping import Float32, Int64, Shaped

from skelact.data.recording import Item, ReadError

MOST_SLOTS = 1000
"""Most slots of a frame; published files have up to 4, and each slot takes memory."""


def check_slots(item: Item, slots: int) -> None:
    """ReadError for more than MOST_SLOTS slots."""
    if slots > MOST_SLOTS:
        raise ReadError(f"{item}: expected room for at most {MOST_SLOTS} persons, found {slots}")


def fixed_slots(
    item: Item, coordinates: Shaped[np.ndarray, "t m v 3"]
) -> tuple[Float32[np.ndarray, "t m v 3"], Int64[np.ndarray, "t m"]]:
    """Joints as float32, and identity. A slot is one person, absent in frames where all its joints are zero.

    ReadError: no frames, more than MOST_SLOTS slots, numbers that are not finite, or nobody in any frame.
    """
    check_slots(item, coordinates.shape[1])
    if not len(coordinates):
        raise ReadError(f"{item}: expected at least 1 frame, found 0")
    with np.errstate(over="ignore", invalid="ignore"):  # too large for float32: becomes infinite, refused below
        joints = coordinates.astype(np.float32)
    if not (finite := np.isfinite(joints)).all():
        wrong = ~finite
        frame, slot, joint, axis = (int(index) for index in np.unravel_index(int(wrong.argmax()), wrong.shape))
        raise ReadError(
            f"{item}: expected finite numbers, found {float(coordinates[frame, slot, joint, axis])!r} "
            f"as {'xyz'[axis]} of joint {joint} of person {slot} in frame {frame}"
        )
    present = joints.any(axis=(2, 3))
    if not present.any():
        raise ReadError(f"{item}: expected a person, found only zeros in all {len(joints)} frames")
    first = np.where(present.any(axis=0), present.argmax(axis=0), len(joints))
    number = np.argsort(np.argsort(first, kind="stable"), kind="stable")
    return joints, np.where(present, number, -1).astype(np.int64)

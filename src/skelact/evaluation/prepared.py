"""Whether arrays are clips as an encoder's card wants them: axes, type, and values that only preparation gives."""

from itertools import permutations

import numpy as np

from skelact.data import units
from skelact.data.preparations import PREPARATIONS
from skelact.encoders.file import EncoderCard
from skelact.skeleton import Skeleton
from skelact.system.world import SkelactError

AXES: tuple[str, ...] = ("n", "c", "t", "v", "m")
WORDS: dict[str, str] = {"c": "coordinates", "t": "frames", "v": "joints", "m": "persons"}
CENTRED = 1e-3
"""How far the main actor's centre joint may be from the origin, as a share of the largest coordinate: rounding only."""


def check_clips(card: EncoderCard, clips: np.ndarray, skeleton: Skeleton) -> None:
    """SkelactError, naming the axis, unless `clips` is float32 (n, 3, t, v, m), t the card's, v that of `skeleton`."""
    wanted = f"(n, 3 coordinates, {card.frames} frames, {len(skeleton)} joints, m persons)"
    if clips.ndim != 5:
        raise SkelactError(f"expected clips of shape {wanted}, found {clips.ndim} axes: {clips.shape}")
    sizes = {"c": 3, "t": card.frames, "v": len(skeleton)}
    wrong = [place for place, axis in enumerate(AXES) if clips.shape[place] != sizes.get(axis, clips.shape[place])]
    order = _order(clips.shape, sizes) if wrong else None
    if order is not None:
        named = ", ".join(AXES[order.index(place)] for place in range(5))
        raise SkelactError(
            f"the axes of the clips are in another order: expected {wanted}, found {clips.shape}, which looks like "
            f"({named})\n  clips.transpose{order} puts them right"
        )
    if wrong:
        place = wrong[0]
        axis = AXES[place]
        told: dict[str, str] = {
            "c": f"3 coordinates (x, y, z), found {clips.shape[1]}",
            "t": f"the encoder expects clips of {card.frames} frames, found {clips.shape[2]}",
            "v": f"skeleton {skeleton.name} has {len(skeleton)} joints, found clips of {clips.shape[3]}",
        }
        raise SkelactError(f"axis {place} ({WORDS[axis]}): {told[axis]}; expected {wanted}, found {clips.shape}")
    if clips.shape[4] < 1:
        raise SkelactError(f"axis 4 (persons): expected at least 1, found 0; expected {wanted}, found {clips.shape}")
    if clips.dtype != np.float32:
        raise SkelactError(f"expected clips of type float32, found {clips.dtype}: prepared clips are float32")


def _order(shape: tuple[int, ...], sizes: dict[str, int]) -> tuple[int, ...] | None:
    """How to transpose an array whose axes 1 to 4 only are in another order; None where that cannot be it."""
    for order in permutations(range(1, 5)):
        by_axis = dict(zip(AXES[1:], order, strict=True))
        # Persons are few: a wrong number of frames or joints is no order of axes.
        if all(shape[by_axis[axis]] == size for axis, size in sizes.items()) and 1 <= shape[by_axis["m"]] <= 8:
            return (0, *order)
    return None


def check_values(card: EncoderCard, piece: np.ndarray, skeleton: Skeleton, start: int) -> None:
    """SkelactError, naming a clip, where coordinates are not finite or are not as a preparation leaves them.

    Every preparation puts the main actor's centre joint at the origin in every frame. `start` is the number of the
    first clip.
    """
    centre = np.abs(piece[:, :, :, skeleton.centre, 0]).max(axis=(1, 2))
    reach = np.maximum(np.abs(piece).max(axis=(1, 2, 3, 4)), 1e-30)
    if not np.isfinite(reach).all():
        clip, axis, frame, joint, person = np.argwhere(~np.isfinite(piece))[0]
        raise SkelactError(
            f"clip {start + clip}: coordinate {'xyz'[axis]} of joint {skeleton.joints[joint]}, frame {frame}, person "
            f"{person} is {piece[clip, axis, frame, joint, person]}; expected finite numbers"
        )
    off = centre > CENTRED * reach
    if card.preparation in PREPARATIONS and off.any():
        first = int(off.argmax())
        raise SkelactError(
            f"clip {start + first} is not prepared: in preparation {card.preparation} the main actor's centre joint "
            f"({skeleton.joints[skeleton.centre]}: axis 3, entry {skeleton.centre}, of axis 4, entry 0) is at the "
            f"origin in every frame, found it up to {centre[first]:g} away ({int(off.sum())} of {len(piece)} clips)\n"
            f"  take Store.prepared({card.preparation!r}, {card.frames}).clips "
            "or skelact.data.preparations.prepare_clip"
        )


def scale_to(card: EncoderCard, skeleton: Skeleton, found: str, what: str) -> tuple[float, str]:
    """What lengths of `what`, which has this layout and units `found`, are multiplied by for an encoder, and what to
    say of it.

    Cards of earlier versions have no units: then 1. SkelactError for units that cannot be converted, and
    where positions in a picture would meet positions in a room.
    """
    wanted = card.units
    scale = units.factor(found, wanted, what, "the encoder") if wanted else 1.0
    units.check_space(skeleton, found, what, card.skeleton, wanted, "the encoder")
    if not wanted:
        return scale, f"the encoder's card has no units (an old file): {what} is used as it is, in {found}"
    if scale == 1:
        return scale, ""
    return scale, f"{what} is in {units.unit(found)}, the encoder in {units.unit(wanted)}: multiplied by {scale:g}"

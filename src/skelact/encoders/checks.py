"""Checks that arrays are prepared clips: axes, type and values. Messages name the axis."""

from itertools import permutations

import numpy as np
from jaxtyping import Float32

from skelact.data.preparations import CENTRED_ONCE, PREPARATIONS
from skelact.skeleton import Skeleton
from skelact.system.world import SkelactError

AXES = "nctvm"
"""Axes of clips in the order of the network: clip, coordinate, frame, joint, person."""
WORDS: dict[str, str] = {"n": "clips", "c": "coordinates", "t": "frames", "v": "joints", "m": "persons"}
MOST_PERSONS = 8
"""An axis with more entries than this is not the axis of persons."""
CENTRED = 1e-3
"""How far the main actor's centre joint may be from the origin, as a share of the largest coordinate: rounding only."""
CENTRED_ABOUT = 0.3
"""The same where only the first frame is centred: resampling has moved on by a few frames."""


def check_clips(
    clips: np.ndarray, skeleton: Skeleton, frames: int, preparation: str, axes: str = AXES
) -> Float32[np.ndarray, "n 3 t v m"]:
    """The clips with axes in the order of AXES. Adds an axis with one person if `axes` has no m.

    SkelactError, naming the axis, unless they are float32, with 3 coordinates, `frames` frames and all joints of
    `skeleton`.
    """
    if sorted(axes) not in (sorted(AXES), sorted(AXES.replace("m", ""))):
        raise SkelactError(f"axes: expected each of the letters n c t v m once (m only with persons), found {axes!r}")
    lengths = {"n": "n", "c": "3 coordinates", "t": f"{frames} frames", "v": f"{len(skeleton)} joints"}
    wanted = f"({', '.join(lengths.get(axis, f'{axis} {WORDS[axis]}') for axis in axes)})"
    if clips.ndim != len(axes):
        raise SkelactError(
            f"expected clips of shape {wanted}, found {clips.ndim} axes: {clips.shape}\n"
            "  clips[None] makes a batch of a single clip; use axes='nctv' for clips without an axis of persons"
        )
    sizes, shape = {"c": 3, "t": frames, "v": len(skeleton)}, dict(zip(axes, clips.shape, strict=True))
    wrong = [axis for axis in axes if shape[axis] != sizes.get(axis, shape[axis])]
    wrong += [axis for axis in axes if axis == "m" and shape[axis] == 0]
    expected = f"expected {wanted}, found {clips.shape}"
    likely = _likely(clips.shape, sizes, axes) if wrong else None
    if likely is not None:
        order = tuple(likely.index(axis) for axis in axes)
        raise SkelactError(
            f"the axes of the clips are in another order: {expected}, which looks like ({', '.join(likely)})\n"
            f"  use axes={likely!r}, or clips.transpose{order}"
        )
    if wrong:
        axis = wrong[0]
        found = {
            "c": f"3 coordinates (x, y, z), found {shape['c']}",
            "t": f"the encoder expects clips of {frames} frames, found {shape['t']}",
            "v": f"skeleton {skeleton.name} has {len(skeleton)} joints, found clips of {shape['v']}",
            "m": "expected at least 1, found 0",
        }[axis]
        advice = "give the skeleton of the clips" if axis == "v" else _how(preparation, frames)
        raise SkelactError(f"axis {axes.index(axis)} ({WORDS[axis]}): {found}; {expected}\n  {advice}")
    if clips.dtype != np.float32:
        real = np.issubdtype(clips.dtype, np.floating)
        advice = "use clips.astype('float32')" if real else _how(preparation, frames)
        raise SkelactError(
            f"expected clips of type float32, found {clips.dtype}: prepared clips are float32\n  {advice}"
        )
    arranged = clips.transpose([axes.index(axis) for axis in AXES if axis in axes])
    return arranged if "m" in axes else arranged[..., None]


def _likely(shape: tuple[int, ...], sizes: dict[str, int], axes: str) -> str | None:
    """The likely axes of an array whose axes, n aside, are in another order than `axes`; None if no order fits."""
    first = axes.index("n")
    rest = [number for number in range(len(axes)) if number != first]
    for order in permutations(rest):
        position = dict(zip([axis for axis in axes if axis != "n"], order, strict=True))
        # A wrong number of frames or joints is not a matter of order.
        if all(shape[position[axis]] == size for axis, size in sizes.items()) and (
            "m" not in position or 1 <= shape[position["m"]] <= MOST_PERSONS
        ):
            return "".join(sorted(axes, key=lambda axis: first if axis == "n" else position[axis]))
    return None


def check_values(
    clips: Float32[np.ndarray, "n 3 t v m"],
    skeleton: Skeleton,
    frames: int,
    preparation: str,
    axes: str = AXES,
    first: int = 0,
) -> None:
    """SkelactError, naming a clip, if coordinates are not finite or the clips are not prepared.

    A preparation puts the main actor's centre joint at the origin in every frame, or near it in the first one. `first`
    is the number of the first clip, `axes` those of the array that was given.
    """
    once = preparation in CENTRED_ONCE
    centre = np.abs(clips[:, :, : 1 if once else None, skeleton.centre, 0]).max(axis=(1, 2))
    reach = np.maximum(np.abs(clips).max(axis=(1, 2, 3, 4)), 1e-30)
    if not np.isfinite(reach).all():
        clip, axis, frame, joint, person = np.argwhere(~np.isfinite(clips))[0]
        raise SkelactError(
            f"clip {first + clip}: coordinate {'xyz'[axis]} of joint {skeleton.joints[joint]}, frame {frame}, person "
            f"{person} is {clips[clip, axis, frame, joint, person]}; expected finite numbers"
        )
    off = centre > (CENTRED_ABOUT if once else CENTRED) * reach
    if preparation in PREPARATIONS and off.any():
        worst = int(off.argmax())
        person = f", of axis {axes.index('m')}, entry 0" if "m" in axes else ""
        raise SkelactError(
            f"clip {first + worst} is not prepared: in preparation {preparation} the main actor's centre joint "
            f"({skeleton.joints[skeleton.centre]}: axis {axes.index('v')}, entry {skeleton.centre}{person}) is at the "
            f"origin in {'the first' if once else 'every'} frame, "
            f"found it up to {centre[worst]:g} away ({int(off.sum())} of {len(clips)} clips)\n"
            f"  {_how(preparation, frames)}"
        )


def _how(preparation: str, frames: int) -> str:
    return f"use Store.prepared({preparation!r}, {frames}).clips or skelact.data.preparations.prepare_clip"

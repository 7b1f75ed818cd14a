"""Warns about recordings much longer than a prepared clip: resampling loses their fast movements."""

import numpy as np
from jaxtyping import Int64, Shaped

from skelact.data.preparations.released import MOST_FRAMES
from skelact.data.rates import taken
from skelact.data.store import Store

MOST = 8
"""Ratio of recorded to prepared frames above which a note warns. For NTU RGB+D as published (300 frames in 50) it is at
most 6."""


def squeezed(names: Shaped[np.ndarray, "n"], lengths: Int64[np.ndarray, "n"], preparation: str, frames: int) -> str:
    """A warning if preparation shortens clips of these `lengths` (frames) more than MOST times, else an empty text.

    It counts them, names the longest and says what to do.
    """
    used = taken(lengths, preparation)
    long = (used > MOST * frames) | (lengths > used)
    if not long.any():
        return ""
    longest = int(np.argmax(lengths))
    cut = f", of which preparation released takes the first {used[longest]}" if lengths[longest] > used[longest] else ""
    return (
        f"{int(long.sum())} of {len(lengths)} clips are long for {frames} frames; the longest, {names[longest]}, has "
        f"{lengths[longest]} frames{cut}: {used[longest] / frames:.1f} become one, and fast movements are lost. Cut "
        f"long recordings into windows of at most {min(MOST * frames, MOST_FRAMES)} frames, or take more frames"
    )


def squeezed_in(store: Store, preparation: str, frames: int) -> str:
    """The warning for all clips of a store."""
    return squeezed(store.table["name"], store.table["frames"], preparation, frames)

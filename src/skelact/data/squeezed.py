"""Recordings much longer than the frames of a prepared clip: fast movements are lost when they are resampled."""

import numpy as np
from jaxtyping import Int64, Shaped

from skelact.data.preparations.released import MOST_FRAMES
from skelact.data.rates import taken
from skelact.data.store import Store

MOST = 8
"""Frames of a recording to one of the prepared clip, above which a note says so. Of NTU RGB+D as published (300 frames
in 50) it is 6 at most."""


def squeezed(names: Shaped[np.ndarray, "n"], lengths: Int64[np.ndarray, "n"], preparation: str, frames: int) -> str:
    """A sentence where preparation makes clips of these `lengths` (frames) more than MOST times shorter.

    It counts them, names the longest and says what to do; empty where there are none.
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
    """The same of all clips of a store."""
    return squeezed(store.table["name"], store.table["frames"], preparation, frames)

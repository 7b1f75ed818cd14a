"""Long recordings in few frames: what nobody can see in a prepared clip any more."""

import numpy as np
from jaxtyping import Int64, Shaped

from skelact.data.views.released import MOST_FRAMES

MOST = 8
"""Frames of a recording that one frame of a prepared clip may stand for before it is said. Of NTU RGB+D as published
(300 frames in 50) it is 6 at most."""


def squeezed(names: Shaped[np.ndarray, "n"], lengths: Int64[np.ndarray, "n"], view: str, frames: int) -> str | None:
    """A sentence where clips of these `lengths`, in frames, are made more than MOST times shorter by preparation.

    It counts them, names the longest and says what to do; None where there are none.
    """
    taken = np.minimum(lengths, MOST_FRAMES) if view == "released" else lengths
    long = (taken > MOST * frames) | (lengths > taken)
    if not long.any():
        return None
    longest = int(np.argmax(lengths))
    cut = f", of which view released takes the first {taken[longest]}" if lengths[longest] > taken[longest] else ""
    return (
        f"{int(long.sum())} of {len(lengths)} clips are long for {frames} frames; the longest, {names[longest]}, has "
        f"{lengths[longest]} frames{cut}: {taken[longest] / frames:.1f} become one, and fast movements are lost. Cut "
        f"long recordings into windows of at most {min(MOST * frames, MOST_FRAMES)} frames, or take more frames"
    )

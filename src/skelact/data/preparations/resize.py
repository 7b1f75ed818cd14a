"""Resampling to another number of frames, as an image is resized."""

import numpy as np
from jaxtyping import Float64, Int64


def sampling(
    length: int, frames: int
) -> tuple[Int64[np.ndarray, " t"], Int64[np.ndarray, " t"], Float64[np.ndarray, " t"]]:
    """Where `frames` samples of `length` frames lie: the frame before, the one after, and the weight of the latter.

    Frames are pixels with centres at halves: sample i lies at (i + 0.5) length / frames - 0.5, clamped to the ends.
    """
    position = np.minimum(np.maximum((np.arange(frames) + 0.5) * length / frames - 0.5, 0), length - 1)
    before = position.astype(np.int64)  # rounds down, as no position is negative
    return before, np.minimum(before + 1, length - 1), position - before


def resize(x: Float64[np.ndarray, "s ..."], frames: int) -> Float64[np.ndarray, "t ..."]:
    """The first axis resampled linearly to `frames` entries."""
    before, after, weight = sampling(len(x), frames)
    weight = weight.reshape(-1, *[1] * (x.ndim - 1))
    return x.take(before, axis=0) * (1 - weight) + x.take(after, axis=0) * weight

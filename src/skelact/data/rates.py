"""Durations: the frame rate of recordings, and the seconds of recording in one prepared clip."""

import math
from collections.abc import Sequence

import numpy as np
from jaxtyping import Int64

from skelact.data.preparations.released import MOST_FRAMES
from skelact.data.store import Store


def taken(lengths: Int64[np.ndarray, "n"], preparation: str) -> Int64[np.ndarray, "n"]:
    """How many frames of recordings of these lengths a preparation uses; later frames are cut."""
    return np.minimum(lengths, MOST_FRAMES) if preparation == "released" else lengths


def common_rate(stores: Sequence[Store]) -> float | None:
    """Frames a second of the recordings of all these stores; None if they differ or are unknown."""
    rates = {_rate(store) for store in stores}
    return rates.pop() if len(rates) == 1 else None


def median_seconds(stores: Sequence[Store], rows: Sequence[Int64[np.ndarray, "_"]], preparation: str) -> float | None:
    """Median seconds of recording in one clip, over the clips `rows` of each store.

    None if a frame rate is unknown or there are no clips.
    """
    each = []
    for store, chosen in zip(stores, rows, strict=True):
        rate = _rate(store)
        if rate is None:
            return None
        each.append(taken(store.table["frames"][chosen], preparation) / rate)
    every = np.concatenate(each)
    return float(np.median(every)) if len(every) else None


def _rate(store: Store) -> float | None:
    rate = float(store.meta.frame_rate)
    return rate if math.isfinite(rate) and rate > 0 else None

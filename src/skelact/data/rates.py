"""How long clips last: the frame rate of recordings, and the seconds of them that become one prepared clip."""

import math
from collections.abc import Sequence

import numpy as np
from jaxtyping import Int64

from skelact.data.preparations.released import MOST_FRAMES
from skelact.data.store import Store


def taken(lengths: Int64[np.ndarray, "n"], preparation: str) -> Int64[np.ndarray, "n"]:
    """Frames of recordings of these lengths that a preparation resamples; it leaves out what comes after."""
    return np.minimum(lengths, MOST_FRAMES) if preparation == "released" else lengths


def common_rate(stores: Sequence[Store]) -> float | None:
    """Frames a second of the recordings of all these stores; None where they differ, or none is known."""
    rates = {_rate(store) for store in stores}
    return rates.pop() if len(rates) == 1 else None


def median_seconds(stores: Sequence[Store], rows: Sequence[Int64[np.ndarray, "_"]], preparation: str) -> float | None:
    """Seconds of recording that become one clip: the median over the clips `rows` of each store.

    None where a store's frame rate is unknown, or where there are no clips.
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

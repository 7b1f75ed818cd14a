"""Confidence scores of pose estimators: a joint with score 0 is missing."""

import numpy as np
from jaxtyping import Bool, Shaped

from skelact.data.recording import Item, ReadError

HIGHEST = 1.5
"""Largest accepted score in a third channel; some programs exceed 1 a little."""


def not_seen(
    item: Item, scores: Shaped[np.ndarray, "t m v"], where: str, highest: float | None = None
) -> Bool[np.ndarray, "t m v"]:
    """Where the score is 0. ReadError for a score that is not finite or, with `highest`, not in 0..highest."""
    wrong = ~np.isfinite(scores) if highest is None else ~((scores >= 0) & (scores <= highest))
    if wrong.any():
        frame, person, joint = (int(index) for index in np.unravel_index(int(wrong.argmax()), wrong.shape))
        value = float(scores[frame, person, joint])
        expected = "finite scores" if highest is None else f"scores from 0 to {highest}"
        hint = "" if highest is None else "\n  if it is z and not a score, give --third depth"
        raise ReadError(
            f"{item}: expected {expected} as {where}, found {value!r} "
            f"for joint {joint} of person {person} in frame {frame}{hint}"
        )
    return scores == 0

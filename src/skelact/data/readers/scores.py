"""How sure whoever found the joints was of each: a score of 0 says that it was not seen."""

from typing import Literal

import numpy as np
from jaxtyping import Bool, Shaped

from skelact.data.recording import Item, ReadError

Third = Literal["score", "depth"]
"""What the third channel of an array of joints is."""
HIGHEST = 1.5
"""Scores are up to 1, and with some programs a little more."""


def not_seen(
    item: Item, scores: Shaped[np.ndarray, "t m v"], where: str, highest: float | None = None
) -> Bool[np.ndarray, "t m v"]:
    """Where the score is 0. ReadError for a number that is not finite or, with `highest`, beyond 0 to that."""
    wrong = ~np.isfinite(scores) if highest is None else ~((scores >= 0) & (scores <= highest))
    if wrong.any():
        frame, person, joint = (int(index) for index in np.unravel_index(int(wrong.argmax()), wrong.shape))
        value = float(scores[frame, person, joint])
        expected = "finite scores" if highest is None else f"scores from 0 to {highest}"
        hint = "" if highest is None else "\n  --third depth tells that it is z, not a score"
        raise ReadError(
            f"{item}: expected {expected} as {where}, found {value!r} "
            f"for joint {joint} of person {person} in frame {frame}{hint}"
        )
    return scores == 0

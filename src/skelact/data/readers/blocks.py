"""Text files with a joint in every line, and a fixed number of lines a frame; of the room or of the picture."""

import numpy as np
from jaxtyping import Float64

from skelact.data.readers.lines import number_lines
from skelact.data.readers.source import line_error
from skelact.data.recording import Item
from skelact.skeleton import Skeleton
from skelact.world import SkelactError

POINTS = ("world", "screen")
"""The two kinds of files that data sets of early depth cameras have for a clip."""
PICTURE = "picture: x to the right and y down in pixels, z the depth"
"""Units of the second kind."""


def check_points(points: str) -> None:
    if points not in POINTS:
        raise SkelactError(f"no points {points!r}; there are {', '.join(POINTS)}")


def seen_in_picture(skeleton: Skeleton) -> Skeleton:
    """The same layout where y grows downwards."""
    return skeleton.model_copy(update={"up": "-y"})


def frames_of(item: Item, text: bytes, joints: int, width: int) -> Float64[np.ndarray, "t {joints} {width}"]:
    """The frames of a file; ReadError names the line, or the last frame that is not whole."""
    rows = number_lines(item, text, width)
    if len(rows) % joints:
        found = f"{len(rows)}, which leaves {len(rows) % joints} over"
        raise line_error(item, len(rows), f"{joints} lines a frame", found, cut_off=True)
    return rows.reshape(-1, joints, width)

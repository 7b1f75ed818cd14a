"""NTU RGB+D by native code (native/ntu.cpp): files without any irregularity, in one pass over their letters."""

import numpy as np

from skelact.data.readers.ntu_lines import JOINTS, NUMBERS, Bodies
from skelact.system import native

_LEAST = 2 * (10 + JOINTS * NUMBERS)
"""Letters that a body takes at least: each word has one, and one behind it."""


def read_natively(text: bytes) -> Bodies | None:
    """All bodies of a file, as `read_carefully` has them; None if there is any irregularity, or no native code."""
    if not native.available():
        return None
    if not text.endswith(b"\n"):
        text = text.rstrip() + b"\n"
    room = len(text) // _LEAST
    keys, frames = np.empty((room, 3), np.int64), np.empty(1, np.int64)
    joints = np.empty((room, JOINTS, 3), np.float32)
    count = native.call("read_ntu", text, len(text), room, keys, joints, frames)
    return None if count < 0 else Bodies(int(frames[0]), keys[:count], joints[:count])

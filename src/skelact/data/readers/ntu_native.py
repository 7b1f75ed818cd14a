"""NTU RGB+D by native code (native/ntu.cpp): regular files, in one pass over their letters."""

import numpy as np

from skelact.data.readers.ntu_lines import JOINTS, NUMBERS, Bodies
from skelact.system import native

_LEAST = 2 * (10 + JOINTS * NUMBERS)
"""Fewest letters of a body: each word has at least one, and a separator."""


def read_natively(text: bytes) -> Bodies | None:
    """All bodies of a file, as from `read_carefully`; None for an irregular file or without native code."""
    if not native.available():
        return None
    if not text.endswith(b"\n"):
        text = text.rstrip() + b"\n"
    room = len(text) // _LEAST
    keys, frames = np.empty((room, 3), np.int64), np.empty(1, np.int64)
    joints = np.empty((room, JOINTS, 3), np.float32)
    count = native.call("read_ntu", text, len(text), room, keys, joints, frames)
    return None if count < 0 else Bodies(int(frames[0]), keys[:count], joints[:count])

"""Memory of the C library: what is freed is kept for the next tensor instead of being given back to the system.

A tensor of more than 32 MB is given back as soon as it is freed; the next one of its size is faulted in again, page by
page, which can take as long as the work itself (docs/performance.md).
"""

import contextlib
import ctypes
import os
import sys
from collections.abc import Iterator

# Numbers of mallopt(3) in glibc.
_TRIM_THRESHOLD, _MMAP_THRESHOLD, _MMAP_MAX = -1, -3, -4
_OWN_WORDS = ("MALLOC_MMAP_MAX_", "MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_", "LD_PRELOAD", "GLIBC_TUNABLES")
"""Environment variables by which a user says how memory is to be managed."""
_MOST = 32 * 2**20
"""To where glibc's thresholds grow by themselves in a program that frees large arrays."""


_within = False


@contextlib.contextmanager
def kept_memory(wanted: bool = True) -> Iterator[bool]:
    """Within the block freed memory stays with the process; at its end all that is free is given back.

    Gives whether it does anything: not within another such block, only with glibc, and only where the environment
    does not say how memory is to be managed.
    """
    global _within
    libc = _glibc() if wanted and not _within else None
    if libc is None:
        yield False
        return
    _within = True
    libc.mallopt(_MMAP_MAX, 0)
    libc.mallopt(_TRIM_THRESHOLD, -1)
    try:
        yield True
    finally:
        libc.mallopt(_MMAP_MAX, 65536)
        libc.mallopt(_MMAP_THRESHOLD, _MOST)
        libc.mallopt(_TRIM_THRESHOLD, 2 * _MOST)
        libc.malloc_trim(0)
        _within = False


def _glibc() -> ctypes.CDLL | None:
    if not sys.platform.startswith("linux") or any(word in os.environ for word in _OWN_WORDS):
        return None
    libc = ctypes.CDLL(None)
    return libc if hasattr(libc, "gnu_get_libc_version") else None  # others have mallopt too, with other meanings

"""Keeps freed memory in the process for the next tensor instead of returning it to the system.

glibc returns blocks of more than 32 MB as soon as they are freed. The next tensor of that size is faulted in again,
page by page, which can take as long as the work itself (docs/performance.md).
"""

import contextlib
import ctypes
import os
import sys
from collections.abc import Iterator

# Numbers of mallopt(3) in glibc.
_TRIM_THRESHOLD, _MMAP_THRESHOLD, _MMAP_MAX = -1, -3, -4
_OWN_WORDS = ("MALLOC_MMAP_MAX_", "MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_", "LD_PRELOAD", "GLIBC_TUNABLES")
"""Environment variables with which users control memory; if one is set, nothing is changed here."""
_MOST = 32 * 2**20
"""Largest value of glibc's dynamic thresholds."""


_within = False


@contextlib.contextmanager
def kept_memory(wanted: bool = True) -> Iterator[bool]:
    """Within the block freed memory stays in the process; at its end all free memory is returned.

    Yields whether it is active. It does nothing if not `wanted`, within another such block, without glibc, or if the
    environment controls memory (`_OWN_WORDS`).
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
    return libc if hasattr(libc, "gnu_get_libc_version") else None  # other libraries have a mallopt with other meanings

"""Parses files in several processes: in order, a bounded number at a time; failures are returned, not raised."""

import ctypes
import functools
import os
import signal
import sys
import threading
from collections import deque
from collections.abc import Generator, Iterable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import get_context, parent_process
from multiprocessing.process import BaseProcess

from skelact.data.readers.faults import failures_named
from skelact.data.recording import Item, Reader, Recording
from skelact.system.world import SkelactError, file_hash

CHUNK = 8
"""Files that a process takes at once."""
AHEAD = 4
"""Chunks per process that are being parsed or wait to be used; bounds the memory."""
WORTH_A_PROCESS = 500
"""Number of files from which starting one more process pays off."""
_ON_DEATH_OF_PARENT = 1
"""PR_SET_PDEATHSIG of Linux."""


@dataclass(frozen=True)
class Parsed:
    """Result of parsing one item."""

    item: Item
    recording: Recording | None
    error: str = ""
    """Why there is no recording."""
    sha256: str = ""
    """Hash of the file; empty for a member of an archive and for a part of a file."""


def parse(reader: Reader, items: Sequence[Item], jobs: int | None = None) -> Generator[Parsed, None, None]:
    """Parse `items` in order with `jobs` processes (default: as many as pay off, at most one a core).

    Any failure of the reader on a file becomes a `Parsed` with an error that names the file.
    """
    if jobs is None:
        files = len({(item.path, item.member) for item in items})
        jobs = min(os.cpu_count() or 1, max(1, files // WORTH_A_PROCESS))
    if jobs == 1:
        return (_parse_one(reader, item) for item in items)
    return _parse_apart(reader, items, jobs)


def _parse_apart(reader: Reader, items: Sequence[Item], jobs: int) -> Generator[Parsed, None, None]:
    chunks = deque(items[start : start + CHUNK] for start in range(0, len(items), CHUNK))
    work = functools.partial(_parse_chunk, reader)
    # Spawned, not forked: a fork of a process with threads (PyTorch's, a progress bar's) may hang.
    pool = ProcessPoolExecutor(jobs, get_context("spawn"), initializer=_depend_on_parent)
    waiting: deque[Future[list[Parsed]]] = deque()
    try:
        while chunks or waiting:
            while chunks and len(waiting) < AHEAD * jobs:
                waiting.append(pool.submit(work, chunks.popleft()))
            yield from waiting.popleft().result()
    except BrokenProcessPool as error:
        raise SkelactError(
            "a process that parsed files was killed (out of memory?); nothing was written; try fewer --jobs"
        ) from error
    finally:
        pool.shutdown(cancel_futures=True)


def _parse_chunk(reader: Reader, items: Iterable[Item]) -> list[Parsed]:
    return [_parse_one(reader, item) for item in items]


def _parse_one(reader: Reader, item: Item) -> Parsed:
    try:
        with failures_named(item):
            recording = reader.read(item)  # before the hash, as the reader refuses pipes and devices
            return Parsed(item, recording, sha256="" if item.member or item.part else file_hash(item.path))
    except SkelactError as error:
        return Parsed(item, None, error=str(error))


def _depend_on_parent() -> None:
    """Ignore Ctrl-C, which the parent handles, and end when the parent ends, even if it is killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = parent_process()
    assert parent is not None
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    if sys.platform == "linux":
        # The thread above cannot run during a long call into native code; this signal still arrives.
        ctypes.CDLL(None).prctl(_ON_DEATH_OF_PARENT, signal.SIGKILL)
        if os.getppid() != parent.pid:
            os._exit(1)


def _end_with(parent: BaseProcess) -> None:
    parent.join()
    os._exit(1)

"""Only one process at a time in a run folder, by a lock that the system releases when the process ends."""

import contextlib
import os
import platform
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from skelact.system.world import SkelactError

try:
    import fcntl
except ImportError:  # no such locks on this system
    fcntl = None


@contextlib.contextmanager
def alone(folder: Path, lock: Path) -> Iterator[None]:
    """Inside, other processes are refused `folder`, by a lock on the file `lock`. Creates `folder` if it is missing.

    SkelactError: another process is in it (the text has its number), or `folder` is a file. Does nothing on disks
    without locks or without write permission.
    """
    if folder.exists() and not folder.is_dir():
        raise SkelactError(f"{folder}: expected a folder, found a file; choose another --run")
    folder.mkdir(parents=True, exist_ok=True)
    held = _held(folder, lock)
    try:
        yield
    finally:
        if held:
            with contextlib.suppress(OSError):
                lock.unlink()  # while it is locked, so that it is ours
            held.close()


def _held(folder: Path, path: Path) -> BinaryIO | None:
    """The lock, held while the file is open; None if locks are not available."""
    if fcntl is None:
        return None
    while True:
        try:
            opened = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK, 0o666)
            file = open(opened, "r+b", buffering=0)  # noqa: SIM115
        except OSError:
            return None
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if not path.exists() or not os.path.samestat(path.lstat(), os.fstat(file.fileno())):
                file.close()  # another process has just ended and removed it
                continue
        except BlockingIOError as error:
            who = file.read(300).decode(errors="replace") or "another process"
            file.close()
            raise SkelactError(f"{folder}: {who} trains there; wait for it, or choose another --run") from error
        except OSError:
            file.close()
            return None
        with contextlib.suppress(OSError):  # on a full disk the lock is still held
            file.truncate()
            file.write(f"process {os.getpid()} on {platform.node()}".encode())
        return file

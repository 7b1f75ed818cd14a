"""One process at a time in a run folder, by a lock that ends with its process, however that ends."""

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
    """Inside, no other process is let into `folder`, which is made where it is not there, by a lock on the file `lock`.

    SkelactError, with its number, where another process is in it; where `folder` is no folder. On a disk without locks,
    or where nothing can be written, nobody is kept out.
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
                lock.unlink()  # while it is locked: nobody else's
            held.close()


def _held(folder: Path, path: Path) -> BinaryIO | None:
    """The lock, held as long as the file is open; None where there is none to be had."""
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
                file.close()  # of a process that has just ended, and removed it
                continue
        except BlockingIOError as error:
            who = file.read(300).decode(errors="replace") or "another process"
            file.close()
            raise SkelactError(f"{folder}: {who} trains there; wait for it, or choose another --run") from error
        except OSError:
            file.close()
            return None
        with contextlib.suppress(OSError):  # a full disk: it is held all the same
            file.truncate()
            file.write(f"process {os.getpid()} on {platform.node()}".encode())
        return file

"""Clean ends for writing that a full disk or a signal interrupts."""

import contextlib
import errno
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

from skelact.system.world import SkelactError


@contextlib.contextmanager
def full_disk_explained(path: Path) -> Iterator[None]:
    """Turns a full disk, a quota or missing rights while writing `path` into a SkelactError."""
    try:
        yield
    except OSError as error:
        reasons = {errno.ENOSPC: "no space left", errno.EDQUOT: "quota used up", errno.EROFS: "a read-only disk"}
        reasons |= {errno.EFBIG: "the file is too large for the disk or a limit"}
        reasons |= {errno.EACCES: "no permission", errno.EPERM: "no permission"}
        if error.errno not in reasons:
            raise
        where = path.parent.resolve()
        raise SkelactError(f"{path}: not written: {reasons[error.errno]} in {where}; nothing was kept") from error


@contextlib.contextmanager
def termination_unwinds() -> Iterator[None]:
    """Inside, SIGTERM raises SystemExit, so that temporary files are removed, as after Ctrl-C."""
    ours = threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
    if ours:
        signal.signal(signal.SIGTERM, _leave)
    try:
        yield
    finally:
        if ours:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _leave(number: int, _frame: object) -> None:
    raise SystemExit(128 + number)

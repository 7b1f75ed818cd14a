"""What a disk or a user may do in the middle of writing, turned into an orderly end."""

import contextlib
import errno
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

from skelact.system.world import SkelactError


@contextlib.contextmanager
def full_disk_explained(path: Path) -> Iterator[None]:
    """Inside, running out of space or of rights while writing `path` is a SkelactError that says so."""
    try:
        yield
    except OSError as error:
        reasons = {errno.ENOSPC: "no space left", errno.EDQUOT: "quota used up", errno.EROFS: "a read-only disk"}
        reasons |= {errno.EFBIG: "no file may be as large"}
        reasons |= {errno.EACCES: "no permission", errno.EPERM: "no permission"}
        if error.errno not in reasons:
            raise
        where = path.parent.resolve()
        raise SkelactError(f"{path}: not written: {reasons[error.errno]} in {where}; nothing was kept") from error


@contextlib.contextmanager
def termination_unwinds() -> Iterator[None]:
    """Inside, SIGTERM raises SystemExit, so that temporary files are removed as they are after Ctrl-C."""
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

"""Hidden temporary folders beside a target; those of killed commands are removed."""

import contextlib
import os
import platform
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

try:
    import fcntl
except ImportError:  # no such locks on this system: folders of killed commands stay
    fcntl = None

_NAME = re.compile(r"\.(?P<target>.+)\.[a-z0-9_]{8}", re.DOTALL)


@contextlib.contextmanager
def hidden_folder(target: Path) -> Iterator[Path]:
    """A new folder `.<name>.<letters>` beside `target`, removed when the block ends.

    Its owner holds a file lock in it, which the system releases when the owner ends, even if it is killed. Other such
    folders whose lock nobody holds are left from killed commands, and are removed.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    _remove_left(target.parent)
    prefix = f".{target.name}."
    with contextlib.ExitStack() as stack:
        made = tempfile.TemporaryDirectory(prefix=prefix, dir=target.parent, ignore_cleanup_errors=True)
        folder = Path(stack.enter_context(made))
        if fcntl:
            stack.enter_context(_locked(folder / _lock_name(target.name)))
        yield folder


def _lock_name(target: str) -> str:
    return ".lock" if target.startswith(".owner") else ".owner"


def _locked(path: Path) -> IO[str]:
    """A locked file, held while it is open. It gets its final name only once it is locked."""
    assert fcntl
    early = path.with_name(path.name + ".new")
    file = early.open("w", encoding="utf-8")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        file.write(_here())
        file.flush()
        early.rename(path)
    except OSError:  # a disk without locks: without an owner file the folder is never removed
        early.unlink()
    return file


def _here() -> str:
    """Name of this machine. Locks of others on a shared disk may be invisible, so their folders are kept."""
    return f"{platform.node()}\n"


def _remove_left(folder: Path) -> None:
    """Remove hidden folders in `folder` whose owner is certainly dead."""
    if not fcntl:
        return
    left: list[re.Match[str]] = []
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        left = [
            match for entry in entries if (match := _NAME.fullmatch(entry.name)) and entry.is_dir(follow_symlinks=False)
        ]
    for match in left:
        made = folder / match.group()
        with contextlib.suppress(OSError, UnicodeDecodeError):
            lock = made / _lock_name(match["target"])
            with open(os.open(lock, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), encoding="utf-8") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if file.read(300) == _here():
                    shutil.rmtree(made, ignore_errors=True)

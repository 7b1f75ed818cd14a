"""Hidden folders beside a target, in which it is made; those of commands that were killed are removed."""

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
except ImportError:  # no such locks on this system: what killed commands leave there stays
    fcntl = None

_NAME = re.compile(r"\.(?P<target>.+)\.[a-z0-9_]{8}", re.DOTALL)


@contextlib.contextmanager
def hidden_folder(target: Path) -> Iterator[Path]:
    """A new folder `.<name>.<letters>` beside `target`, gone when the block ends.

    While it is in use its owner holds a lock in it, which ends with the owner however that ends. Folders beside it
    whose lock nobody holds are of commands that were killed, and are removed.
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
    """The lock of this process, held while the file is open. It has its name only when it is held."""
    assert fcntl
    early = path.with_name(path.name + ".new")
    file = early.open("w", encoding="utf-8")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        file.write(_here())
        file.flush()
        early.rename(path)
    except OSError:  # a disk without locks: the folder's owner will be unknown, so it is never removed
        early.unlink()
    return file


def _here() -> str:
    """This machine. Locks of others on a shared disk may not be seen, so their folders are left alone."""
    return f"{platform.node()}\n"


def _remove_left(folder: Path) -> None:
    """Remove hidden folders in `folder` whose owner is surely dead."""
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

"""Lists of training and test recordings, as PKU-MMD publishes them.

Training videos:
0002-M, 0003-M, ...
Validation videos:
0291-L, ...
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from skelact.data.readers.lines import lines_of
from skelact.data.readers.source import content, line_error, shown
from skelact.data.recording import TESTS, TRAINS, Item, ReadError
from skelact.system.world import SkelactError

LARGEST_LIST = 2**20
"""Most bytes of a list; PKU-MMD's have under 20 KB."""


def named_files(lists: Sequence[str]) -> dict[str, Path]:
    """The files of `NAME=FILE` by name. SkelactError: another form, or a duplicate name."""
    files: dict[str, Path] = {}
    for one in lists:
        name, equals, path = one.partition("=")
        if not (name and equals and path) or name in files:
            raise SkelactError(f"expected NAME=FILE with a different name for each list, found {one!r}")
        files[name] = Path(path)
    return files


def division_file(path: Path) -> dict[str, int]:
    """TRAINS or TESTS by recording. ReadError names the bad line."""
    try:
        state = path.stat()
        if not path.is_file() or state.st_size > LARGEST_LIST:
            found = f"{state.st_size}" if path.is_file() else "no file"
            raise ReadError(f"{path}: expected a list of at most {LARGEST_LIST} bytes, found {found}")
        return _division(path, state.st_size, state.st_mtime_ns)
    except (OSError, UnicodeDecodeError) as error:
        raise ReadError(f"{path}: cannot be read as a list of recordings: {error}") from error


@lru_cache(maxsize=8)
def _division(path: Path, size: int, changed: int) -> dict[str, int]:
    roles: dict[str, int] = {}
    part = None
    for number, text in enumerate(lines_of(content(Item(path))), start=1):
        wrong = line_error(
            Item(path), number, "`Training videos:` or `Validation videos:` and names", shown(text), False
        )
        line = text.decode("utf-8")
        if line.rstrip().endswith(":"):
            heading = line.strip().lower()
            part = TRAINS if heading.startswith("train") else TESTS if heading.startswith(("val", "test")) else None
            if part is None:
                raise wrong
            continue
        for name in filter(None, re.split(r"[,\s]+", line)):
            if part is None:
                raise wrong
            if roles.setdefault(name, part) != part:
                raise line_error(Item(path), number, "a recording to train or to test", f"{name} in both", False)
    if set(roles.values()) != {TRAINS, TESTS}:
        raise ReadError(f"{path}: expected recordings that train and recordings that test, found {len(roles)} in all")
    return roles

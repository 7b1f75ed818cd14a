"""Clip files in a folder, in a zip archive or alone: found by their ending, read without unpacking.

What a clip is (class, subject, camera ...) stands in the path of its file in every supported data set.
"""

import os
import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Any

from skelact.data.recording import Item, ReadError

LARGEST = 256 * 2**20
"""Bytes of the largest clip file that is opened; the longest real one has under 5 MB, a zip bomb has no limit."""

SKIP_HINT = "`skelact prepare --skip-bad` leaves it out and lists it in meta.json"


@dataclass(frozen=True)
class Naming:
    """How a data set names its clip files."""

    ending: str
    """What the path of a clip file ends with; other files are passed over."""
    pattern: re.Pattern[str]
    """Matches the end of the path, the ending included, with a named group for each number."""
    example: str


def find(source: Path, naming: Naming) -> list[Item]:
    """The clip files of a folder (recursive), a zip archive or a single file, sorted by clip name.

    Raises ReadError if there are none, if two have one name, or if the source cannot be listed.
    """
    if not source.exists():
        raise ReadError(f"{source}: there is no such file or folder")
    if source.is_dir():
        candidates = _in_folder(source)
    elif _path(Item(source)).lower().endswith(naming.ending):
        return [Item(source)]
    elif source.suffix.lower() == ".zip" or zipfile.is_zipfile(source):
        candidates = _in_archive(source)
    else:
        raise ReadError(f"{source}: expected a folder, a zip archive or a file like {naming.example}")

    by_name: dict[str, Item] = {}
    files = archives = 0
    for item in candidates:
        files += 1
        path = _path(item)
        if not path.lower().endswith(naming.ending):
            archives += path.endswith(".zip")
            continue
        name = clip_name(item, naming) or path
        if name in by_name:
            raise ReadError(
                f"{source}: clip {name} is there twice: {by_name[name]} and {item}\n"
                "  the clips of one source must have different names: give one of the folders, or remove one file"
            )
        by_name[name] = item
    if not by_name:
        hint = f"\n  {archives} of them are zip archives: give one of these" if archives else ""
        raise ReadError(f"{source}: expected files like {naming.example}, found none among {files} files{hint}")
    return [by_name[name] for name in sorted(by_name)]


def clip_name(item: Item, naming: Naming) -> str:
    """What the path tells of the clip, without the ending, folders joined by `-`; "" if it is named otherwise."""
    match = naming.pattern.search(_path(item))
    return match.group()[: -len(naming.ending)].replace("/", "-") if match else ""


def numbers(item: Item, naming: Naming) -> dict[str, Any]:
    """The whole numbers in the path by the names of the pattern's groups; ReadError if the file is named otherwise."""
    match = naming.pattern.search(_path(item))
    if match is None:
        raise ReadError(f"{item}: expected a file named like {naming.example}\n  {SKIP_HINT}")
    return {group: int(digits) for group, digits in match.groupdict().items()}


def class_of(item: Item, number: int, numbered: Sequence[int]) -> int:
    """Class counted from 0 of the action `number` of a file name, where `numbered` are the numbers in use."""
    if number not in numbered:
        run = list(numbered) == list(range(numbered[0], numbered[-1] + 1))
        known = f"from {numbered[0]} to {numbered[-1]}" if run else "of " + ", ".join(map(str, numbered))
        raise ReadError(f"{item}: expected an action {known} in the name, found {number}\n  {SKIP_HINT}")
    return list(numbered).index(number)


def line_error(item: Item, line: int, expected: str, found: object, cut_off: bool) -> ReadError:
    """The error at a line, counted from 1, of a text file."""
    state = "cut off" if cut_off else "damaged"
    return ReadError(f"{item}:{line}: expected {expected}, found {found}\n  the file looks {state}; {SKIP_HINT}")


def shown(text: bytes) -> str:
    """A piece of a file as it may be printed: short, and without control characters."""
    return repr(text[:40]).removeprefix("b") + ("..." if len(text) > 40 else "")


def printable(text: str) -> str:
    """A text as it may be printed and written: control characters and bytes that are no text are spelt out."""
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text)


def content(item: Item) -> bytes:
    """The bytes of a file or of a zip archive's member; ReadError if it cannot be read whole."""
    try:
        if not item.member:
            _check_size(item, item.path.stat().st_size)
            return item.path.read_bytes()
        archive = _open_archive(item.path)
        _check_size(item, archive.getinfo(item.member).file_size)
        return archive.read(item.member)
    except ReadError:
        raise
    except Exception as error:  # damaged archives make zipfile and its decompressors fail in a dozen ways
        raise ReadError(f"{item}: cannot be read: {_reason(error)}\n  {SKIP_HINT}") from error


def file_state(path: Path) -> tuple[int, int]:
    """Size and time of change, by which a file that is parsed once for many clips is known. ReadError without it."""
    try:
        state = path.stat()
    except OSError as error:
        raise ReadError(f"{path}: cannot be read: {error}\n  {SKIP_HINT}") from error
    return state.st_size, state.st_mtime_ns


def _check_size(item: Item, size: int) -> None:
    if size > LARGEST:
        raise ReadError(f"{item}: expected a clip file of at most {LARGEST} bytes, found {size}\n  {SKIP_HINT}")


def _path(item: Item) -> str:
    """Absolute path with slashes, so that a pattern sees the folders above a file given from within them."""
    return "/" + item.member if item.member else item.path.absolute().as_posix()


def _hidden(parts: Sequence[str]) -> bool:
    """Whether a file is a system's own, such as the `._` twins that macOS puts into archives."""
    return any(part.startswith(".") or part == "__MACOSX" for part in parts)


def _in_folder(folder: Path) -> Iterator[Item]:
    def fail(error: OSError) -> None:
        raise ReadError(f"{error.filename}: cannot be listed: {error.strerror}") from error

    for root, folders, files in os.walk(folder, onerror=fail):
        folders[:] = sorted(name for name in folders if not _hidden([name]))
        yield from (Item(Path(root, name)) for name in sorted(files) if not _hidden([name]))


def _in_archive(path: Path) -> Iterator[Item]:
    try:
        members = _open_archive(path).infolist()
    except Exception as error:  # as in `content`
        raise ReadError(f"{path}: not a readable zip archive: {_reason(error)}") from error
    for member in members:
        if not member.is_dir() and not _hidden(PurePosixPath(member.filename).parts):
            yield Item(path, member.filename)


def _open_archive(path: Path) -> zipfile.ZipFile:
    """The archive, kept open: listing NTU's 56,880 members again for each of them would take hours."""
    state = path.stat()
    return _archive(path.absolute(), state.st_size, state.st_mtime_ns, os.getpid())


@lru_cache(maxsize=2)
def _archive(path: Path, size: int, changed: int, process: int) -> zipfile.ZipFile:
    """One open archive a process: a forked child that shared its parent's would move the parent's place in the file."""
    return zipfile.ZipFile(path)


def _reason(error: Exception) -> str:
    """What an exception of a library says, on one line, or else its kind."""
    return " ".join(str(error).split()) or type(error).__name__

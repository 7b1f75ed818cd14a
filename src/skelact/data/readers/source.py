"""Finds clip files in a folder, in a zip archive or alone, by their names.

In every supported data set the path of a file states what the clip is (class, subject, camera ...).
"""

import re
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from skelact.data.readers.contents import LARGEST, content, file_state, in_archive, in_folder
from skelact.data.readers.faults import line_error, shown
from skelact.data.recording import Item, ReadError

__all__ = [
    "LARGEST",
    "Found",
    "Naming",
    "PassedOver",
    "class_of",
    "clip_name",
    "content",
    "file_state",
    "find",
    "line_error",
    "numbers",
    "passed_over",
    "shown",
]

NAMED = 100
"""Most names of skipped files that are kept; all are counted."""


@dataclass(frozen=True)
class Naming:
    """How a data set names its clip files."""

    ending: str
    """End of the path of a clip file, in lower case; files with another ending are no clips."""
    pattern: re.Pattern[str]
    """Matches the end of the path, the ending included, with a named group for each number."""
    example: str


@dataclass(frozen=True)
class PassedOver:
    """Files of a source that are skipped, as their names are not those of clips."""

    files: int = 0
    names: tuple[str, ...] = ()
    """At most NAMED of them; those with the ending of a clip come first, as they may be misnamed clips."""

    def shown(self, most: int) -> str:
        """Their number and the first names, for messages."""
        more = ", ..." if self.files > min(most, len(self.names)) else ""
        names = ", ".join(self.names[:most])
        return f"{self.files} {'file' if self.files == 1 else 'files'}: {names}{more}"


class Found(list[Item]):
    """The clips of a source, and the skipped files."""

    def __init__(self, items: Iterable[Item], passed_over: PassedOver):
        super().__init__(items)
        self.passed_over = passed_over


def find(source: Path, naming: Naming, apart: Path | None = None) -> Found:
    """The clip files of a folder (recursive), a zip archive or a single file, sorted by clip name.

    Other files, hidden and system files are skipped and counted; the folder `apart` is left out. ReadError: no clip,
    two clips with the same name, or a source that cannot be listed.
    """
    if not source.exists():
        raise ReadError(f"{source}: there is no such file or folder")
    if source.is_dir():
        candidates = in_folder(source, apart)
    elif _path(Item(source)).lower().endswith(naming.ending):
        if not clip_name(Item(source), naming):
            raise ReadError(f"{source}: expected a file named like {naming.example}")
        return Found([Item(source)], PassedOver())
    elif source.is_file() and (source.suffix.lower() == ".zip" or zipfile.is_zipfile(source)):
        candidates = in_archive(source)
    else:
        raise ReadError(f"{source}: expected a folder, a zip archive or a file like {naming.example}")

    by_name: dict[str, Item] = {}
    passed = _Passed(source, naming)
    for item, own in candidates:
        if not own or not (name := clip_name(item, naming)):
            passed.add(item)
            continue
        if name in by_name:
            raise ReadError(
                f"{source}: clip {name} is there twice: {by_name[name]} and {item}\n"
                "  the clips of one source must have different names: give one of the folders, or remove one file"
            )
        by_name[name] = item
    if not by_name:
        raise passed.nothing_left()
    return Found((by_name[name] for name in sorted(by_name)), passed.summary())


def passed_over(source: Path, items: Sequence[Item]) -> PassedOver:
    """The files of a source that no item uses, for any reader."""
    if isinstance(items, Found):
        return items.passed_over
    if not source.is_dir():
        return PassedOver()
    used = {path.absolute() for item in items for path in (item.path, *item.beside)}
    names = [str(item.path.relative_to(source)) for item, _ in in_folder(source) if item.path.absolute() not in used]
    return PassedOver(len(names), tuple(names[:NAMED]))


class _Passed:
    """Collects skipped files: counts all, keeps the first names."""

    def __init__(self, source: Path, naming: Naming):
        self.source = source
        self.naming = naming
        self.count = self.archives = 0
        self.meant: list[str] = []
        """Names with the ending of a clip."""
        self.others: list[str] = []

    def add(self, item: Item) -> None:
        name = item.member or item.path.relative_to(self.source).as_posix()
        self.count += 1
        self.archives += name.endswith(".zip")
        names = self.meant if name.lower().endswith(self.naming.ending.lstrip("/")) else self.others
        if len(names) < NAMED:
            names.append(name)

    def summary(self) -> PassedOver:
        return PassedOver(self.count, (*self.meant, *self.others)[:NAMED])

    def nothing_left(self) -> ReadError:
        hint = f"\n  {self.archives} of them are zip archives: give one of these" if self.archives else ""
        names = f"\n  found {self.summary().shown(5)}" if self.count else ""
        found = f"none among {self.count} files{hint}{names}"
        return ReadError(f"{self.source}: expected files like {self.naming.example}, found {found}")


def clip_name(item: Item, naming: Naming) -> str:
    """The clip's name: the pattern's match in the path without the ending, folders joined by `-`; "" if none."""
    match = naming.pattern.search(_path(item))
    return match.group()[: -len(naming.ending)].replace("/", "-") if match else ""


def numbers(item: Item, naming: Naming) -> dict[str, Any]:
    """The numbers in the path, by the names of the pattern's groups. ReadError if the path does not match."""
    match = naming.pattern.search(_path(item))
    if match is None:
        raise ReadError(f"{item}: expected a file named like {naming.example}")
    return {group: int(digits) for group, digits in match.groupdict().items()}


def class_of(item: Item, number: int, numbered: Sequence[int]) -> int:
    """Class, counted from 0, of the action `number` in a file name. ReadError if it is not among `numbered`."""
    if number not in numbered:
        run = list(numbered) == list(range(numbered[0], numbered[-1] + 1))
        known = f"from {numbered[0]} to {numbered[-1]}" if run else "of " + ", ".join(map(str, numbered))
        raise ReadError(f"{item}: expected an action {known} in the name, found {number}")
    return list(numbered).index(number)


def _path(item: Item) -> str:
    """Absolute path with slashes, so that a pattern sees the folders above a file with a relative path."""
    return "/" + item.member if item.member else item.path.absolute().as_posix()

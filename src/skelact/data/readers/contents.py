"""Lists and reads files on disk and in zip archives. Sizes stated in archives are checked, not trusted."""

import io
import os
import stat
import zipfile
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from skelact.data.recording import Item, ReadError
from skelact.system.world import reason

LARGEST = 256 * 2**20
"""Most bytes of a clip file: the longest real one has under 5 MB; the limit stops zip bombs."""
TIGHTEST = 100
"""Highest compression ratio of a member of an archive; recordings of real people reach about 10."""
SMALL = 2**20
"""Members up to this many bytes may have any ratio: a clip of zeros compresses extremely well."""
MEMBER, LISTED = 900, 48 * 2**20
"""Bytes of memory per listed member, about; and for the whole list beyond twice the size of the file."""
_MEMBER = b"PK\x01\x02"
"""Signature of an entry in an archive's list."""


def content(item: Item) -> bytes:
    """The bytes of a file or of a member of a zip archive. ReadError if it cannot be read completely."""
    try:
        if not item.member:
            with _opened(item.path) as file:
                size = os.fstat(file.fileno()).st_size
                _check_size(item, size)
                return file.read(size)
        return _unpacked(item, open_archive(item.path))
    except ReadError:
        raise
    except Exception as error:  # damaged archives make zipfile and its decompressors raise many types
        raise ReadError(f"{item}: cannot be read: {reason(error)}") from error


def file_state(path: Path) -> tuple[int, int]:
    """Size and time of change of a file: the key of caches of parsed files. ReadError if it is missing."""
    try:
        state = path.stat()
    except OSError as error:
        raise ReadError(f"{path}: cannot be read: {error}") from error
    return state.st_size, state.st_mtime_ns


def _opened(path: Path) -> BinaryIO:
    """Open a regular file. ReadError for anything else: opening a pipe without a writer would block."""
    mode = path.stat().st_mode
    if not stat.S_ISREG(mode):
        raise ReadError(f"{path}: expected a file, found {_kind(mode)}")
    return path.open("rb")


def _kind(mode: int) -> str:
    if stat.S_ISDIR(mode):
        return "a folder"
    if stat.S_ISFIFO(mode):
        return "a pipe"
    return "a socket" if stat.S_ISSOCK(mode) else "a device"


def _unpacked(item: Item, archive: zipfile.ZipFile) -> bytes:
    """The content of a member, read piece by piece and compared with the size in the archive's list."""
    entry = archive.getinfo(item.member)
    _check_size(item, entry.file_size)
    packed_size = min(entry.compress_size, item.path.stat().st_size)
    if entry.file_size > max(SMALL, TIGHTEST * packed_size):
        raise ReadError(
            f"{item}: expected a clip file of at most {TIGHTEST} times its packed size, "
            f"found {entry.file_size} bytes in {packed_size}"
        )
    data = bytearray()
    with archive.open(entry) as packed:
        step = 2**16
        if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            # For these zipfile limits the input of a step, not its output: 4096 bytes of bzip2 become 200 MB.
            assert isinstance(packed, zipfile.ZipExtFile)
            step = packed.MIN_READ_SIZE = 2**6
        while piece := packed.read(step):
            data += piece
    if len(data) != entry.file_size:
        raise ReadError(f"{item}: expected {entry.file_size} bytes as the archive has it, found {len(data)}")
    return bytes(data)


def _check_size(item: Item, size: int) -> None:
    if size > LARGEST:
        raise ReadError(f"{item}: expected a clip file of at most {LARGEST} bytes, found {size}")


def open_archive(path: Path) -> zipfile.ZipFile:
    """The archive, opened once: listing NTU's 56,880 members for each of them would take hours."""
    state = path.stat()
    return _archive(path.absolute(), state.st_size, state.st_mtime_ns, os.getpid())


@lru_cache(maxsize=2)
def _archive(path: Path, size: int, changed: int, process: int) -> zipfile.ZipFile:
    """One open archive a process: a forked child that shared its parent's would move the parent's file position."""
    return _Archive(path)


class _Archive(zipfile.ZipFile):
    """A zip archive that owns its file, a `_Listed`, and closes it."""

    def __init__(self, path: Path):
        self._listed = _Listed(path)
        super().__init__(self._listed)
        self._listed.listing = False

    def close(self) -> None:
        super().close()
        self._listed.close()


class _Listed(io.BufferedReader):
    """The file of a zip archive; refuses a list of members that would take many times the file in memory."""

    def __init__(self, path: Path):
        super().__init__(io.FileIO(path))
        self.listing = True

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        if self.listing and len(data) > SMALL:
            whole = os.fstat(self.fileno()).st_size
            members, most = data.count(_MEMBER), (2 * whole + LISTED - 2 * len(data)) // MEMBER
            if members > most:
                raise ValueError(f"expected at most {most} members in {whole} bytes, found {members}")
        return data


def _hidden(parts: Sequence[str]) -> bool:
    """Whether a file is hidden or a system file, such as the `._` twins in archives from macOS."""
    return any(part.startswith(".") or part == "__MACOSX" for part in parts)


def in_folder(folder: Path, apart: Path | None = None) -> Iterator[tuple[Item, bool]]:
    """Files, each with whether it may be a clip. A skipped folder is one entry; the folder `apart` is left out.

    ReadError for a folder that cannot be listed.
    """

    def fail(error: OSError) -> None:
        raise ReadError(f"{error.filename}: cannot be listed: {error.strerror}") from error

    for root, folders, files in os.walk(folder, onerror=fail):
        inside = []
        for name in sorted(folders):
            path = Path(root, name)
            if _hidden([name]) or path.is_symlink():  # links may lead in a circle
                yield Item(path), False
            elif apart is None or path.resolve() != apart.resolve():
                inside.append(name)
        folders[:] = inside
        yield from ((Item(Path(root, name)), not _hidden([name])) for name in sorted(files))


def in_archive(path: Path) -> Iterator[tuple[Item, bool]]:
    """The same for the members of a zip archive. ReadError if it is not one."""
    try:
        members = open_archive(path).infolist()
    except Exception as error:  # as in `content`
        raise ReadError(f"{path}: not a readable zip archive: {reason(error)}") from error
    for member in members:
        if not member.is_dir():
            yield Item(path, member.filename), not _hidden(PurePosixPath(member.filename).parts)

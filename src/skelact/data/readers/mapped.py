"""Arrays of .npy and .npz files, memory-mapped where possible.

An .npz is a zip archive of .npy files. `np.savez` stores them uncompressed, so each can be mapped at its offset in the
archive. Files of `np.savez_compressed` have to be unpacked whole. Sizes in headers are compared with the actual bytes
before memory is reserved.
"""

import io
import math
import re
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, Literal

import numpy as np

from skelact.data.recording import ReadError
from skelact.system.printable import printed
from skelact.system.world import reason

LONGEST_HEADER = 10_000
"""Most bytes of an array's header; numpy's own limit."""
MOST_ARRAYS, LONGEST_LIST = 1000, 2**20
"""Most arrays in an archive, and most bytes of its list of members."""
MOST_TIMES, SLACK = 32, 16 * 2**20
"""Unpacked arrays may take MOST_TIMES the size of the archive, plus SLACK bytes."""
_LOCAL_HEADER = struct.Struct("<4s22xHH")
"""Header of a member in a zip archive: its signature, and the lengths of name and extra field before the data."""
_ENTRY = re.compile(
    r"""\s*['"](?:descr['"]\s*:\s*(?:['"](?P<kind>[^'"]{1,20})['"]|(?P<fields>\[.*\]))"""
    r"""|fortran_order['"]\s*:\s*(?P<fortran>True|False)"""
    r"""|shape['"]\s*:\s*\((?P<shape>[0-9L,\s]*)\))\s*(?:,|$)""",
    re.DOTALL,
)
_KIND = re.compile(r"[<>=|]?(\?|b1|[iu][1248]|f(2|4|8|12|16)|c(8|16|24|32)|[SU][0-9]{1,7}|O8?)")


def npy(path: Path) -> np.ndarray:
    """The array of an .npy file, mapped. ReadError if it is damaged or holds Python objects."""
    try:
        if not path.is_file():
            raise ValueError("expected a file, found none")
        with path.open("rb") as file:
            return _mapped(path, file, 0, path.stat().st_size)
    except Exception as error:  # damaged files raise many types of exceptions
        raise _refused(path, "", error) from error


def npz(path: Path) -> dict[str, np.ndarray]:
    """The arrays of an .npz file by name; stored ones mapped, compressed ones read. ReadError as for `npy`."""
    arrays: dict[str, np.ndarray] = {}
    name = ""
    try:
        if not path.is_file():
            raise ValueError("expected a file, found none")
        room = MOST_TIMES * path.stat().st_size + SLACK
        with _Listed(path) as file, zipfile.ZipFile(file) as archive:
            members = archive.infolist()
            if len(members) > MOST_ARRAYS:
                raise ValueError(f"expected at most {MOST_ARRAYS} arrays, found {len(members)}")
            for member in members:
                name = member.filename.removesuffix(".npy")
                if name in arrays:
                    raise ValueError("expected one array of a name, found two")
                if member.header_offset < 0:
                    raise ValueError(f"expected its offset within the file, found {member.header_offset}")
                if member.compress_type == zipfile.ZIP_STORED:
                    file.seek(member.header_offset)
                    mark, name_length, extra_length = _LOCAL_HEADER.unpack(file.read(_LOCAL_HEADER.size))
                    if mark != b"PK\x03\x04":
                        raise ValueError("expected the signature of a member at its offset")
                    start = member.header_offset + _LOCAL_HEADER.size + name_length + extra_length
                    arrays[name] = _mapped(path, file, start, member.file_size)
                else:
                    room -= member.file_size
                    if room < 0:
                        raise ValueError(
                            f"expected at most {MOST_TIMES} times the bytes of the file when unpacked, "
                            f"found {member.file_size} more"
                        )
                    with archive.open(member) as packed:
                        arrays[name] = _unpacked(packed.read, member.file_size)
    except Exception as error:  # as in `npy`, and what decompressors raise
        raise _refused(path, name, error) from error
    return arrays


class _Listed(io.BufferedReader):
    """The file of a zip archive; refuses to read a list of members longer than LONGEST_LIST."""

    def __init__(self, path: Path):
        super().__init__(io.FileIO(path))

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > LONGEST_LIST:
            raise ValueError(f"expected a list of arrays of at most {LONGEST_LIST} bytes, found {size}")
        return super().read(size)


def _mapped(path: Path, file: BinaryIO | _Listed, start: int, size: int) -> np.ndarray:
    """The .npy of `size` bytes that starts at byte `start` of an open file."""
    file.seek(start)
    shape, order, kind = _header(file.read, size)
    if 0 in shape:
        return np.zeros(shape, kind)
    return np.memmap(path, kind, "r", file.tell(), shape, order)


def _unpacked(read: Callable[[int], bytes], size: int) -> np.ndarray:
    """The .npy of `size` bytes from a decompressor, which checks them at the end."""
    shape, order, kind = _header(read, size)
    numbers = np.zeros(math.prod(shape) * kind.itemsize, np.uint8)
    at = 0
    while piece := read(2**20):
        numbers[at : at + len(piece)] = np.frombuffer(piece, np.uint8)
        at += len(piece)
    if at != len(numbers):
        raise ValueError(f"expected {len(numbers)} bytes of numbers, found {at}")
    return numbers.view(kind).reshape(shape, order=order) if at else np.zeros(shape, kind)


def _header(read: Callable[[int], bytes], size: int) -> tuple[tuple[int, ...], Literal["C", "F"], np.dtype]:
    """Reads the header of an array of `size` bytes in all: shape, memory order and dtype."""
    start = read(8)
    width = {b"\x01\x00": 2, b"\x02\x00": 4, b"\x03\x00": 4}.get(start[6:], 0)
    if start[:6] != b"\x93NUMPY" or not width:
        raise ValueError(f"expected the mark and version of an array, found {start!r}")
    length = int.from_bytes(read(width), "little")
    if length > LONGEST_HEADER:
        raise ValueError(f"expected a header of at most {LONGEST_HEADER} bytes, found {length}")
    shape, order, kind = _described(read(length).decode("utf-8" if start[6] == 3 else "latin-1"))
    count, there = math.prod(shape), size - len(start) - width - length
    if count * kind.itemsize != there or (count and not kind.itemsize):
        raise ValueError(f"expected {count} values of {kind.itemsize} bytes, found {there} bytes")
    return shape, order, kind


def _described(header: str) -> tuple[tuple[int, ...], Literal["C", "F"], np.dtype]:
    """Shape, order and dtype of a header such as {'descr': '<f4', 'fortran_order': False, 'shape': (3, 25), }."""
    inner, described, at = header.strip().removeprefix("{").removesuffix("}").strip(), {}, 0
    while at < len(inner) and (entry := _ENTRY.match(inner, at)):
        described |= {key: value for key, value in entry.groupdict().items() if value is not None}
        at = entry.end()
    if "fields" in described:
        raise ValueError("expected one kind of numbers or text, found an array of several fields")
    if at < len(inner) or set(described) != {"kind", "fortran", "shape"}:
        raise ValueError(f"expected descr, fortran_order and shape in its header, found {printed(header)}")
    if not _KIND.fullmatch(described["kind"]):
        raise ValueError(f"expected numbers or text, found {printed(described['kind'])}")
    kind = np.dtype(described["kind"])
    if kind.hasobject:
        raise ValueError("it holds Python objects, which are not opened: save numbers or text")
    lengths = [length.strip().removesuffix("L") for length in described["shape"].split(",") if length.strip()]
    if len(lengths) > 32 or not all(re.fullmatch("[0-9]{1,18}", length) for length in lengths):
        raise ValueError(f"expected up to 32 axes of up to 18 digits, found {printed(described['shape'])}")
    return tuple(map(int, lengths)), "F" if described["fortran"] == "True" else "C", kind


def _refused(path: Path, name: str, error: Exception) -> ReadError:
    where = f"{path}: array '{printed(name)}'" if name else str(path)
    return ReadError(f"{where}: cannot be read: {reason(error)}")

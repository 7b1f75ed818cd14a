"""Arrays of .npy and .npz files, mapped instead of read wherever the file allows it.

An .npz is a zip archive of .npy files. `np.savez` stores them as they are, so that each can be mapped at its place in
the archive; what `np.savez_compressed` wrote has to be unpacked whole.
"""

import struct
import zipfile
from pathlib import Path
from typing import BinaryIO

import numpy as np

from skelact.data.readers.source import SKIP_HINT
from skelact.data.recording import ReadError

_LOCAL_HEADER = struct.Struct("<4s22xHH")
"""Of a zip archive's member: its mark, and the lengths of name and extra field that stand before the bytes."""


def npy(path: Path) -> np.ndarray:
    """The array of an .npy file, mapped. ReadError if it is damaged or holds Python objects."""
    try:
        with path.open("rb") as file:
            return _at(path, file, 0, path.stat().st_size)
    except ReadError:
        raise
    except Exception as error:  # numpy's header reader fails in a dozen ways on damaged bytes
        raise _refused(path, "", error) from error


def npz(path: Path) -> dict[str, np.ndarray]:
    """The arrays of an .npz file by name; stored ones mapped, compressed ones read. ReadError as for `npy`."""
    arrays = {}
    try:
        with zipfile.ZipFile(path) as archive, path.open("rb") as file:
            for member in archive.infolist():
                name = member.filename.removesuffix(".npy")
                try:
                    if member.compress_type == zipfile.ZIP_STORED:
                        file.seek(member.header_offset)
                        mark, name_length, extra_length = _LOCAL_HEADER.unpack(file.read(_LOCAL_HEADER.size))
                        if mark != b"PK\x03\x04":
                            raise ValueError("expected the mark of a member at its place")
                        start = member.header_offset + _LOCAL_HEADER.size + name_length + extra_length
                        arrays[name] = _at(path, file, start, member.file_size)
                    else:
                        with archive.open(member) as packed:
                            arrays[name] = np.lib.format.read_array(packed, allow_pickle=False)
                except Exception as error:  # as in `npy`, and what decompressors raise
                    raise _refused(path, name, error) from error
    except ReadError:
        raise
    except Exception as error:
        raise _refused(path, "", error) from error
    return arrays


def _at(path: Path, file: BinaryIO, start: int, size: int) -> np.ndarray:
    """The .npy of `size` bytes that starts at `start` of an open file, mapped."""
    file.seek(start)
    version = np.lib.format.read_magic(file)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, fortran, dtype = read(file)
    if dtype.hasobject:
        raise ValueError("it holds Python objects, which are not opened: save numbers or text")
    if min(shape, default=0) < 0 or any(type(length) is not int for length in shape):
        raise ValueError(f"expected lengths of at least 0, found {shape}")
    offset, count = file.tell(), 1
    for length in shape:
        count *= length
    if offset - start + count * dtype.itemsize != size:
        raise ValueError(f"expected {count} values of {dtype.itemsize} bytes, found {size - (offset - start)} bytes")
    order = "F" if fortran else "C"
    if not count:
        return np.zeros(shape, dtype)
    return np.memmap(path, dtype, "r", offset, shape, order)


def _refused(path: Path, name: str, error: Exception) -> ReadError:
    reason = " ".join(str(error).split()) or type(error).__name__
    where = f"{path}: array {name!r}" if name else str(path)
    return ReadError(f"{where}: cannot be read: {reason:.200}\n  {SKIP_HINT}")

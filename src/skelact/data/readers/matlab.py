"""One array of real numbers out of a MATLAB 5 file (`save -v6` or `-v7`).

SciPy's `loadmat` (seen in 1.17.1) crashes the process on some damaged files, which cannot be caught; hence this reader.
It reads plain numbers only, runs no code from the file, and reserves no more memory than the file has bytes for.
"""

import math
import struct
import zlib
from collections.abc import Iterator
from itertools import islice

import numpy as np

MOST_NUMBERS = 2**21
"""Most numbers of an array, 16 MB: 35,000 frames of 20 joints, or 19 minutes."""
MOST_UNPACKED = 8 * MOST_NUMBERS + 2**16
"""Most bytes of all compressed variables of a file, unpacked."""
MOST_AXES = 32
_NUMBERS = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8"}
"""NumPy's name of each numeric element type."""
_INT32, _UINT32, _MATRIX, _COMPRESSED = 5, 6, 14, 15
_NUMERIC_CLASSES = range(6, 16)
"""Array classes double to uint64; lower numbers are cells, structs, objects, text and sparse arrays."""
_COMPLEX = 0x800
_NONE = memoryview(b"")


def real_array(data: bytes, name: str) -> np.ndarray:
    """The variable `name` as float64, in MATLAB's shape. ValueError says what is wrong with the file."""
    if len(data) < 128 or data[126:128] not in (b"IM", b"MI"):
        raise ValueError("expected the 128 bytes that a MATLAB 5 file starts with")
    order = "<" if data[126:128] == b"IM" else ">"
    (version,) = struct.unpack(order + "H", data[124:126])
    if version != 0x0100:
        raise ValueError(f"expected MATLAB format 1.0 (save it with -v7), found {version >> 8}.{version & 255}")
    room = MOST_UNPACKED
    for kind, body in _elements(memoryview(data)[128:], order):
        if kind == _COMPRESSED:
            packed = zlib.decompressobj()
            unpacked = packed.decompress(body, room)
            room -= len(unpacked)
            if not packed.eof or not room:
                raise ValueError(f"expected compressed data of less than {MOST_UNPACKED} bytes, found no end of it")
            kind, body = next(_elements(memoryview(unpacked), order), (0, _NONE))
        if kind == _MATRIX and (found := _named(body, order, name)) is not None:
            return found
    raise ValueError(f"expected a variable {name}, found none")


def _elements(data: memoryview, order: str) -> Iterator[tuple[int, memoryview]]:
    """Type and bytes of each element. ValueError if one is longer than the rest of the file."""
    at = 0
    while at < len(data):
        if at + 8 > len(data):
            raise ValueError(f"expected the 8 bytes that an element starts with, found {len(data) - at}")
        kind, size = struct.unpack_from(order + "II", data, at)
        start, step = at + 8, 8 + size + (0 if kind == _COMPRESSED else -size % 8)
        if kind >> 16:  # a small element: size and type share one word, the data are in the other
            kind, size, start, step = kind & 0xFFFF, kind >> 16, at + 4, 8
        room = min(len(data), at + step) - start
        if size > room:
            raise ValueError(f"expected {size} bytes of an element, found {room}")
        yield kind, data[start : start + size]
        at += step


def _named(matrix: memoryview, order: str, name: str) -> np.ndarray | None:
    """The array of a matrix element; None if it is another variable."""
    flags, shape, label, values, *_ = [*islice(_elements(matrix, order), 4), *[(0, _NONE)] * 4]
    if label[1] != name.encode():
        return None
    if flags[0] != _UINT32 or len(flags[1]) != 8 or shape[0] != _INT32 or len(shape[1]) % 4:
        raise ValueError(f"expected the class and the size of {name} before its name")
    (about,) = struct.unpack_from(order + "I", flags[1])
    if about & 0xFF not in _NUMERIC_CLASSES or about & _COMPLEX or values[0] not in _NUMBERS:
        raise ValueError(f"expected {name} to hold real numbers, found something else")
    if len(shape[1]) > 4 * MOST_AXES:
        raise ValueError(f"expected up to {MOST_AXES} axes of {name}, found {len(shape[1]) // 4}")
    size = struct.unpack(f"{order}{len(shape[1]) // 4}i", shape[1])
    number, times = np.dtype(order + _NUMBERS[values[0]]), " x ".join(map(str, size))
    if min(size, default=-1) < 0 or math.prod(size) * number.itemsize != len(values[1]):
        raise ValueError(f"expected {times} numbers of {number.itemsize} bytes in {name}, found {len(values[1])} bytes")
    if math.prod(size) > MOST_NUMBERS:
        raise ValueError(f"expected at most {MOST_NUMBERS} numbers in {name}, found {times}")
    with np.errstate(invalid="ignore"):  # signalling NaNs count as NaNs
        return np.frombuffer(values[1], number).astype(np.float64).reshape(size, order="F")

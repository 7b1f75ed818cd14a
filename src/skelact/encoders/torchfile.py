"""Files of `torch.save`, of today's form (a zip archive) and of the one before PyTorch 1.6, read without running them.

Tensors are read when they are asked for, each from bytes that were checked to be there; no more than the file has.
"""

import contextlib
import io
import math
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import torch
from torch import Tensor

from skelact.encoders.inert import Makes, Name, Refused, Thing, read_pickle

_TYPES = {
    "FloatStorage": torch.float32,
    "DoubleStorage": torch.float64,
    "HalfStorage": torch.float16,
    "BFloat16Storage": torch.bfloat16,
    "LongStorage": torch.int64,
    "IntStorage": torch.int32,
    "ShortStorage": torch.int16,
    "CharStorage": torch.int8,
    "ByteStorage": torch.uint8,
    "BoolStorage": torch.bool,
}
_MAGIC = 0x1950A86A20F9469CFC6C
_MOST_AXES = 8
_LARGEST_PICKLE = 64 * 2**20
_DEEPEST = 32
"""Containers within containers that are looked into."""


@dataclass(frozen=True)
class Storage:
    """Numbers in a file."""

    dtype: torch.dtype
    count: int
    read: Callable[[], bytearray]


@dataclass(frozen=True)
class Stored:
    """A tensor in a file."""

    storage: Storage
    offset: int
    shape: tuple[int, ...]
    stride: tuple[int, ...]

    def tensor(self) -> Tensor:
        """The tensor, on the CPU. Refused where its bytes are not all there."""
        if not math.prod(self.shape):
            return torch.empty(self.shape, dtype=self.storage.dtype)
        numbers = torch.frombuffer(self.storage.read(), dtype=self.storage.dtype)
        return numbers.as_strided(self.shape, self.stride, self.offset).contiguous()

    @property
    def bytes(self) -> int:
        return math.prod(self.shape) * self.storage.dtype.itemsize


Table = dict[str, Stored]
"""Tensors that lie side by side, by name."""


@dataclass(frozen=True)
class Contents:
    """What a file of PyTorch holds."""

    tables: dict[tuple[str, ...], Table]
    """Every mapping with tensors in it, by the keys that lead to it."""
    unmade: tuple[str, ...]
    """Classes and functions of the objects that are no tensors, and were passed over."""
    size: int
    """Bytes of the file."""


@contextlib.contextmanager
def opened_torch(path: Path) -> Iterator[Contents]:
    """What a file of `torch.save` holds; its tensors are read within the block.

    Refused: not such a file, damaged, or it would have to run code.
    """
    size = path.stat().st_size
    try:
        with path.open("rb") as file:
            if file.read(4) == b"PK\x03\x04":
                with zipfile.ZipFile(file) as archive:
                    yield _Zipped(archive, size).contents()
            else:
                file.seek(0)
                yield _Old(_Within(file, size), size).contents()
    except (zipfile.BadZipFile, NotImplementedError, EOFError, KeyError, ValueError, RuntimeError) as error:
        raise Refused(str(error).strip()[:200] or type(error).__name__) from error


class _Builder(Makes):
    """Makes tensors of what a pickle says of them; what is in files of both forms."""

    def __init__(self, size: int):
        self._size = size
        self._storages: dict[str, Storage] = {}
        self._read_before: dict[str, bytearray] = {}
        self._left = size

    def referred(self, place: Any) -> Any:
        if isinstance(place, tuple) and place[:1] == ("module",) and len(place) > 1 and isinstance(place[1], Name):
            return place[1]  # a class, with its source beside it, as the old form saves modules
        if not isinstance(place, tuple) or len(place) not in (5, 6) or place[0] != "storage":
            raise Refused("a reference that is none to a tensor's numbers")
        _, kind, key, _, count, *view = place
        if not isinstance(kind, Name) or not isinstance(key, str) or type(count) is not int:
            raise Refused("a reference that is none to a tensor's numbers")
        if view and view[0] is not None:
            raise Refused("a tensor that shares its numbers as before PyTorch 0.4: save it with a later version")
        dtype = _TYPES.get(kind.name)
        if dtype is None or not kind.module.startswith("torch"):
            return Thing(str(kind))
        if not 0 <= count * dtype.itemsize <= self._size:
            raise Refused(f"storage {key:.40}: {count} numbers of {dtype} in a file of {self._size} bytes")
        found = self._storages.setdefault(key, Storage(dtype, count, lambda: self._once(key, count * dtype.itemsize)))
        if (found.dtype, found.count) != (dtype, count):
            raise Refused(f"storage {key:.40}: found with two types or sizes")
        return found

    def called(self, name: Name, arguments: tuple) -> Any:
        if not name.module.startswith("torch"):
            return NotImplemented
        if name.name == "Size":
            return arguments[0] if arguments and isinstance(arguments[0], tuple) else ()
        if name.name in ("_rebuild_parameter", "_rebuild_parameter_with_state"):
            return arguments[0] if arguments else None
        if name.name == "_rebuild_from_type_v2" and len(arguments) > 2 and isinstance(arguments[0], Name):
            return self.called(arguments[0], arguments[2]) if isinstance(arguments[2], tuple) else NotImplemented
        if name.name not in ("_rebuild_tensor", "_rebuild_tensor_v2"):
            return NotImplemented
        storage, offset, shape, stride = (*arguments, *(None,) * 4)[:4]
        return _checked(storage, offset, shape, stride) if isinstance(storage, Storage) else NotImplemented

    def _once(self, key: str, size: int) -> bytearray:
        """The bytes of a storage; of all that are asked for no more than the file has."""
        if key not in self._read_before:
            self._left -= size
            if self._left < 0:
                raise Refused(f"storage {key:.40}: the file's {self._size} bytes do not hold it beside the others")
            self._read_before[key] = self._bytes(key, size)
        return self._read_before[key]

    def _bytes(self, key: str, size: int) -> bytearray:
        raise NotImplementedError


class _Zipped(_Builder):
    """A zip archive with the pickle in `data.pkl` and each storage in a file of its own."""

    def __init__(self, archive: zipfile.ZipFile, size: int):
        super().__init__(size)
        self._archive = archive
        pickles = [name for name in archive.namelist() if name.rpartition("/")[2] == "data.pkl"]
        if len(pickles) != 1:
            raise Refused(f"a zip archive with {len(pickles)} files data.pkl; expected 1")
        self._folder = pickles[0].removesuffix("data.pkl")

    def contents(self) -> Contents:
        if f"{self._folder}byteorder" in self._archive.namelist() and self._read("byteorder", 16) == b"big":
            raise Refused("numbers in the order of bytes of another processor")
        value, unmade = read_pickle(io.BytesIO(self._read("data.pkl", _LARGEST_PICKLE)), self)
        return Contents(_tables(value), tuple(sorted(unmade)), self._size)

    def _bytes(self, key: str, size: int) -> bytearray:
        return bytearray(self._read(f"data/{key}", size, exactly=True))

    def _read(self, name: str, most: int, exactly: bool = False) -> bytes:
        info = self._archive.getinfo(self._folder + name)
        # PyTorch compresses nothing; a size that is no more than the file's cannot claim memory that is not there.
        if info.compress_type != zipfile.ZIP_STORED or info.file_size != info.compress_size:
            raise Refused(f"{name:.40}: expected a file that is not compressed")
        if info.file_size > min(most, self._size) or (exactly and info.file_size != most):
            raise Refused(f"{name:.40}: expected {most} bytes, found {info.file_size}")
        return self._archive.read(info)


class _Old(_Builder):
    """Five pickles in a row and then the numbers, as before PyTorch 1.6."""

    def __init__(self, file: "_Within", size: int):
        super().__init__(size)
        self._file = file
        self._places: dict[str, int] = {}

    def contents(self) -> Contents:
        if read_pickle(self._file, self)[0] != _MAGIC:
            raise Refused("neither a zip archive nor a pickle of PyTorch")
        read_pickle(self._file, self)  # the protocol, 1001 ever since
        system = read_pickle(self._file, self)[0]
        if isinstance(system, dict) and system.get("little_endian") is False:
            raise Refused("numbers in the order of bytes of another processor")
        value, unmade = read_pickle(self._file, self)
        keys = read_pickle(self._file, self)[0]
        if not isinstance(keys, list) or set(keys) != set(self._storages):
            raise Refused("the list of its storages is not that of its tensors")
        place = self._file.tell()
        for key in keys:
            storage = self._storages[key]
            self._file.seek(place)
            if int.from_bytes(self._file.read(8), "little") != storage.count:
                raise Refused(f"storage {key:.40}: expected {storage.count} numbers, found another count")
            self._places[key] = place + 8
            place += 8 + storage.count * storage.dtype.itemsize
        if place > self._size:
            raise Refused(f"cut short: expected {place} bytes, found {self._size}")
        return Contents(_tables(value), tuple(sorted(unmade)), self._size)

    def _bytes(self, key: str, size: int) -> bytearray:
        self._file.seek(self._places[key])
        return bytearray(self._file.read(size))


class _Within:
    """A file of which no more is asked than there is: asked for more, Python reserves memory for it."""

    def __init__(self, file: BinaryIO, size: int):
        self._file = file
        self._size = size
        self.readline, self.tell, self.seek = file.readline, file.tell, file.seek

    def read(self, count: int) -> bytes:
        return self._file.read(max(0, min(count, self._size - self._file.tell())))


def _checked(storage: Storage, offset: Any, shape: Any, stride: Any) -> Stored:
    """The tensor that is described, if all of it lies within its storage."""
    axes = (offset,), shape, stride
    whole = all(isinstance(axis, tuple) and all(type(n) is int and n >= 0 for n in axis) for axis in axes)
    if not whole or len(shape) != len(stride) or len(shape) > _MOST_AXES:
        raise Refused("a tensor whose shape is none")
    last = offset + sum((length - 1) * step for length, step in zip(shape, stride, strict=True))
    if math.prod(shape) > storage.count or (math.prod(shape) and last >= storage.count):
        raise Refused(f"a tensor of shape {shape} in a storage of {storage.count} numbers")
    return Stored(storage, offset, shape, stride)


def _tables(value: Any) -> dict[tuple[str, ...], Table]:
    """Every mapping with tensors in it. A module that was saved whole is one, of its parts' tensors."""
    found: dict[tuple[str, ...], Table] = {}
    seen: set[int] = set()

    def look(value: Any, path: tuple[str, ...], table: Table | None, name: str) -> None:
        """`table` takes the tensors of a module's part, whose names begin with `name`."""
        if isinstance(value, Thing):
            parts = value.state if isinstance(value.state, dict) else {}
            if "_modules" in parts and id(value) not in seen and len(path) < _DEEPEST:
                seen.add(id(value))
                table = found.setdefault(path, {}) if table is None else table
                for kind in ("_parameters", "_buffers", "_modules"):
                    for key, part in parts[kind].items() if isinstance(parts.get(kind), dict) else ():
                        if isinstance(part, Stored):
                            table[f"{name}{key}"] = part
                        elif kind == "_modules":
                            look(part, (*path, str(key)), table, f"{name}{key}.")
                return
            look(parts, path, None, "")
            look(value.items, path, None, "")
            return
        entries = (
            enumerate(value) if isinstance(value, list | tuple) else value.items() if isinstance(value, dict) else ()
        )
        if id(value) in seen or len(path) > _DEEPEST or not entries:
            return
        seen.add(id(value))
        for key, held in entries:
            key = str(key) if isinstance(key, str | int) else "?"
            if isinstance(held, Stored):
                found.setdefault(path, {})[key] = held
            elif isinstance(held, Thing | dict | list | tuple):
                look(held, (*path, key), None, "")

    look(value, (), None, "")
    return {path: table for path, table in found.items() if table}

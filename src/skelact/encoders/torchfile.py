"""Reads files of `torch.save`, zip archives and the format before PyTorch 1.6, without running code from them.

Tensors are read on demand. Their sizes are checked first, so a file cannot claim more memory than it has bytes.
"""

import contextlib
import struct
import zipfile
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import torch
from torch import Tensor

from skelact.encoders.inert import Inert, Thing
from skelact.encoders.stored import Contents, Storage, checked, tables_in
from skelact.system.pickles.makes import Name, RefusedPickle, Room
from skelact.system.pickles.operations import read_pickle

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
TENSOR_BYTES = 1000
"""Approximate bytes of a tensor or storage description. The objects of PyTorch take less."""
_MAGIC = 0x1950A86A20F9469CFC6C
MARK = b"PK\x03\x04"
"""First bytes of a zip archive."""
_LARGEST_PICKLE = 64 * 2**20
_PIECE = 2**20
_LARGEST_LIST = 4 * 2**20
"""Bytes of an archive's list of files: about a hundred for each tensor."""


@contextlib.contextmanager
def opened_torch(path: Path) -> Iterator[Contents]:
    """The content of a file of `torch.save`. Its tensors can be read within the `with` block.

    RefusedPickle: not such a file, damaged, or reading would run code.
    """
    size = path.stat().st_size
    with damage_refused(), path.open("rb") as file:
        if file.read(4) == MARK:
            check_directory(file, size)
            with zipfile.ZipFile(file) as archive:
                yield Zipped(archive, size).contents()
        else:
            file.seek(0)
            yield _Old(file, size).contents()


@contextlib.contextmanager
def damage_refused() -> Iterator[None]:
    """Turns the many errors that damaged bytes cause into RefusedPickle."""
    try:
        yield
    except (
        zipfile.BadZipFile,
        NotImplementedError,
        EOFError,
        KeyError,
        ArithmeticError,
        ValueError,
        TypeError,
        AttributeError,
        RuntimeError,
        struct.error,
    ) as error:
        raise RefusedPickle(str(error).strip()[:200] or type(error).__name__) from error


def check_directory(file: BinaryIO, size: int) -> None:
    """RefusedPickle if the list of files in an archive is too long: reading it takes many times its size of memory."""
    file.seek(max(0, size - 2**16 - 22))
    end = file.read()
    record = end.rfind(b"PK\x05\x06")
    record_64 = end.rfind(b"PK\x06\x06", 0, max(record, 0))  # zip64, whose sizes have 64 bits
    listed = int.from_bytes(end[record + 12 : record + 16], "little") if record >= 0 else 0
    if listed == 2**32 - 1 and record_64 >= 0:
        listed = int.from_bytes(end[record_64 + 40 : record_64 + 48], "little")
    if listed > _LARGEST_LIST:
        raise RefusedPickle(f"an archive with a list of files of {listed} bytes, which is too long")


class Builder(Inert, ABC):
    """Creates tensors from their descriptions in a pickle. Base of the readers of both formats."""

    def __init__(self, size: int):
        super().__init__()
        self._size = size
        self._storages: dict[str, Storage] = {}
        self._read_before: dict[str, Tensor] = {}
        self._left = size

    def referred(self, identifier: Any, room: Room) -> Any:
        parts = list(identifier) if isinstance(identifier, tuple) else []
        if parts and parts[0] == "module":
            return next((part for part in parts if isinstance(part, Name)), None)  # a class, in the old format
        if len(parts) not in (5, 6) or parts[0] != "storage":
            raise RefusedPickle("a reference to something else than a storage")
        _, kind, key, _, count, *view = parts
        if not isinstance(kind, Name) or not isinstance(key, str) or type(count) is not int:
            raise RefusedPickle("a reference to something else than a storage")
        if view and view[0] is not None:
            raise RefusedPickle("a shared tensor in the format before PyTorch 0.4: save it with a newer version")
        room.take(TENSOR_BYTES)
        dtype = _TYPES.get(kind.name)
        if dtype is None or not kind.module.startswith("torch"):
            return Thing(str(kind))
        if not 0 <= count * dtype.itemsize <= self._size:
            raise RefusedPickle(f"storage {key:.40}: {count} numbers of {dtype} in a file of {self._size} bytes")
        found = self._storages.setdefault(key, Storage(dtype, count, lambda: self._once(key, count * dtype.itemsize)))
        if (found.dtype, found.count) != (dtype, count):
            raise RefusedPickle(f"storage {key:.40}: found with two types or sizes")
        return found

    def called(self, name: Name, args: tuple, room: Room) -> Any:
        if not name.module.startswith("torch"):
            return super().called(name, args, room)
        if name.name == "Size":
            return args[0] if args and type(args[0]) is tuple else ()
        if name.name in ("_rebuild_parameter", "_rebuild_parameter_with_state"):
            return args[0] if args else None
        if name.name == "_rebuild_from_type_v2" and len(args) > 2:
            function, _, args = args[:3]
            if isinstance(function, Name) and type(args) is tuple and function.name.startswith("_rebuild_tensor"):
                name = function
        storage, offset, shape, stride = (*args, *(None,) * 4)[:4]
        if name.name not in ("_rebuild_tensor", "_rebuild_tensor_v2") or not isinstance(storage, Storage):
            return self.instance(name, room)
        room.take(TENSOR_BYTES)
        return checked(storage, offset, shape, stride)

    def _once(self, key: str, size: int) -> Tensor:
        """The bytes of a storage. RefusedPickle if all storages together exceed the file."""
        if key not in self._read_before:
            self._left -= size
            if self._left < 0:
                raise RefusedPickle(f"storage {key:.40}: a file of {self._size} bytes cannot hold it and the others")
            self._read_before[key] = self._bytes(key, size)
        return self._read_before[key]

    @abstractmethod
    def _bytes(self, key: str, size: int) -> Tensor:
        """Read the bytes of a storage from the file."""


def _filled(read: Callable[[int], bytes], size: int) -> Tensor:
    """The next `size` bytes of a file as a tensor. EOFError if there are fewer."""
    made, at = torch.empty(size, dtype=torch.uint8), 0
    held = made.numpy()
    while at < size:
        if not (piece := read(min(_PIECE, size - at))):
            raise EOFError(f"expected {size} bytes of a tensor, found {at}")
        held[at : at + len(piece)] = np.frombuffer(piece, np.uint8)
        at += len(piece)
    return made


class Zipped(Builder):
    """A zip archive: the pickle in `data.pkl`, each storage in its own file."""

    def __init__(self, archive: zipfile.ZipFile, size: int):
        super().__init__(size)
        self._archive = archive
        pickles = [name for name in archive.namelist() if name.rpartition("/")[2] == "data.pkl"]
        if len(pickles) != 1:
            raise RefusedPickle(f"a zip archive with {len(pickles)} files data.pkl; expected 1")
        self._folder = pickles[0].removesuffix("data.pkl")

    def value(self, largest: int = _LARGEST_PICKLE) -> Any:
        """The content of the pickle, which may have at most `largest` bytes."""
        if f"{self._folder}byteorder" in self._archive.namelist() and self._read("byteorder", 16) == b"big":
            raise RefusedPickle("numbers in the byte order of another kind of processor")
        return read_pickle(self._read("data.pkl", largest), self)[0]

    def contents(self) -> Contents:
        value = self.value()
        return Contents(tables_in(value), tuple(sorted(self.unmade)), self._size)

    def _bytes(self, key: str, size: int) -> Tensor:
        with self._archive.open(self._checked(f"data/{key}", size, exactly=True)) as file:
            return _filled(file.read, size)

    def _read(self, name: str, most: int) -> bytes:
        return self._archive.read(self._checked(name, most))

    def _checked(self, name: str, most: int, exactly: bool = False) -> zipfile.ZipInfo:
        info = self._archive.getinfo(self._folder + name)
        # PyTorch does not compress. With sizes limited to that of the file, an archive cannot claim more memory.
        if info.compress_type != zipfile.ZIP_STORED or info.file_size != info.compress_size:
            raise RefusedPickle(f"{name:.40}: expected a file that is not compressed")
        if info.file_size > min(most, self._size) or (exactly and info.file_size != most):
            raise RefusedPickle(f"{name:.40}: expected {most} bytes, found {info.file_size}")
        return info


class _Old(Builder):
    """The format before PyTorch 1.6: five pickles, then the storages."""

    def __init__(self, file: BinaryIO, size: int):
        super().__init__(size)
        self._file = file
        self._offsets: dict[str, int] = {}

    def contents(self) -> Contents:
        start = self._file.read(min(_LARGEST_PICKLE, self._size))
        magic, offset = read_pickle(start, self)
        if magic != _MAGIC:
            raise RefusedPickle("neither a zip archive nor a pickle of PyTorch")
        _, offset = read_pickle(start, self, offset)  # the protocol, 1001 ever since
        system, offset = read_pickle(start, self, offset)
        if isinstance(system, dict) and system.get("little_endian") is False:
            raise RefusedPickle("numbers in the byte order of another kind of processor")
        value, offset = read_pickle(start, self, offset)
        keys, offset = read_pickle(start, self, offset)
        if type(keys) is not list or not all(type(key) is str for key in keys) or {*keys} != {*self._storages}:
            raise RefusedPickle("its list of storages does not match its tensors")
        for key in keys:
            storage = self._storages[key]
            self._file.seek(offset)
            if int.from_bytes(self._file.read(8), "little") != storage.count:
                raise RefusedPickle(f"storage {key:.40}: expected {storage.count} numbers, found a different number")
            self._offsets[key] = offset + 8
            offset += 8 + storage.count * storage.dtype.itemsize
        if offset > self._size:
            raise RefusedPickle(f"cut short: expected {offset} bytes, found {self._size}")
        return Contents(tables_in(value), tuple(sorted(self.unmade)), self._size)

    def _bytes(self, key: str, size: int) -> Tensor:
        self._file.seek(self._offsets[key])
        return _filled(self._file.read, size)

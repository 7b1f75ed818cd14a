"""Reads a file of `torch.save` as `torch.load` does, but only tensors, numbers, text and plain containers.

Shared storages and strides are kept. `torch.load` with `weights_only` does not limit the memory and time that a
malicious file can cost; this does.
"""

import zipfile
from collections import OrderedDict
from typing import Any, BinaryIO

from torch import Tensor

from skelact.encoders.stored import Storage, checked
from skelact.encoders.torchfile import MARK, TENSOR_BYTES, Zipped, check_directory, damage_refused
from skelact.system.pickles.makes import Makes, Name, RefusedPickle, Room, described

_LARGEST_PICKLE = 16 * 2**20
"""Bytes. The description of a tensor takes about 200."""
_DEEPEST = 32
_MOST_VALUES = 2**20
"""Values in all containers. A value counts once for each container it is in."""
_ORDERED = 400
"""Bytes of an OrderedDict with attributes in addition to what Python reports; then of an entry, beyond a dict's."""
_LINK = 96
_METADATA = "_metadata"
"""The attribute of a state dict with the versions of its modules."""


def read_exact(file: BinaryIO, size: int) -> Any:
    """The content of an open file of `size` bytes. RefusedPickle if it is no such file, damaged, or has others."""
    with damage_refused():
        file.seek(0)
        if file.read(len(MARK)) != MARK:
            raise RefusedPickle("expected a zip archive, found none")
        check_directory(file, size)
        with zipfile.ZipFile(file) as archive:
            value = _Exact(archive, size).value(_LARGEST_PICKLE)
    _check(value)
    return value


class _Exact(Zipped):
    """Creates tensors and ordered dicts, and refuses all other names."""

    def named(self, name: Name, room: Room) -> Name:
        root = name.module.partition(".")[0]
        if root != "torch" and name != Name("collections", "OrderedDict"):
            raise RefusedPickle(f"{name} is not opened: {_ONLY}")
        return name

    def called(self, name: Name, args: tuple, room: Room) -> Any:
        if name == Name("collections", "OrderedDict") and not args:
            room.take(_ORDERED)
            return OrderedDict()
        if name != Name("torch._utils", "_rebuild_tensor_v2"):
            raise RefusedPickle(f"a call of {name} is not opened: {_ONLY}")
        if len(args) != 6 or not isinstance(args[0], Storage) or type(args[4]) is not bool:
            raise RefusedPickle("expected storage, offset, shape, strides and gradient of a tensor, found others")
        if type(args[5]) is not OrderedDict or args[5]:
            raise RefusedPickle("expected a tensor without hooks, found one with them")
        room.take(TENSOR_BYTES)
        return checked(*args[:4], expanded=True).view().requires_grad_(args[4])

    def instance(self, of: Any, room: Room) -> Any:
        return Makes.instance(self, of, room)

    def built(self, target: Any, state: Any, room: Room) -> Any:
        if type(target) is not OrderedDict or type(state) is not dict or [*state] != [_METADATA]:
            return Makes.built(self, target, state, room)
        target.__dict__[_METADATA] = state[_METADATA]
        return target

    def number(self, data: memoryview) -> Any:
        return Makes.number(self, data)

    def key(self, value: Any) -> Any:
        return Makes.key(self, value)

    def container(self, value: Any, kind: type) -> Any:
        if type(value) is OrderedDict and kind is dict:
            return value
        return Makes.container(self, value, kind)

    def pairs(self, into: dict, keys: Any, values: Any, room: Room) -> dict:
        if type(into) is OrderedDict:
            room.take(_LINK * len(keys))
        return super().pairs(into, keys, values, room)


_ONLY = "only tensors, numbers, text and plain containers are"


def _check(value: Any) -> None:
    """RefusedPickle for values that are not plain, cyclic or too deep containers, and too many values."""
    sizes: dict[int, tuple[int, int]] = {}
    """Number of values and depth of each container by its id; (0, 0) while it is being walked."""

    def measured(value: Any, depth: int) -> tuple[int, int]:
        if type(value) in (str, int, float, bool, type(None), Tensor):
            return 1, 0
        if type(value) not in (list, tuple, dict, OrderedDict):
            raise RefusedPickle(f"{described(value)} is not opened: {_ONLY}")
        if (known := sizes.get(id(value))) is None:
            if depth > _DEEPEST:
                raise _too_deep()
            sizes[id(value)] = 0, 0
            held = [*value.values()] if isinstance(value, dict) else [*value]
            if _METADATA in (attributes := getattr(value, "__dict__", {})):
                held.append(attributes[_METADATA])
            count, height = 1, 0
            for one in held:
                more, below = measured(one, depth + 1)
                count, height = count + more, max(height, below)
                if count > _MOST_VALUES:
                    raise RefusedPickle(f"expected at most {_MOST_VALUES} values, found more")
            known = sizes[id(value)] = count, height + 1
        if known == (0, 0):
            raise RefusedPickle("expected containers that end, found one within itself")
        if known[1] > _DEEPEST:
            raise _too_deep()
        return known

    measured(value, 0)


def _too_deep() -> RefusedPickle:
    return RefusedPickle(f"expected at most {_DEEPEST} containers within each other, found more")

"""Tensors as a file of `torch.save` describes them, checked against their storages, and the mappings that hold them."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from skelact.encoders.inert import Thing
from skelact.system.pickles.makes import RefusedPickle

_MOST_AXES = 8
_DEEPEST = 32
"""Containers within containers that are looked into."""


@dataclass(frozen=True)
class Storage:
    """Numbers in a file."""

    dtype: torch.dtype
    count: int
    read: Callable[[], Tensor]
    """Their bytes, as one axis of uint8; the same memory each time."""


@dataclass(frozen=True)
class Stored:
    """A tensor in a file."""

    storage: Storage
    offset: int
    shape: tuple[int, ...]
    stride: tuple[int, ...]

    def tensor(self) -> Tensor:
        """The tensor, on the CPU. RefusedPickle where its bytes are not all there."""
        if not math.prod(self.shape):
            return torch.empty(self.shape, dtype=self.storage.dtype)
        return self.view().contiguous()

    def view(self) -> Tensor:
        """The tensor as it was, in the memory of all that share its storage. RefusedPickle as of `tensor`."""
        numbers = torch.empty(0, dtype=self.storage.dtype)
        return numbers.set_(self.storage.read().untyped_storage(), self.offset, self.shape, self.stride)

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


def checked(storage: Storage, offset: Any, shape: Any, stride: Any, expanded: bool = False) -> Stored:
    """The tensor that is described, if all of it lies within its storage; `expanded`: it may have numbers twice."""
    axes = (offset,), shape, stride
    whole = all(isinstance(axis, tuple) and all(type(n) is int and n >= 0 for n in axis) for axis in axes)
    if not whole or len(shape) != len(stride) or len(shape) > _MOST_AXES:
        raise RefusedPickle("a tensor whose shape is none")
    last = offset + sum((length - 1) * step for length, step in zip(shape, stride, strict=True))
    if (math.prod(shape) > storage.count and not expanded) or (math.prod(shape) and last >= storage.count):
        raise RefusedPickle(f"a tensor of shape {shape} in a storage of {storage.count} numbers")
    return Stored(storage, offset, shape, stride)


def tables_in(value: Any) -> dict[tuple[str, ...], Table]:
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

"""Tensors as described in a file of `torch.save`, checked against their storages, and the mappings with tensors."""

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
"""Deepest nesting of containers that is searched."""


@dataclass(frozen=True)
class Storage:
    """A storage in a file."""

    dtype: torch.dtype
    count: int
    read: Callable[[], Tensor]
    """Returns its bytes as a uint8 tensor of one axis; the same memory each time."""


@dataclass(frozen=True)
class Stored:
    """A tensor in a file."""

    storage: Storage
    offset: int
    shape: tuple[int, ...]
    stride: tuple[int, ...]

    def tensor(self) -> Tensor:
        """The tensor, contiguous, on the CPU. RefusedPickle if bytes are missing."""
        if not math.prod(self.shape):
            return torch.empty(self.shape, dtype=self.storage.dtype)
        return self.view().contiguous()

    def view(self) -> Tensor:
        """The tensor with its strides, sharing the memory of its storage. RefusedPickle as in `tensor`."""
        numbers = torch.empty(0, dtype=self.storage.dtype)
        return numbers.set_(self.storage.read().untyped_storage(), self.offset, self.shape, self.stride)

    @property
    def bytes(self) -> int:
        return math.prod(self.shape) * self.storage.dtype.itemsize


Table = dict[str, Stored]
"""Tensors of one mapping, by name."""


@dataclass(frozen=True)
class Contents:
    """Content of a PyTorch file."""

    tables: dict[tuple[str, ...], Table]
    """Every mapping with tensors, by the path of keys to it."""
    unmade: tuple[str, ...]
    """Classes and functions of other objects, which were skipped."""
    size: int
    """Bytes of the file."""


def checked(storage: Storage, offset: Any, shape: Any, stride: Any, expanded: bool = False) -> Stored:
    """The described tensor. RefusedPickle unless it lies within its storage. `expanded`: strides may repeat numbers."""
    axes = (offset,), shape, stride
    whole = all(isinstance(axis, tuple) and all(type(n) is int and n >= 0 for n in axis) for axis in axes)
    if not whole or len(shape) != len(stride) or len(shape) > _MOST_AXES:
        raise RefusedPickle("a tensor without a valid shape")
    last = offset + sum((length - 1) * step for length, step in zip(shape, stride, strict=True))
    if (math.prod(shape) > storage.count and not expanded) or (math.prod(shape) and last >= storage.count):
        raise RefusedPickle(f"a tensor of shape {shape} in a storage of {storage.count} numbers")
    return Stored(storage, offset, shape, stride)


def tables_in(value: Any) -> dict[tuple[str, ...], Table]:
    """Every mapping with tensors, by path. A module that was saved whole counts as one mapping."""
    found: dict[tuple[str, ...], Table] = {}
    seen: set[int] = set()

    def look(value: Any, path: tuple[str, ...], table: Table | None, name: str) -> None:
        """Adds the tensors of a submodule to `table`, with names that begin with `name`."""
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

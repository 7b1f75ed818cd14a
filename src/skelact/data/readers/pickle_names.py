"""What the few names that a plain pickle may hold stand for: arrays and their kinds, sets, dicts and bytes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from skelact.data.readers.pickle_arrays import Kind, RefusedPickle, Room, Unfinished, array, raw, said
from skelact.printable import printed

_ENTRY = 64
"""Bytes of an entry of a dict or set, about."""


@dataclass(frozen=True)
class Name:
    """A name as it stands in the file; nothing is looked up by it but our own functions."""

    module: str
    name: str

    def __str__(self) -> str:
        return printed(f"{self.module}.{self.name}")


def checked_key(value: Any) -> Any:
    """A key of a dict or a member of a set: texts and small numbers, as the hash of a tuple can be made to cost all."""
    if type(value) in (str, bool, type(None)) or (type(value) is int and abs(value) < 2**31):
        return value
    raise RefusedPickle(f"expected texts and whole numbers as keys, found {said(value)}")


def members(values: Sequence[Any], room: Room) -> set:
    room.take(_ENTRY * len(values))
    return {checked_key(value) for value in values}


def pairs(into: dict, keys: Sequence[Any], values: Sequence[Any], room: Room) -> dict:
    room.take(_ENTRY * len(keys))
    for key, value in zip(keys, values, strict=True):
        into[checked_key(key)] = value
    return into


def _kind(args: tuple, room: Room) -> Kind:
    return Kind.named(args[0] if args else None)


def _unfinished(args: tuple, room: Room) -> Unfinished:
    if not args or not isinstance(args[0], Name) or args[0] != _ARRAY:
        raise RefusedPickle(f"{said(args[0]) if args else 'nothing'} is not opened as an array: only numpy.ndarray is")
    return Unfinished()


def _from_buffer(args: tuple, room: Room) -> np.ndarray | list:
    if len(args) not in (4, 5) or type(args[3]) is not str or args[3] not in ("C", "F", "K"):
        raise RefusedPickle("expected bytes, kind, shape and order of an array, found something else")
    return array(room, *args)


def _scalar(args: tuple, room: Room) -> Any:
    if len(args) != 2 or not isinstance(args[0], Kind) or args[0].objects:
        raise RefusedPickle("expected kind and bytes of a number, found something else")
    (value,) = np.asarray(array(room, args[1], args[0], (1,), "C")).tolist()
    return value


def _bytes(args: tuple, room: Room) -> bytes | bytearray | memoryview:
    if len(args) > 2 or (len(args) == 2 and (type(args[1]) is not str or args[1] not in ("latin1", "latin-1"))):
        raise RefusedPickle(f"expected bytes written as latin1, found {said(args[-1])}")
    return raw(args[0], room) if args else b""


def _set(args: tuple, room: Room) -> set:
    return members(_listed(args), room)


def _dict(args: tuple, room: Room) -> dict:
    both = _listed(args)
    if not all(type(pair) in (list, tuple) and len(pair) == 2 for pair in both):
        raise RefusedPickle("expected pairs of key and value in a dict, found something else")
    return pairs({}, [key for key, _ in both], [value for _, value in both], room)


def _listed(args: tuple) -> Sequence[Any]:
    values, *more = args or ((),)
    if more or type(values) not in (list, tuple):
        raise RefusedPickle(f"expected a list of members, found {said(values)}")
    return values


def _by_itself(args: tuple, room: Room) -> Any:
    raise RefusedPickle(f"{_ARRAY} called by itself is not opened")


_ARRAY = Name("numpy", "ndarray")
_CORES, _BUILTINS = ("numpy.core", "numpy._core"), ("builtins", "__builtin__")
_KNOWN: dict[Name, Callable[[tuple, Room], Any]] = {
    _ARRAY: _by_itself,
    Name("numpy", "dtype"): _kind,
    Name("_codecs", "encode"): _bytes,
    Name("collections", "OrderedDict"): _dict,
    **{Name(module, name): _set for module in _BUILTINS for name in ("set", "frozenset")},
    **{Name(module, name): _bytes for module in _BUILTINS for name in ("bytes", "bytearray")},
    **{Name(f"{core}.multiarray", "_reconstruct"): _unfinished for core in _CORES},
    **{Name(f"{core}.multiarray", "scalar"): _scalar for core in _CORES},
    **{Name(f"{core}.numeric", "_frombuffer"): _from_buffer for core in _CORES},
}
"""All names that are read, each with what is made of its arguments."""


def known(module: str, name: str) -> Name:
    """The name; RefusedPickle, which says it, if it is no name of arrays and containers."""
    found = Name(module, name)
    if found not in _KNOWN:
        raise RefusedPickle(f"{found} is not opened: only plain containers and numpy arrays are")
    return found


def called(name: Any, args: Any, room: Room) -> Any:
    """What a known name makes of its arguments."""
    if not isinstance(name, Name) or type(args) is not tuple:
        raise RefusedPickle(f"a call of {said(name)} is not opened")
    return _KNOWN[name](args, room)

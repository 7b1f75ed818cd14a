"""The few names that a plain pickle may contain, and what is made of them: arrays, dtypes, sets, dicts, bytes."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from skelact.data.readers.pickle_arrays import Kind, UnfinishedArray, array, raw
from skelact.system.pickles.makes import Makes, Name, RefusedPickle, Room, described


def _kind(args: tuple, room: Room) -> Kind:
    return Kind.named(args[0] if args else None)


def _unfinished(args: tuple, room: Room) -> UnfinishedArray:
    if not args or not isinstance(args[0], Name) or args[0] != _ARRAY:
        raise RefusedPickle(
            f"{described(args[0]) if args else 'nothing'} is not opened as an array: only numpy.ndarray is"
        )
    return UnfinishedArray()


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
        raise RefusedPickle(f"expected bytes written as latin1, found {described(args[-1])}")
    return raw(args[0], room) if args else b""


def _set(args: tuple, room: Room) -> set:
    return _PLAIN.members(_listed(args), room)


def _dict(args: tuple, room: Room) -> dict:
    both = _listed(args)
    if not all(type(pair) in (list, tuple) and len(pair) == 2 for pair in both):
        raise RefusedPickle("expected pairs of key and value in a dict, found something else")
    return _PLAIN.pairs({}, [key for key, _ in both], [value for _, value in both], room)


def _listed(args: tuple) -> Sequence[Any]:
    values, *more = args or ((),)
    if more or type(values) not in (list, tuple):
        raise RefusedPickle(f"expected a list of members, found {described(values)}")
    return values


def _by_itself(args: tuple, room: Room) -> Any:
    raise RefusedPickle(f"{_ARRAY} called by itself is not opened")


_PLAIN = Makes()
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
"""All accepted names, each with the function that takes its arguments."""


class Arrays(Makes):
    """Makes arrays, sets, dicts and bytes; refuses all other names."""

    def named(self, name: Name, room: Room) -> Name:
        if name not in _KNOWN:
            raise RefusedPickle(f"{name} is not opened: only plain containers and numpy arrays are")
        return name

    def called(self, name: Name, args: tuple, room: Room) -> Any:
        return _KNOWN[name](args, room)

    def built(self, target: Any, state: Any, room: Room) -> Any:
        if isinstance(target, Kind):
            target.build(state)
            return target
        return target.build(state, room) if isinstance(target, UnfinishedArray) else super().built(target, state, room)

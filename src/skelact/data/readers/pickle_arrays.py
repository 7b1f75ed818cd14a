"""The arrays of a plain pickle, made here from checked parts.

numpy's own unpickling trusts its input: an array of objects whose bytes are a made-up pointer crashes the process. So
it is not used; an array is a view of bytes of the file, whose number must fit shape and dtype.
"""

import math
import re
from dataclasses import dataclass
from sys import getsizeof
from typing import Any

import numpy as np

from skelact.system.pickles.makes import LongText, RefusedPickle, Room, Unfinished, described

AXES = 32
"""Most axes of an array."""
LAST_LETTER = 0x10FFFF
LONGEST_EMPTY = 2**20
"""Longest axis of an empty array, whose length cannot be checked against bytes."""
_KIND = re.compile(r"(\?|b1|[iu][1248]|f[248]|[SU][1-9][0-9]{0,6}|O[48]?)")


@dataclass
class Kind:
    """A numpy dtype under construction: a pickle states the byte order after the rest."""

    text: str
    order: str = "="

    @classmethod
    def named(cls, text: Any) -> "Kind":
        if type(text) is not str or not _KIND.fullmatch(bare := text.lstrip("<>=|")):
            raise RefusedPickle(f"an array of {described(text)} is not opened: only numbers, booleans and text are")
        return cls(bare, ">" if text.startswith(">") else "=")

    @property
    def numpy(self) -> np.dtype:
        return np.dtype(self.order + self.text)

    @property
    def objects(self) -> bool:
        return self.text.startswith("O")

    def build(self, state: Any) -> None:
        """`state` is (version, order, None, None, None, size or -1, alignment or -1, flags)."""
        if (
            type(state) is not tuple
            or not 7 <= len(state) <= 9
            or type(state[1]) is not str
            or type(state[5]) is not int
        ):
            raise RefusedPickle(f"expected byte order and size of {self.text}, found {described(state)}")
        if any(part is not None for part in (*state[2:5], *state[8:])):
            raise RefusedPickle("an array of several fields is not opened: only numbers, booleans and text are")
        if state[1] not in ("<", ">", "|", "="):
            raise RefusedPickle(f"expected the byte order of {self.text}, found {described(state[1])}")
        if not self.objects and state[5] not in (-1, self.numpy.itemsize):
            raise RefusedPickle(f"expected {self.numpy.itemsize} bytes of {self.text}, found {state[5]}")
        self.order = state[1].replace("|", "=")


@dataclass(slots=True)
class UnfinishedArray(Unfinished):
    """An array whose shape and bytes are still to come."""

    def build(self, state: Any, room: Room) -> np.ndarray | list:
        """`state` is (version, shape, kind, Fortran order or not, bytes), where the version may be left out."""
        if type(state) is not tuple or len(state) not in (4, 5) or type(state[-2]) not in (bool, int):
            raise RefusedPickle(f"expected shape, kind, order and bytes of an array, found {described(state)}")
        shape, kind, fortran, data = state[-4:]
        room.take(128)  # bytes of the view object
        return array(room, data, kind, shape, "F" if fortran else "C")


def raw(value: Any, room: Room) -> bytes | bytearray | memoryview:
    """The bytes of an array; Python 2 writes them as text, and converting it takes room."""
    if isinstance(value, bytes | bytearray | memoryview):
        return value
    if isinstance(value, LongText):
        room.take(len(value.data))  # a text has at most as many letters as bytes
        made = value.latin1()
        room.take(-len(value.data) if made is value.data else len(made) - len(value.data))
        return made
    if type(value) is str:
        room.take(len(value) + getsizeof(b""))
        return value.encode("latin-1")
    raise RefusedPickle(f"expected the bytes of an array, found {described(value)}")


def array(room: Room, data: Any, kind: Any, shape: Any, order: str, axes: Any = None) -> np.ndarray | list:
    """A view of bytes as an array; for an array of objects with one axis the list of these objects."""
    if not isinstance(kind, Kind):
        raise RefusedPickle(f"expected the kind of an array's numbers, found {described(kind)}")
    if not _whole_numbers(shape) or len(shape) > AXES or min(shape, default=0) < 0:
        raise RefusedPickle(f"expected the lengths of up to {AXES} axes, found {described(shape)}")
    count, times = math.prod(shape), " x ".join(map(str, shape[:6])) or "one"
    if not count and max(shape) > LONGEST_EMPTY:
        raise RefusedPickle(f"expected numbers in an array, found none in {times}")
    if kind.objects:
        if type(data) is not list or len(shape) != 1 or len(data) != count:
            raise RefusedPickle(
                f"expected a list of {times} objects along one axis as an array, found {described(data)}"
            )
        return data
    data, size = raw(data, room), kind.numpy.itemsize
    if len(data) != count * size:
        raise RefusedPickle(f"expected an array of {times} values of {size} bytes, found {len(data)} bytes")
    plain = np.frombuffer(data, kind.numpy) if count else np.zeros(0, kind.numpy)
    check_letters(plain)
    if order == "K":  # neither C nor Fortran order in memory
        if not _whole_numbers(axes) or sorted(axes) != [*range(len(shape))]:
            raise RefusedPickle(f"expected the order of {len(shape)} axes, found {described(axes)}")
        return plain.reshape(shape).transpose(axes)
    return plain.reshape(shape, order="F" if order == "F" else "C")


def check_letters(values: np.ndarray) -> None:
    """RefusedPickle for an array of text with invalid code points, for which Python raises SystemError."""
    if values.dtype.kind == "U":
        numbers = np.ascontiguousarray(values).view(np.dtype("u4").newbyteorder(values.dtype.byteorder))
        if numbers.max(initial=0) > LAST_LETTER:
            raise RefusedPickle(f"expected letters up to {LAST_LETTER:#x} in a text, found {numbers.max():#x}")


def _whole_numbers(values: Any) -> bool:
    return type(values) is tuple and {*map(type, values)} <= {int}

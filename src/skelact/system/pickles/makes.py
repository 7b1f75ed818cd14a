"""What may become of the names in a pickle: nothing, unless a reader of some kind of file says what."""

import codecs
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from skelact.system.printable import printed

LONGEST_NUMBER = 10
"""Bytes of a whole number that is kept."""
_ENTRY = 64
"""Bytes of an entry of a dict or set, about."""
_PIECE = 2**20


class RefusedPickle(Exception):
    """Why a pickle is not read, to stand behind the name of its file."""


@dataclass
class Room:
    """Memory that the values of a file may take besides its bytes; what is taken is an estimate from above."""

    left: int

    def take(self, size: int) -> None:
        self.left -= size
        if self.left < 0:
            raise RefusedPickle("expected values in proportion to the file, found many times its size")


@dataclass(frozen=True)
class LongText:
    """Text too long for a name, left undecoded where it is: Python 2 and the old protocols write bytes as text."""

    data: memoryview
    encoding: str

    def latin1(self) -> bytearray | memoryview:
        if self.encoding == "latin-1":
            return self.data
        decoder, made = codecs.getincrementaldecoder(self.encoding)(), bytearray()
        for start in range(0, len(self.data), _PIECE):  # whole, the text would take up to four times its bytes
            made += decoder.decode(self.data[start : start + _PIECE]).encode("latin-1")
        made += decoder.decode(b"", final=True).encode("latin-1")
        return made


@dataclass(frozen=True, slots=True)
class Name:
    """A name as it stands in the file; nothing is looked up by it but our own functions."""

    module: str
    name: str

    def __str__(self) -> str:
        return printed(f"{self.module}.{self.name}")


@dataclass(slots=True)
class Unfinished:
    """A value whose state is still to come, and which is another one then; `places` of the memo wait for it."""

    places: tuple[int, ...] = ()


class Makes:
    """Refuses every name; a reader says what else becomes of those that it knows."""

    def named(self, name: Name, room: Room) -> Name:
        """The name, where it may be in a file."""
        raise RefusedPickle(f"{name} is not opened")

    def called(self, name: Name, args: tuple, room: Room) -> Any:
        """What a call of the name gives."""
        raise RefusedPickle(f"a call of {name} is not opened")

    def instance(self, of: Any, room: Room) -> Any:
        """An object of a class, made without a call."""
        raise RefusedPickle(f"{said(of)} made as an object is not opened")

    def built(self, target: Any, state: Any, room: Room) -> Any:
        """What a value is after its attributes were set: itself, or what takes the place of an `Unfinished`."""
        raise RefusedPickle(f"attributes of {said(target)} are not opened")

    def referred(self, reference: Any, room: Room) -> Any:
        """What a persistent id stands for."""
        raise RefusedPickle("a reference to something outside the file is not followed")

    def number(self, data: memoryview) -> Any:
        """What a whole number of more than 10 bytes becomes."""
        raise RefusedPickle(f"expected a whole number of up to {LONGEST_NUMBER} bytes, found {len(data)}")

    def key(self, value: Any) -> Any:
        """A key of a dict or a member of a set, of texts and small numbers; what else becomes one."""
        if type(value) in (str, bool, type(None)) or (type(value) is int and abs(value) < 2**31):
            return value  # the hash of a tuple can be made to cost all time there is
        raise RefusedPickle(f"expected texts and whole numbers as keys, found {said(value)}")

    def container(self, value: Any, kind: type) -> Any:
        """The list, dict or set that what is put into a value goes to."""
        if type(value) is not kind:
            raise RefusedPickle(f"expected a {kind.__name__} to add to, found {said(value)}")
        return value

    def members(self, values: Sequence[Any], room: Room) -> set:
        room.take(_ENTRY * len(values))
        return {self.key(value) for value in values}

    def pairs(self, into: dict, keys: Sequence[Any], values: Sequence[Any], room: Room) -> dict:
        room.take(_ENTRY * len(keys))
        for key, value in zip(keys, values, strict=True):
            into[self.key(key)] = value
        return into


def said(value: Any) -> str:
    """A value of a file in a few words, whatever it is: short, escaped, and never what it holds."""
    if type(value) is str:
        return printed(value)
    if type(value) in (int, float, bool, type(None)):
        return repr(value)
    if type(value) in (list, tuple, dict, set, bytes, bytearray, memoryview):
        return f"a {type(value).__name__} of {len(value)}"
    return str(value) if isinstance(value, Name) else f"a {type(value).__name__}"

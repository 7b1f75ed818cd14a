"""What the names in a pickle stand for. By default every name is refused; readers of file types override this."""

import codecs
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from skelact.system.printable import printed

LONGEST_NUMBER = 10
"""Most bytes of a whole number."""
_ENTRY = 64
"""Approximate bytes of an entry of a dict or set."""
_PIECE = 2**20


class RefusedPickle(Exception):
    """A pickle is refused; the text says why, without the name of the file."""


@dataclass
class Room:
    """Memory left for the values of a file, beyond its bytes; sizes are estimated from above."""

    left: int

    def take(self, size: int) -> None:
        self.left -= size
        if self.left < 0:
            raise RefusedPickle("expected values in proportion to the file, found many times its size")


@dataclass(frozen=True)
class LongText:
    """Long text, not decoded: Python 2 and old protocols write bytes as text."""

    data: memoryview
    encoding: str

    def latin1(self) -> bytearray | memoryview:
        if self.encoding == "latin-1":
            return self.data
        decoder, made = codecs.getincrementaldecoder(self.encoding)(), bytearray()
        for start in range(0, len(self.data), _PIECE):  # the whole text would take up to four times its bytes
            made += decoder.decode(self.data[start : start + _PIECE]).encode("latin-1")
        made += decoder.decode(b"", final=True).encode("latin-1")
        return made


@dataclass(frozen=True, slots=True)
class Name:
    """A name in the file. It is never imported; it only selects our own functions."""

    module: str
    name: str

    def __str__(self) -> str:
        return printed(f"{self.module}.{self.name}")


@dataclass(slots=True)
class Unfinished:
    """A value that its state, which follows later, replaces. `numbers`: memo entries to update then."""

    numbers: tuple[int, ...] = ()


class Makes:
    """Refuses every name; subclasses accept the names that they know."""

    def named(self, name: Name, room: Room) -> Name:
        """The name, if it is allowed in a file."""
        raise RefusedPickle(f"{name} is not opened")

    def called(self, name: Name, args: tuple, room: Room) -> Any:
        """Result of calling the name."""
        raise RefusedPickle(f"a call of {name} is not opened")

    def instance(self, of: Any, room: Room) -> Any:
        """An object of a class, created without a call."""
        raise RefusedPickle(f"{described(of)} made as an object is not opened")

    def built(self, target: Any, state: Any, room: Room) -> Any:
        """The value after its state was set: itself, or the replacement of an `Unfinished`."""
        raise RefusedPickle(f"attributes of {described(target)} are not opened")

    def referred(self, identifier: Any, room: Room) -> Any:
        """The value of a persistent id."""
        raise RefusedPickle("a reference to something outside the file is not followed")

    def number(self, data: memoryview) -> Any:
        """The value of a whole number of more than 10 bytes."""
        raise RefusedPickle(f"expected a whole number of up to {LONGEST_NUMBER} bytes, found {len(data)}")

    def key(self, value: Any) -> Any:
        """A key of a dict or member of a set; only texts, None, booleans and small whole numbers are allowed."""
        if type(value) in (str, bool, type(None)) or (type(value) is int and abs(value) < 2**31):
            return value  # tuples could be made that take for ever to hash
        raise RefusedPickle(f"expected texts and whole numbers as keys, found {described(value)}")

    def container(self, value: Any, kind: type) -> Any:
        """The list, dict or set inside `value` that takes added items."""
        if type(value) is not kind:
            raise RefusedPickle(f"expected a {kind.__name__} to add to, found {described(value)}")
        return value

    def members(self, values: Sequence[Any], room: Room) -> set:
        room.take(_ENTRY * len(values))
        return {self.key(value) for value in values}

    def pairs(self, into: dict, keys: Sequence[Any], values: Sequence[Any], room: Room) -> dict:
        room.take(_ENTRY * len(keys))
        for key, value in zip(keys, values, strict=True):
            into[self.key(key)] = value
        return into


def described(value: Any) -> str:
    """A short, escaped description of any value, for messages; never its content."""
    if type(value) is str:
        return printed(value)
    if type(value) in (int, float, bool, type(None)):
        return repr(value)
    if type(value) in (list, tuple, dict, set, bytes, bytearray, memoryview):
        return f"a {type(value).__name__} of {len(value)}"
    return str(value) if isinstance(value, Name) else f"a {type(value).__name__}"

"""The state of a pickle interpreter: bytes, stack and memo, each with limits."""

import re
from sys import getsizeof
from typing import Any

from skelact.system.pickles.makes import Makes, RefusedPickle, Room, Unfinished, described

SLACK = 44 * 2**20
"""Bytes that values may take beyond the size of the file."""
DEPTH, WAITING = 200, 2**20
"""Most open marks, and most values on the stack."""
SLOT = 10
"""Bytes of a reference in a list, spare capacity included."""
LONGEST_LINE = 500
_CUT = "the file is cut off, or no pickle"
_NOTHING = object()


class Stack:
    """The state of reading a pickle; invalid operations raise RefusedPickle."""

    def __init__(self, data: bytes, makes: Makes, at: int = 0):
        self.data, self.view, self.at, self.makes = data, memoryview(data), at, makes
        self.room = Room(len(data) + SLACK)
        self.values: list[Any] = []
        """The stack above the last mark."""
        self._below: list[list[Any]] = []
        """The stacks below each open mark."""
        self._deep = 0
        """Number of values in them."""
        self._memo: list[Any] = [_NOTHING]
        """Values by number, from 0, or from 1 as in pickles of Python 2."""
        self._far: dict[int, Any] = {}
        """Values with numbers beyond the next one."""

    # Bytes.

    def take(self, count: int) -> bytes:
        return bytes(self.view_of(count))

    def view_of(self, count: int) -> memoryview:
        if count > len(self.data) - self.at:
            raise RefusedPickle(f"expected {count} bytes more, found {len(self.data) - self.at}: {_CUT}")
        self.at += count
        return self.view[self.at - count : self.at]

    def counted(self, width: int) -> memoryview:
        """Bytes after their count, which takes `width` bytes."""
        return self.view_of(self.number(width))

    def line(self) -> memoryview:
        end = self.data.find(b"\n", self.at)
        if end < 0:
            raise RefusedPickle(f"expected the end of a line, found none: {_CUT}")
        line, self.at = self.view[self.at : end], end + 1
        return line

    def short_line(self) -> str:
        line = self.line()
        if len(line) > LONGEST_LINE:
            raise RefusedPickle(f"expected a number or a name of up to {LONGEST_LINE} bytes, found {len(line)}")
        return str(line, "utf-8")

    # Stack.

    def push(self, value: Any) -> None:
        """Push a new value, which takes room."""
        self.room.left -= getsizeof(value)
        if self.room.left < 0:
            self.room.take(0)
        self.values.append(value)

    def push_again(self, value: Any) -> None:
        self.values.append(value)

    def pop(self) -> Any:
        if not self.values:
            raise RefusedPickle("expected a value before an operation, found none")
        return self.values.pop()

    def top(self, kind: type) -> Any:
        """The container on top, to add items to."""
        value = self.pop()
        self.values.append(value)
        return value if type(value) is kind else self.makes.container(value, kind)

    def mark(self) -> None:
        if len(self._below) >= DEPTH:
            raise RefusedPickle(f"expected at most {DEPTH} containers within each other, found more")
        self._below.append(self.values)
        self._deep += len(self.values)
        if self._deep > WAITING:
            raise self.unfinished()
        self.room.take(getsizeof([]))
        self.values = []

    def from_mark(self) -> list[Any]:
        if not self._below:
            raise RefusedPickle("expected a mark before an operation, found none")
        values, self.values = self.values, self._below.pop()
        self._deep -= len(self.values)
        self.room.take(SLOT * len(values))
        return values

    def unfinished(self) -> RefusedPickle:
        """The error for a pickle that is too large or has no end."""
        if len(self.values) + self._deep > WAITING:
            return RefusedPickle(f"expected at most {WAITING} values before they are put into something, found more")
        return RefusedPickle(f"expected another operation, found the end: {_CUT}")

    # Memo.

    def next_number(self) -> int:
        return len(self._memo) + len(self._far) - (self._memo[0] is _NOTHING)

    def number_line(self) -> int:
        line = self.short_line()
        if not re.fullmatch(r"[0-9]{1,18}", line):
            raise RefusedPickle(f"expected the number of a value, found {described(line)}")
        return int(line)

    def byte(self) -> int:
        if self.at >= len(self.data):
            raise RefusedPickle(f"expected a byte more, found none: {_CUT}")
        self.at += 1
        return self.data[self.at - 1]

    def number(self, width: int) -> int:
        return int.from_bytes(self.view_of(width), "little")

    def keep_top(self, number: int) -> None:
        if not self.values:
            raise RefusedPickle("expected a value to keep, found none")
        value = self.values[-1]
        if isinstance(value, Unfinished):
            self.room.take(SLOT * len(value.numbers) + SLOT)
            value.numbers += (number,)
        self.keep(number, value)

    def keep(self, number: int, value: Any) -> None:
        if number == len(self._memo):
            self.room.left -= SLOT
            self._far.pop(number, None)
            self._memo.append(value)
        elif number < len(self._memo):
            self._memo[number] = value
        else:
            self.room.take(100)
            self._far[number] = value

    def kept(self, number: int) -> Any:
        value = self._memo[number] if number < len(self._memo) else self._far.get(number, _NOTHING)
        if value is _NOTHING:
            raise RefusedPickle(f"expected a value that was kept as number {number}, found none")
        return value

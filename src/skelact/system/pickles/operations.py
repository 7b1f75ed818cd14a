"""The operations of pickles, protocols 0 to 5, interpreted without calling anything that they name.

A pickle is a program for a stack machine: push a text, append the top value to a list. The operations here handle plain
values; names, and objects made by them, go to `Makes`.
"""

import codecs
import pickle
import re
import struct
import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

from skelact.system.pickles.makes import LONGEST_NUMBER, LongText, Makes, Name, RefusedPickle, Unfinished, described
from skelact.system.pickles.stack import SLOT, WAITING, Stack

LONG_TEXT = 2**16
"""Texts above this many bytes stay undecoded (`LongText`)."""
LONG_BYTES = 256
"""Above this many bytes a memoryview takes less memory than a copy."""


def read_pickle(data: bytes, makes: Makes, at: int = 0) -> tuple[Any, int]:
    """The value of the pickle that starts at byte `at`, and the byte after its end.

    RefusedPickle says why it is refused; ValueError: an invalid text or number.
    """
    stack = Stack(data, makes, at)
    try:
        while stack.at < len(data) and len(stack.values) <= WAITING:
            code = data[stack.at]
            stack.at += 1
            if code == _STOP:
                return stack.pop(), stack.at
            _BY_CODE[code](stack)
        raise stack.unfinished()
    except RefusedPickle as error:
        raise RefusedPickle(f"{error} (before byte {stack.at})") from error


def _protocol(stack: Stack) -> None:
    if (found := stack.take(1)[0]) > pickle.HIGHEST_PROTOCOL:
        raise RefusedPickle(f"expected a pickle of protocol 0 to {pickle.HIGHEST_PROTOCOL}, found {found}")


def _packed(stack: Stack, format: str) -> None:
    (value,) = struct.unpack(format, stack.take(struct.calcsize(format)))
    stack.push(value)


def _long(stack: Stack, width: int) -> None:
    data = stack.counted(width)
    short = len(data) <= LONGEST_NUMBER
    stack.push(int.from_bytes(data, "little", signed=True) if short else stack.makes.number(data))


def _whole_line(stack: Stack) -> None:
    line = stack.short_line()
    if not re.fullmatch(r"[-+]?[0-9]{1,20}L?", line):
        raise RefusedPickle(f"expected a whole number of up to 20 digits, found {described(line)}")
    stack.push({"00": False, "01": True}.get(line, int(line.rstrip("L"))))


def _text(stack: Stack, data: memoryview, encoding: str) -> None:
    if len(data) > LONG_TEXT:
        stack.push(LongText(data, encoding))
    else:
        stack.push(str(data, encoding, "surrogatepass" if encoding == "utf-8" else "strict"))


def _quoted_line(stack: Stack) -> None:
    line = stack.line()
    if len(line) < 2 or line[0] != line[-1] or line[0] not in b"'\"":
        raise RefusedPickle("expected quotes around a text, found none")
    with warnings.catch_warnings():  # about unknown escapes
        warnings.simplefilter("ignore")
        data = codecs.escape_decode(line[1:-1])[0]
    stack.room.take(len(data))
    _text(stack, memoryview(data), "latin-1")


def _bytes(stack: Stack, width: int) -> None:
    data = stack.counted(width)
    stack.push(data if len(data) > LONG_BYTES else bytes(data))


def _pop(stack: Stack) -> None:
    if stack.values:
        stack.pop()
    else:
        stack.from_mark()


def _tuple(stack: Stack, count: int) -> None:
    if len(stack.values) < count:
        raise RefusedPickle(f"expected {count} values before an operation, found {len(stack.values)}")
    made = tuple(stack.values[-count:])
    del stack.values[-count:]
    stack.push(made)


def _append(stack: Stack) -> None:
    value = stack.pop()
    stack.room.take(SLOT)
    stack.top(list).append(value)


def _extend(stack: Stack) -> None:
    values = stack.from_mark()
    stack.top(list).extend(values)


def _add(stack: Stack) -> None:
    values = stack.from_mark()
    stack.top(set).update(stack.makes.members(values, stack.room))


def _set_item(stack: Stack) -> None:
    value, key = stack.pop(), stack.pop()
    stack.makes.pairs(stack.top(dict), [key], [value], stack.room)


def _set_items(stack: Stack, values: list[Any]) -> None:
    if len(values) % 2:
        raise RefusedPickle("expected a value for each key of a dict, found one less")
    stack.makes.pairs(stack.top(dict), values[::2], values[1::2], stack.room)


def _marked_dict(stack: Stack) -> None:
    values = stack.from_mark()
    stack.push({})
    _set_items(stack, values)


def _name(stack: Stack, module: Any, name: Any) -> None:
    if type(name) is not str or type(module) is not str:
        raise RefusedPickle(f"expected two texts as a name, found {described(module)} and {described(name)}")
    stack.push(stack.makes.named(Name(module, name), stack.room))


def _name_line(stack: Stack) -> None:
    _name(stack, stack.short_line(), stack.short_line())


def _name_of_texts(stack: Stack) -> None:
    name, module = stack.pop(), stack.pop()
    _name(stack, module, name)


def _call(stack: Stack) -> None:
    args, name = stack.pop(), stack.pop()
    if not isinstance(name, Name) or type(args) is not tuple:
        raise RefusedPickle(f"a call of {described(name)} is not opened")
    made = stack.makes.called(name, args, stack.room)
    if type(made) in (bytes, bytearray, memoryview):  # their room was taken when they were made
        stack.push_again(made)
    else:
        stack.push(made)


def _build(stack: Stack) -> None:
    state, target = stack.pop(), stack.pop()
    made = stack.makes.built(target, state, stack.room)
    if made is target:
        stack.push_again(made)
        return
    stack.push(made)
    for number in target.numbers if isinstance(target, Unfinished) else ():
        stack.keep(number, made)


def _instance(stack: Stack) -> None:
    _name_line(stack)
    of = stack.pop()
    stack.from_mark()
    stack.push(stack.makes.instance(of, stack.room))


def _object(stack: Stack, values: Callable[[Stack], list[Any]]) -> None:
    of = values(stack)
    if not of:
        raise RefusedPickle("expected a class before an operation, found none")
    stack.push(stack.makes.instance(of[0], stack.room))


def _refuse(stack: Stack, what: str) -> None:
    raise RefusedPickle(f"{what} is not followed")


def _unknown(stack: Stack) -> None:
    raise RefusedPickle(f"expected an operation of a pickle, found byte {stack.data[stack.at - 1]:#04x}")


def _popped(count: int) -> Callable[[Stack], list[Any]]:
    return lambda stack: [stack.pop() for _ in range(count)][::-1]


def _memo(operation: Callable[[Stack, int], None]) -> list[Callable[[Stack], None]]:
    """Variants of an operation on a memo number, which is written as a line, one byte or four bytes."""
    numbers = (Stack.number_line, Stack.byte, partial(Stack.number, width=4))
    return [lambda stack, number=number: operation(stack, number(stack)) for number in numbers]


_PUTS = _memo(Stack.keep_top)
_GETS = _memo(lambda stack, number: stack.push_again(stack.kept(number)))
_OUTSIDE = partial(_refuse, what="a reference to something outside the file")
_REGISTERED = partial(_refuse, what="a number of Python's registry of extensions")
_OPERATIONS: dict[bytes, Callable[[Stack], Any]] = {
    pickle.PROTO: _protocol,
    pickle.FRAME: lambda stack: stack.take(8),
    pickle.NONE: lambda stack: stack.push_again(None),
    pickle.NEWTRUE: lambda stack: stack.push_again(True),
    pickle.NEWFALSE: lambda stack: stack.push_again(False),
    pickle.EMPTY_TUPLE: lambda stack: stack.push_again(()),
    pickle.EMPTY_LIST: lambda stack: stack.push([]),
    pickle.EMPTY_DICT: lambda stack: stack.push({}),
    pickle.EMPTY_SET: lambda stack: stack.push(set()),
    **dict.fromkeys((pickle.INT, pickle.LONG), _whole_line),
    pickle.FLOAT: lambda stack: stack.push(float(stack.short_line())),
    pickle.BININT: partial(_packed, format="<i"),
    pickle.BININT1: lambda stack: stack.push_again(stack.byte()),
    pickle.BININT2: lambda stack: stack.push(stack.number(2)),
    pickle.BINFLOAT: partial(_packed, format=">d"),
    pickle.LONG1: partial(_long, width=1),
    pickle.LONG4: partial(_long, width=4),
    pickle.STRING: _quoted_line,
    pickle.UNICODE: lambda stack: _text(stack, stack.line(), "raw-unicode-escape"),
    pickle.SHORT_BINSTRING: lambda stack: _text(stack, stack.counted(1), "latin-1"),
    pickle.BINSTRING: lambda stack: _text(stack, stack.counted(4), "latin-1"),
    pickle.SHORT_BINUNICODE: lambda stack: _text(stack, stack.counted(1), "utf-8"),
    pickle.BINUNICODE: lambda stack: _text(stack, stack.counted(4), "utf-8"),
    pickle.BINUNICODE8: lambda stack: _text(stack, stack.counted(8), "utf-8"),
    pickle.SHORT_BINBYTES: partial(_bytes, width=1),
    pickle.BINBYTES: partial(_bytes, width=4),
    **dict.fromkeys((pickle.BINBYTES8, pickle.BYTEARRAY8), partial(_bytes, width=8)),
    pickle.MARK: Stack.mark,
    pickle.POP: _pop,
    pickle.POP_MARK: Stack.from_mark,
    pickle.DUP: lambda stack: stack.values.extend([stack.pop()] * 2),
    pickle.LIST: lambda stack: stack.push(stack.from_mark()),
    pickle.TUPLE: lambda stack: stack.push(tuple(stack.from_mark())),
    pickle.DICT: _marked_dict,
    pickle.FROZENSET: lambda stack: stack.push(stack.makes.members(stack.from_mark(), stack.room)),
    pickle.TUPLE1: partial(_tuple, count=1),
    pickle.TUPLE2: partial(_tuple, count=2),
    pickle.TUPLE3: partial(_tuple, count=3),
    pickle.APPEND: _append,
    pickle.APPENDS: _extend,
    pickle.ADDITEMS: _add,
    pickle.SETITEM: _set_item,
    pickle.SETITEMS: lambda stack: _set_items(stack, stack.from_mark()),
    **dict(zip((pickle.PUT, pickle.BINPUT, pickle.LONG_BINPUT), _PUTS, strict=True)),
    **dict(zip((pickle.GET, pickle.BINGET, pickle.LONG_BINGET), _GETS, strict=True)),
    pickle.MEMOIZE: lambda stack: stack.keep_top(stack.next_number()),
    pickle.GLOBAL: _name_line,
    pickle.STACK_GLOBAL: _name_of_texts,
    pickle.REDUCE: _call,
    pickle.BUILD: _build,
    pickle.INST: _instance,
    pickle.OBJ: partial(_object, values=Stack.from_mark),
    pickle.NEWOBJ: partial(_object, values=_popped(2)),
    pickle.NEWOBJ_EX: partial(_object, values=_popped(3)),
    pickle.PERSID: lambda stack: stack.push(stack.makes.referred(stack.short_line(), stack.room)),
    pickle.BINPERSID: lambda stack: stack.push(stack.makes.referred(stack.pop(), stack.room)),
    **dict.fromkeys((pickle.NEXT_BUFFER, pickle.READONLY_BUFFER), _OUTSIDE),
    **dict.fromkeys((pickle.EXT1, pickle.EXT2, pickle.EXT4), _REGISTERED),
}
_STOP = pickle.STOP[0]
_BY_CODE = [_OPERATIONS.get(bytes([code]), _unknown) for code in range(256)]

"""A pickle read as plain data: nothing that it names is imported, called or made.

Python's own unpickler runs what a file names; with its names restricted it still lets numpy and PyTorch rebuild objects
from whatever a stranger wrote. Here the operations are read one by one. Containers, text and whole numbers become
what they are, tensors what `Makes` makes of their description, and everything else a `Thing`, which only knows what it
would have been. So a number of numpy, a Namespace or a whole module beside the weights does no harm and no good.
"""

import pickletools
import sys
from _compat_pickle import IMPORT_MAPPING
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

MOST_OPERATIONS = 5_000_000
MOST_OBJECTS = 500_000
"""Bounds on time and memory; a checkpoint has some 30 operations and 20 objects a tensor."""
LONGEST_TEXT = 1000
"""Longer texts are no names of tensors, and are not kept."""

# Modules of the standard library whose objects are data; of any other, functions that only a program would call.
_DATA = frozenset(
    [
        "_codecs",
        "argparse",
        "array",
        "collections",
        "copy_reg",
        "copyreg",
        "dataclasses",
        "datetime",
        "decimal",
        "enum",
        "fractions",
        "functools",
        "ipaddress",
        "numbers",
        "pathlib",
        "random",
        "time",
        "types",
        "typing",
        "uuid",
        "zoneinfo",
    ]
)
_BUILTIN_DATA = frozenset(
    [
        "Ellipsis",
        "NoneType",
        "NotImplemented",
        "bool",
        "bytearray",
        "bytes",
        "complex",
        "dict",
        "float",
        "frozenset",
        "int",
        "list",
        "long",
        "object",
        "range",
        "set",
        "slice",
        "str",
        "tuple",
        "type",
        "unicode",
        "xrange",
    ]
)


class Refused(Exception):
    """The bytes are no pickle, or one that is not read; the text says why."""


class Name(NamedTuple):
    """A class or function that a pickle names."""

    module: str
    name: str

    def __str__(self) -> str:
        return f"{self.module}.{self.name}"


@dataclass(eq=False, slots=True)
class Thing:
    """An object that was not made."""

    of: str
    """Its class or function, as `module.name`."""
    state: Any = None
    """What would have been set in it."""
    items: dict[Any, Any] = field(default_factory=dict)
    """What would have been put into it, where it is a mapping."""


class Makes:
    """What a reader adds to the plain containers."""

    def referred(self, place: Any) -> Any:
        """What a persistent id stands for."""
        raise Refused("a reference to something outside the file")

    def called(self, name: Name, arguments: tuple) -> Any:
        """What a call gives; NotImplemented leaves a `Thing`."""
        return NotImplemented


_MARK = object()
_UNKEPT = Thing("text")


def read_pickle(file: Any, makes: Makes) -> tuple[Any, set[str]]:
    """The value of the pickle that begins at the place of `file`, and the names of all that was not made.

    `file` has `read`, `readline` and `tell`, and its `read` gives no more than there is. It is left behind the pickle.
    Refused: not a pickle, larger than the bounds, or with a name that only a program would call.
    """
    machine = _Machine(makes)
    try:
        for count, (operation, argument, _) in enumerate(pickletools.genops(file)):
            if count > MOST_OPERATIONS or machine.made > MOST_OBJECTS:
                raise Refused(f"expected at most {MOST_OBJECTS} objects, found more")
            act = _ACTS.get(operation.name)
            if act is None:
                raise Refused(f"pickle operation {operation.name} is not read")
            act(machine, argument)
        return machine.stack[-1], machine.unmade
    except Refused:
        raise
    except (ValueError, IndexError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        # The bytes are no pickle: a stack that is empty, a memo that is not there, text that is none.
        raise Refused(" ".join(str(error).split())[:200] or type(error).__name__) from error


class _Machine:
    """The stack, the marks in it and the memo."""

    def __init__(self, makes: Makes):
        self.makes = makes
        self.stack: list[Any] = []
        self.memo: dict[int, Any] = {}
        self.made = 0
        self.unmade: set[str] = set()

    def push(self, value: Any) -> None:
        self.made += 1
        self.stack.append(value)

    def since_mark(self) -> list[Any]:
        place = len(self.stack) - 1
        while self.stack[place] is not _MARK:
            place -= 1
            if place < 0:
                raise Refused("a mark is missing")
        found = self.stack[place + 1 :]
        del self.stack[place:]
        return found

    def top(self, kind: type) -> Any:
        if not isinstance(self.stack[-1], kind):
            raise Refused(f"expected {kind.__name__}, found {type(self.stack[-1]).__name__}")
        return self.stack[-1]

    def name(self, module: Any, name: Any) -> None:
        if not isinstance(module, str) or not isinstance(name, str):
            raise Refused("a name that is no text")
        root = module.partition(".")[0]
        root = IMPORT_MAPPING.get(root, root)  # names of Python 2, which protocol 2 writes to this day
        kept = name in _BUILTIN_DATA if root == "builtins" else root in _DATA and "." not in name
        if not kept and root in sys.stdlib_module_names:
            raise Refused(f"it names {module:.80}.{name:.80}, which only a program calls")
        self.push(Name(module[:200], name[:200]))

    def call(self, what: Any, arguments: Any) -> None:
        if not isinstance(what, Name) or not isinstance(arguments, tuple):
            raise Refused("a call of something that has no name")
        if what == ("collections", "OrderedDict") or what == ("collections", "defaultdict"):
            pairs = arguments[0] if what.name == "OrderedDict" and arguments else []
            if not isinstance(pairs, list) or not all(isinstance(p, list | tuple) and len(p) == 2 for p in pairs):
                raise Refused("an OrderedDict of something else than pairs")
            self.made += len(pairs)
            return self.push({_key(key): value for key, value in pairs})
        value = self.makes.called(what, arguments)
        self.push(self.thing(what) if value is NotImplemented else value)

    def thing(self, what: Any) -> Thing:
        self.unmade.add(str(what) if isinstance(what, Name) else "an object without a name")
        return Thing(str(what) if isinstance(what, Name) else "")

    def put(self, pairs: list[Any]) -> None:
        target = self.stack[-1].items if isinstance(self.stack[-1], Thing) else self.top(dict)
        for key, value in zip(pairs[::2], pairs[1::2], strict=True):
            target[_key(key)] = value

    def extend(self, values: list[Any]) -> None:
        if isinstance(self.stack[-1], list):
            self.stack[-1].extend(values)
        else:
            self.top(Thing)  # members of a set or of an object that was not made

    def build(self, state: Any) -> None:
        target = self.stack[-1]
        if isinstance(target, Thing):
            target.state = state[0] if isinstance(state, tuple) and state and isinstance(state[0], dict) else state


def _key(key: Any) -> Any:
    """A key that is quick to hash: of nested tuples the hash alone may take for ever."""
    return key if isinstance(key, str | int | Thing) else Thing(type(key).__name__)


def _text(machine: _Machine, value: str) -> None:
    machine.push(value if len(value) <= LONGEST_TEXT else _UNKEPT)


def _bytes(machine: _Machine, value: bytes) -> None:
    machine.push(_UNKEPT)


def _plain(machine: _Machine, value: Any) -> None:
    machine.push(value if isinstance(value, int) and value.bit_length() <= 80 else None)


def _constant(value: Any) -> Callable[["_Machine", Any], None]:
    return lambda machine, _: machine.stack.append(value)


def _new(kind: Callable[[], Any]) -> Callable[["_Machine", Any], None]:
    return lambda machine, _: machine.push(kind())


def _tuple(count: int) -> Callable[["_Machine", Any], None]:
    def act(machine: _Machine, _: Any) -> None:
        if len(machine.stack) < count:
            raise Refused("the stack is empty")
        machine.stack[-count:] = [tuple(machine.stack[-count:])]
        machine.made += 1

    return act


def _global(machine: _Machine, argument: str) -> None:
    machine.name(*argument.split(" ", 1))


def _stack_global(machine: _Machine, _: Any) -> None:
    name, module = machine.stack.pop(), machine.stack.pop()
    machine.name(module, name)


def _reduce(machine: _Machine, _: Any) -> None:
    arguments, what = machine.stack.pop(), machine.stack.pop()
    machine.call(what, arguments)


def _new_object(machine: _Machine, _: Any) -> None:
    machine.stack.pop()
    machine.push(machine.thing(machine.stack.pop()))


def _new_object_ex(machine: _Machine, _: Any) -> None:
    machine.stack.pop()
    _new_object(machine, None)


def _instance(machine: _Machine, argument: str) -> None:
    machine.since_mark()
    _global(machine, argument)
    machine.push(machine.thing(machine.stack.pop()))


def _object(machine: _Machine, _: Any) -> None:
    machine.push(machine.thing(machine.since_mark()[0]))


def _memoize(machine: _Machine, place: int | None) -> None:
    machine.made += 1
    machine.memo[len(machine.memo) if place is None else place] = machine.stack[-1]


def _frozen(machine: _Machine, _: Any) -> None:
    machine.since_mark()
    machine.push(Thing("frozenset"))


def _referred(machine: _Machine, place: Any) -> None:
    machine.push(machine.makes.referred(place))


_ACTS: dict[str, Callable[[_Machine, Any], Any]] = {
    **dict.fromkeys(("PROTO", "FRAME", "STOP"), lambda machine, _: None),
    "MARK": _constant(_MARK),
    "POP": lambda machine, _: machine.stack.pop(),
    "POP_MARK": lambda machine, _: machine.since_mark(),
    "DUP": lambda machine, _: machine.stack.append(machine.stack[-1]),
    "NONE": _constant(None),
    "NEWTRUE": _constant(True),
    "NEWFALSE": _constant(False),
    **dict.fromkeys(("FLOAT", "BINFLOAT"), _constant(0.0)),  # the value of no number is needed
    **dict.fromkeys(("INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4"), _plain),
    **dict.fromkeys(("STRING", "BINSTRING", "SHORT_BINSTRING"), _text),
    **dict.fromkeys(("UNICODE", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8"), _text),
    **dict.fromkeys(("BINBYTES", "SHORT_BINBYTES", "BINBYTES8", "BYTEARRAY8"), _bytes),
    "EMPTY_DICT": _new(dict),
    "EMPTY_LIST": _new(list),
    "EMPTY_TUPLE": _constant(()),
    "EMPTY_SET": _new(lambda: Thing("set")),
    "FROZENSET": _frozen,
    "DICT": lambda machine, _: (pairs := machine.since_mark(), machine.push({}), machine.put(pairs)),
    "LIST": lambda machine, _: machine.push(machine.since_mark()),
    "TUPLE": lambda machine, _: machine.push(tuple(machine.since_mark())),
    "TUPLE1": _tuple(1),
    "TUPLE2": _tuple(2),
    "TUPLE3": _tuple(3),
    "APPEND": lambda machine, _: (value := machine.stack.pop(), machine.extend([value])),
    "APPENDS": lambda machine, _: (values := machine.since_mark(), machine.extend(values)),
    "ADDITEMS": lambda machine, _: machine.since_mark(),
    "SETITEM": lambda machine, _: (
        value := machine.stack.pop(),
        key := machine.stack.pop(),
        machine.put([key, value]),
    ),
    "SETITEMS": lambda machine, _: (pairs := machine.since_mark(), machine.put(pairs)),
    "GLOBAL": _global,
    "STACK_GLOBAL": _stack_global,
    "INST": _instance,
    "OBJ": _object,
    "REDUCE": _reduce,
    "NEWOBJ": _new_object,
    "NEWOBJ_EX": _new_object_ex,
    "BUILD": lambda machine, _: (state := machine.stack.pop(), machine.build(state)),
    **dict.fromkeys(("PUT", "BINPUT", "LONG_BINPUT"), _memoize),
    "MEMOIZE": _memoize,
    **dict.fromkeys(("GET", "BINGET", "LONG_BINGET"), lambda machine, place: machine.stack.append(machine.memo[place])),
    "PERSID": _referred,
    "BINPERSID": lambda machine, _: _referred(machine, machine.stack.pop()),
}

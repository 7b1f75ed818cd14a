"""Checkpoints read as plain data: nothing that they name is imported, called or made.

Python's own unpickler runs what a file names; with its names restricted it still lets numpy and PyTorch rebuild objects
from whatever a stranger wrote. Here tensors become what their description says, and everything else that is no plain
container a `Thing`, which only knows what it would have been. So a number of numpy, a Namespace or a whole module
beside the weights does no harm and no good.
"""

import sys
from _compat_pickle import IMPORT_MAPPING
from dataclasses import dataclass, field
from typing import Any

from skelact.system.pickles.makes import Makes, Name, RefusedPickle, Room

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


@dataclass(eq=False, slots=True)
class Thing:
    """An object that was not made."""

    of: str
    """Its class or function, as `module.name`."""
    state: Any = None
    """What would have been set in it."""
    items: dict[Any, Any] = field(default_factory=dict)
    """What would have been put into it, where it is a mapping."""


_THING = 400
"""Bytes of an object that was not made and of its name, about."""
_PAIRS = (Name("collections", "OrderedDict"), Name("collections", "defaultdict"))


class Inert(Makes):
    """Makes no object of what a pickle names, and keeps the names."""

    def __init__(self):
        self.unmade: set[str] = set()

    def named(self, name: Name, room: Room) -> Name:
        root = name.module.partition(".")[0]
        root = IMPORT_MAPPING.get(root, root)  # names of Python 2, which protocol 2 writes to this day
        kept = name.name in _BUILTIN_DATA if root == "builtins" else root in _DATA and "." not in name.name
        if not kept and root in sys.stdlib_module_names:
            raise RefusedPickle(f"it names {name}, which only a program calls")
        return name

    def called(self, name: Name, args: tuple, room: Room) -> Any:
        if name not in _PAIRS:
            return self.instance(name, room)
        pairs = args[0] if name.name == "OrderedDict" and args else []
        if type(pairs) is not list or not all(type(pair) in (list, tuple) and len(pair) == 2 for pair in pairs):
            raise RefusedPickle("an OrderedDict of something else than pairs")
        return self.pairs({}, [key for key, _ in pairs], [value for _, value in pairs], room)

    def instance(self, of: Any, room: Room) -> Thing:
        room.take(_THING)
        kind = str(of) if isinstance(of, Name) else "an object without a name"
        self.unmade.add(kind)
        return Thing(kind)

    def built(self, target: Any, state: Any, room: Room) -> Any:
        if isinstance(target, Thing):
            target.state = state[0] if type(state) is tuple and state and type(state[0]) is dict else state
        return target

    def number(self, data: memoryview) -> None:
        return None

    def key(self, value: Any) -> Any:
        return value if type(value) in (str, int, bool, type(None), Thing) else Thing(type(value).__name__)

    def container(self, value: Any, kind: type) -> Any:
        """What is put into an object that was not made is kept where it is a mapping."""
        if isinstance(value, Thing):
            return value.items if kind is dict else kind()
        return super().container(value, kind)

"""Reads checkpoints as plain data: nothing that they name is imported, called or created.

The unpickler of Python runs what a file names. Even with restricted names, numpy and PyTorch rebuild objects from
untrusted data. Here only the descriptions of tensors are kept. Any other object becomes a `Thing`, which knows only its
class name. So numpy scalars, a Namespace or a whole module beside the weights are harmless and ignored.
"""

import sys
from _compat_pickle import IMPORT_MAPPING
from dataclasses import dataclass, field
from typing import Any

from skelact.system.pickles.makes import Makes, Name, RefusedPickle, Room

# Modules of the standard library whose objects are data. Names from any other one are refused: they are code.
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
    """An object that was not created."""

    of: str
    """Its class or function, as `module.name`."""
    state: Any = None
    """Its attributes, as stored."""
    items: dict[Any, Any] = field(default_factory=dict)
    """Its entries, if it is a mapping."""


_THING = 400
"""Approximate bytes of a `Thing` and its name."""
_PAIRS = (Name("collections", "OrderedDict"), Name("collections", "defaultdict"))


class Inert(Makes):
    """Creates no object that a pickle names, but records the names."""

    def __init__(self):
        self.unmade: set[str] = set()

    def named(self, name: Name, room: Room) -> Name:
        root = name.module.partition(".")[0]
        root = IMPORT_MAPPING.get(root, root)  # protocol 2 still writes the names of Python 2
        kept = name.name in _BUILTIN_DATA if root == "builtins" else root in _DATA and "." not in name.name
        if not kept and root in sys.stdlib_module_names:
            raise RefusedPickle(f"it names {name}, which is code, not data")
        return name

    def called(self, name: Name, args: tuple, room: Room) -> Any:
        if name not in _PAIRS:
            return self.instance(name, room)
        pairs = args[0] if name.name == "OrderedDict" and args else []
        if type(pairs) is not list or not all(type(pair) in (list, tuple) and len(pair) == 2 for pair in pairs):
            raise RefusedPickle("an OrderedDict with entries that are not pairs")
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
        """Keeps entries that are put into a `Thing`, if it is a mapping."""
        if isinstance(value, Thing):
            return value.items if kind is dict else kind()
        return super().container(value, kind)

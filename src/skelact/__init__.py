"""skelact: self-supervised learning of human actions from skeleton recordings.

The names in `__all__` are what a program needs; docs/python.md shows them at work. They are imported when first asked
for, so that `import skelact` itself imports neither torch nor numpy.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from skelact.api import classify, embed, evaluate, load, prepare, pretrain, split, synthesize
    from skelact.data.recording import Recording
    from skelact.data.store import Store, write_store
    from skelact.encoders.file import LoadedEncoder
    from skelact.layouts import layout
    from skelact.skeleton import Skeleton
    from skelact.system.world import SkelactError

__version__ = "0.1.0"

__all__ = [
    "LoadedEncoder",
    "Recording",
    "SkelactError",
    "Skeleton",
    "Store",
    "classify",
    "embed",
    "evaluate",
    "layout",
    "load",
    "prepare",
    "pretrain",
    "split",
    "synthesize",
    "write_store",
]

_ELSEWHERE = {
    "LoadedEncoder": "skelact.encoders.file",
    "Recording": "skelact.data.recording",
    "SkelactError": "skelact.system.world",
    "Skeleton": "skelact.skeleton",
    "Store": "skelact.data.store",
    "layout": "skelact.layouts",
    "write_store": "skelact.data.store",
}
"""Where a name is at home; all others are in skelact.api."""


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'skelact' has no attribute {name!r}")
    found = globals()[name] = getattr(import_module(_ELSEWHERE.get(name, "skelact.api")), name)
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})

"""skelact: self-supervised learning of human actions from skeleton recordings.

The names in `__all__` are what a program needs; docs/python.md has examples. They are imported on first use:
`import skelact` itself imports neither torch nor numpy.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from skelact.api.encoders import classify, embed, load
    from skelact.api.learning import evaluate, pretrain
    from skelact.api.recordings import prepare, split, synthesize
    from skelact.data.recording import Recording
    from skelact.data.store import Store, write_store
    from skelact.encoders.loaded import LoadedEncoder
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

_HOMES = {
    "skelact.api.encoders": ("classify", "embed", "load"),
    "skelact.api.learning": ("evaluate", "pretrain"),
    "skelact.api.recordings": ("prepare", "split", "synthesize"),
    "skelact.data.recording": ("Recording",),
    "skelact.data.store": ("Store", "write_store"),
    "skelact.encoders.loaded": ("LoadedEncoder",),
    "skelact.layouts": ("layout",),
    "skelact.skeleton": ("Skeleton",),
    "skelact.system.world": ("SkelactError",),
}


def __getattr__(name: str) -> Any:
    for home, names in _HOMES.items():
        if name in names:
            found = globals()[name] = getattr(import_module(home), name)
            return found
    raise AttributeError(f"module 'skelact' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})

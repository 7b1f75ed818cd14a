"""`skelact bench`: the speed of this machine for each work, compared with its limits and with a plain program."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from skelact.bench.config import FULL, QUICK, WORKS, BenchConfig, Work

if TYPE_CHECKING:
    from skelact.bench.result import show
    from skelact.bench.run import bench

__all__ = ["FULL", "QUICK", "WORKS", "BenchConfig", "Work", "bench", "show"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module("skelact.bench.run" if name == "bench" else "skelact.bench.result"), name)

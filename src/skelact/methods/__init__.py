"""The methods: one file and one name in METHODS for each paper. Their options are in config.py, without PyTorch."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from skelact.methods.config import AnyMethodConfig

if TYPE_CHECKING:
    from skelact.methods.every import METHODS, AimCLR, AimCLR3s, CrosSCLR, SimCLR, SkeAttnCLR, SkeletonCLR, build

__all__ = [
    "METHODS",
    "AimCLR",
    "AimCLR3s",
    "AnyMethodConfig",
    "CrosSCLR",
    "SimCLR",
    "SkeAttnCLR",
    "SkeletonCLR",
    "build",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module("skelact.methods.every"), name)

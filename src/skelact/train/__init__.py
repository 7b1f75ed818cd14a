"""Trainings: pretraining (loop, checkpoints, log), and a layer or a network on labels; optimisers and schedules."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from skelact.train.config import SGD, Adam, AdamW, Optimiser, TrainConfig

if TYPE_CHECKING:
    from skelact.train.run import Pretrained, pretrain

__all__ = ["SGD", "Adam", "AdamW", "Optimiser", "Pretrained", "TrainConfig", "pretrain"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module("skelact.train.run"), name)

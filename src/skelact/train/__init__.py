"""Pretraining: configuration, loop, schedule, checkpoints, log."""

from skelact.train.config import Optimiser, TrainConfig
from skelact.train.run import Pretrained, pretrain

__all__ = ["Optimiser", "Pretrained", "TrainConfig", "pretrain"]

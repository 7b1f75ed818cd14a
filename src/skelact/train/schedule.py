"""The learning rate as a pure function of the step."""

import math

from skelact.train.config import Schedule


def learning_rate(config: Schedule, step: int, per_epoch: int, epochs: int) -> float:
    """Rate of step `step` (from 0). Warm-up, cosine and exponential change it every step, milestones at epochs."""
    total = epochs * per_epoch
    warm = config.warmup * total
    if step < warm:
        return min(config.lr, config.lr * (step + 1) / warm)
    progress = (step - warm) / (total - warm)
    if config.schedule == "cosine":
        return config.lr * 0.5 * (1 + math.cos(math.pi * progress))
    if config.schedule == "exponential":
        return config.lr * config.final**progress
    passed = sum(step >= milestone * per_epoch for milestone in config.milestones)
    return config.lr * 0.1**passed

"""The works, one file each: what is timed, in the plain way and in ours."""

from pathlib import Path

import torch

from skelact.bench.compare import Comparison
from skelact.bench.config import BenchConfig
from skelact.bench.works import augment, infer, knn, linear, prepare, step
from skelact.train.device import device_of

_MAKERS = {
    "step": step.comparisons,
    "augment": augment.comparisons,
    "prepare": prepare.comparisons,
    "knn": knn.comparisons,
    "linear": linear.comparisons,
    "infer": infer.comparisons,
}


def comparisons(work: str, config: BenchConfig, device: torch.device, folder: Path) -> tuple[Comparison, ...]:
    """What is compared under the name of a work; files are made up in `folder`."""
    return _MAKERS[work](config, device, folder)


def device_for(config: BenchConfig) -> torch.device:
    """The device of a configuration, with its number of threads set."""
    if config.threads is not None:
        torch.set_num_threads(config.threads)
    return device_of(config.device)

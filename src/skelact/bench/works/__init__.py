"""The works, one file each: what is timed, plain and ours."""

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
    """The comparisons of a work. Made-up files are written to `folder`."""
    return _MAKERS[work](config, device, folder)


def device_for(config: BenchConfig) -> torch.device:
    """The device of a configuration. Also sets the number of threads."""
    if config.threads is not None:
        torch.set_num_threads(config.threads)
    return device_of(config.device)

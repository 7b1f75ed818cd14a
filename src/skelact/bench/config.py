"""Options of `skelact bench`: what is measured, how often, and with which sizes."""

from typing import Literal, get_args

from pydantic import Field, PositiveInt

from skelact.config import Config

Work = Literal["step", "augment", "prepare", "knn", "linear", "infer"]
WORKS: tuple[Work, ...] = get_args(Work)


class BenchConfig(Config):
    """Sizes of the works. Defaults: batch and network of AimCLR, clips of NTU-60."""

    device: str = "auto"
    """cpu, cuda, cuda:1, ...; auto: a GPU if there is one."""
    rounds: PositiveInt = 5
    """Number of interleaved rounds. Figures are medians over them."""
    threads: PositiveInt | None = None
    """Threads of PyTorch; None: its own choice."""
    clips: PositiveInt = 128
    """Clips per batch: step, augment, infer, linear."""
    frames: PositiveInt = 50
    persons: PositiveInt = 2
    width: PositiveInt = 16
    features: PositiveInt = 256
    bank: PositiveInt = 32768
    train_clips: PositiveInt = 40_091
    """Labelled clips of knn and linear."""
    test_clips: PositiveInt = 16_487
    """Queries of knn."""
    plain_queries: PositiveInt = 500
    """Queries of the plain knn. Its time for all queries is extrapolated."""
    classes: PositiveInt = 60
    k: PositiveInt = 20
    epochs: PositiveInt = 100
    """Epochs of linear."""
    files: PositiveInt = 60
    """Text files of prepare."""
    file_frames: PositiveInt = 80
    """Mean number of frames per file."""
    ceiling: PositiveInt = 2048
    """Rows of the matrices for the ceiling of arithmetic; four times as many on a GPU."""
    least_seconds: float = Field(default=0.5, ge=0)
    """Shorter works are repeated within a round until they take this long."""
    memory: bool = True
    """Measure the peak memory of each variant, in a separate process."""


FULL = BenchConfig()
QUICK = BenchConfig(
    rounds=2,
    clips=4,
    frames=12,
    width=2,
    features=8,
    bank=64,
    train_clips=64,
    test_clips=12,
    plain_queries=6,
    classes=4,
    k=3,
    epochs=2,
    files=2,
    file_frames=6,
    ceiling=64,
    least_seconds=0,
    memory=False,
)
"""Only shows, in seconds, that everything runs; its numbers mean nothing."""

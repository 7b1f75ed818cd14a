"""Runs small enough to repeat dozens of times: five joints, twenty clips, a network of width 2."""

import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rich.console import Console

from skelact.data.recording import Recording
from skelact.data.store import Store, write_store
from skelact.encoders.config import STGCNConfig
from skelact.maths.draw import Draw
from skelact.methods.aimclr import AimCLR
from skelact.methods.aimclr_3s import AimCLR3s
from skelact.methods.crossclr import CrosSCLR
from skelact.methods.method import Moment
from skelact.methods.skeattnclr import SkeAttnCLR
from skelact.methods.skeletonclr import SkeletonCLR
from skelact.skeleton import Skeleton
from skelact.train import SGD, TrainConfig

FIVE = Skeleton(
    name="five",
    joints=("hip_center", "left_shoulder", "right_shoulder", "left_foot", "right_foot"),
    parents=(-1, 0, 0, 0, 0),
    parts={"trunk": (0,), "left": (1, 3), "right": (2, 4)},
)
CLASSES = ("wave", "bow", "jump")
SPLIT = "subject=1,2"
TRAIN_CLIPS, BATCH = 14, 4
PER_EPOCH = 3
"""Steps an epoch: 14 clips in batches of 4, the rest dropped."""


def recordings(
    count: int = 20, skeleton: Skeleton = FIVE, persons: int = 1, seed: int = 0, labels: bool = True
) -> list[Recording]:
    """Random walks of a random body; 7 of 10 clips are of subjects 1 and 2, the others of subject 3."""
    rng = np.random.default_rng(seed)
    made = []
    for number in range(count):
        frames = int(rng.integers(8, 16))
        body = rng.normal(0, 0.4, (persons, len(skeleton), 3)) + np.arange(persons)[:, None, None]
        joints = body + rng.normal(0, 0.05, (frames, persons, len(skeleton), 3)).cumsum(0) + [0, 0, 3]
        identity = np.tile(np.arange(persons), (frames, 1))
        subject = 3 if number % 10 >= 7 else 1 + number % 2
        action = number % 3 if labels else -1
        made.append(Recording(f"clip{number:02}", joints.astype(np.float32), identity, action, subject=subject))
    return made


def store(
    path: Path, clips: Sequence[Recording] | None = None, skeleton: Skeleton = FIVE, dataset: str = "own"
) -> Store:
    """Write clips (20 of one person unless given) as a store."""
    return write_store(
        path,
        dataset=dataset,
        skeleton=skeleton,
        classes=CLASSES,
        units="m",
        frame_rate=30.0,
        recordings=recordings(skeleton=skeleton) if clips is None else clips,
    )


def config(method: str = "skeletonclr", **changes: Any) -> TrainConfig:
    """A run of 4 epochs of 3 steps. The second stage of methods that have one begins at epoch 2."""
    numbers = {"bank": 10, "projection": 8, "momentum": 0.8, "temperature": 0.2}
    methods = {
        "skeletonclr": SkeletonCLR.Config(**numbers),
        "aimclr": AimCLR.Config(**numbers, neighbours_from=2),
        "crossclr": CrosSCLR.Config(**numbers, cross_from=2),
        "aimclr-3s": AimCLR3s.Config(**numbers, neighbours_from=1, cross_from=2),
        "skeattnclr": SkeAttnCLR.Config(**numbers),
    }
    values = {
        "recipe": "tiny",
        "method": methods[method],
        "encoder": STGCNConfig(width=2, features=8, dropout=0.3),
        "optimiser": SGD(lr=0.05, schedule="cosine", warmup=0.1),
        "frames": 12,
        "batch": BATCH,
        "epochs": 4,
        "device": "cpu",
        "log_every": 2,
        "probe_every": 2,
    }
    return TrainConfig(**{**values, **changes})


def moment(
    epoch: int = 0, step: int = 0, total: int = 4, epochs: int = 4, clips: Sequence[int] = (0, 1, 2, 3)
) -> Moment:
    """A step of a run, for a batch of these clips."""
    return Moment(step, total, epoch, epochs, Draw(torch.tensor(list(clips)), 0, epoch, "of the method"))


def console() -> tuple[Console, io.StringIO]:
    """A console and what is printed to it, unwrapped."""
    text = io.StringIO()
    return Console(file=text, width=100_000, highlight=False), text


def state(run: Path) -> dict[str, Any]:
    """All that a run's checkpoint holds, but for the time it took."""
    held = torch.load(run / "checkpoints" / "last.pt", weights_only=True)
    assert held.pop("seconds") > 0
    return held


def metrics(run: Path) -> list[dict[str, Any]]:
    """The lines of a run's log, but for times and checksums."""
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    return [
        {key: v for key, v in line.items() if key not in ("seconds", "clips_per_second", "crc32")} for line in lines
    ]


def same_bits(one: Any, other: Any) -> bool:
    """Whether two nested containers hold the same, tensors bit for bit."""
    if isinstance(one, torch.Tensor):
        same = isinstance(other, torch.Tensor) and one.dtype == other.dtype and one.shape == other.shape
        return same and one.numpy().tobytes() == other.numpy().tobytes()
    if isinstance(one, dict):
        return isinstance(other, dict) and list(one) == list(other) and all(same_bits(one[k], other[k]) for k in one)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same_bits, one, other))
    return type(one) is type(other) and one == other

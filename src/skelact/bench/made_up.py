"""Input of the works: made-up clips and files, with sizes and absent persons like real ones."""

from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float32
from torch import Tensor

from skelact.bench.config import BenchConfig
from skelact.layouts import KINECT_V2

BOTH = 5
"""Every fifth clip has all persons, the others one. In NTU RGB+D, 11 of 60 actions have two persons."""


def generator() -> np.random.Generator:
    """A generator with a fixed seed."""
    return np.random.default_rng(0)


def clips(config: BenchConfig, count: int, seed: int = 0) -> Float32[Tensor, "n 3 t v m"]:
    """Random poses that drift. Absent persons are zero, as after preparation."""
    rng = np.random.default_rng(seed)
    shape = (count, 3, config.frames, len(KINECT_V2), config.persons)
    made = rng.normal(0, 0.3, (*shape[:2], 1, *shape[3:])) + rng.normal(0, 0.01, shape).cumsum(2)
    made[np.arange(count) % BOTH != 0, ..., 1:] = 0
    return torch.from_numpy(made.astype(np.float32))


def skeleton_files(folder: Path, config: BenchConfig, seed: int = 0) -> list[Path]:
    """Write files in NTU's text format. Keeps files that exist already."""
    rng = np.random.default_rng(seed)
    paths = []
    for number in range(config.files):
        path = folder / f"S001C001P{number // 60 % 999 + 1:03}R001A{number % 60 + 1:03}.skeleton"
        if not path.exists():
            frames = max(1, int(config.file_frames * rng.uniform(0.7, 1.3)))
            path.write_text(_text(rng, frames, bodies=2 if number % BOTH == 0 else 1), encoding="ascii")
        paths.append(path)
    return paths


def _text(rng: np.random.Generator, frames: int, bodies: int) -> str:
    """The text of a clip: bodies three metres away that move a little."""
    joints = rng.normal(0, 0.4, (1, bodies, 25, 3)) + rng.normal(0, 0.01, (frames, bodies, 25, 3)).cumsum(0)
    joints += [0, 0, 3]
    rest = rng.normal(0, 1, (frames, bodies, 25, 8)) * [300, 200, 1000, 500, 1, 1, 1, 1]
    lines = [str(frames)]
    for points, others in zip(joints, rest, strict=True):
        lines.append(str(bodies))
        for body in range(bodies):
            lines += [f"{72057594037931101 + body} 0 1 1 1 1 0 {rng.normal():.7g} {rng.normal():.7g} 2", "25"]
            lines += [
                " ".join(f"{value:.7g}" for value in (*point, *other)) + " 2"
                for point, other in zip(points[body], others[body], strict=True)
            ]
    return "\n".join(lines) + "\n"

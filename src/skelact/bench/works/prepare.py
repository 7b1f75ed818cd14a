"""From files in NTU's text format to prepared clips, on one core: parsing, then the released preparation."""

from pathlib import Path

import numpy as np
import torch

from skelact.bench import made_up
from skelact.bench.compare import Comparison, Part, Variant
from skelact.bench.config import BenchConfig
from skelact.bench.reference.preparation import plain_prepare
from skelact.bench.reference.reading import plain_read
from skelact.data.preparations import prepare_clip
from skelact.data.readers import reader
from skelact.data.recording import Recording
from skelact.layouts import KINECT_V2


def comparisons(config: BenchConfig, device: torch.device, folder: Path) -> tuple[Comparison, ...]:
    """The files are in the system's cache, so this times parsing, not the disk."""
    size = sum(path.stat().st_size for path in made_up.skeleton_files(folder, config))
    return (
        Comparison(
            work="prepare",
            title=f"prepare: reading {config.files} files of {size / config.files / 1e3:.0f} kB",
            unit="files",
            amount=config.files,
            plain=Variant("plain, each file twice", lambda: (_plain_reading(config, folder),)),
            ours=(Variant("ours", lambda: (Part(lambda: _recordings(folder)),)),),
            bytes=size,
            agreement=lambda: _reading_errors(config, folder),
        ),
        Comparison(
            work="prepare",
            title=f"prepare: {config.files} clips as released, {config.frames} frames, after reading",
            unit="files",
            amount=config.files,
            plain=Variant("plain", lambda: (_plain_preparation(config, folder),)),
            ours=(Variant("ours", lambda: (_our_preparation(config, folder),)),),
            agreement=lambda: _preparation_errors(config, folder),
        ),
    )


def _plain_reading(config: BenchConfig, folder: Path) -> Part:
    paths = made_up.skeleton_files(folder, config)
    return Part(lambda: [plain_read(path) for path in paths])


def _recordings(folder: Path) -> list[Recording]:
    ntu = reader("ntu")
    return [ntu.read(item) for item in ntu.find(folder)]


def _plain_preparation(config: BenchConfig, folder: Path) -> Part:
    clips = [plain_read(path) for path in made_up.skeleton_files(folder, config)]
    return Part(lambda: [plain_prepare(clip, config.frames) for clip in clips])


def _our_preparation(config: BenchConfig, folder: Path) -> Part:
    recordings = _recordings(folder)
    return Part(lambda: [prepare_clip(clip, KINECT_V2, "released", config.frames, 2) for clip in recordings])


def _reading_errors(config: BenchConfig, folder: Path) -> dict[str, float]:
    plain = [plain_read(path) for path in sorted(made_up.skeleton_files(folder, config))]
    ours = [clip.joints[:, :2].transpose(3, 0, 2, 1) for clip in _recordings(folder)]
    errors = [np.abs(a[..., : b.shape[3]] - b).max() for a, b in zip(plain, ours, strict=True)]
    return {"coordinates, largest difference in metres": float(max(errors))}


def _preparation_errors(config: BenchConfig, folder: Path) -> dict[str, float]:
    pairs = zip(_plain_preparation(config, folder).run(), _our_preparation(config, folder).run(), strict=True)
    return {"prepared clips, largest difference in metres": float(max(np.abs(a - b).max() for a, b in pairs))}

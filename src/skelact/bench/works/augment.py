"""The three views of AimCLR: crop and shear twice, and all eight augmentations once."""

from pathlib import Path

import torch

from skelact.bench import made_up
from skelact.bench.compare import Comparison, Part, Variant
from skelact.bench.config import BenchConfig
from skelact.bench.reference.aimclr import plain_views
from skelact.bench.works.step import our_method
from skelact.layouts import KINECT_V2
from skelact.maths.draw import Draw


def comparisons(config: BenchConfig, device: torch.device, folder: Path) -> tuple[Comparison, ...]:
    """numpy on the CPU, clip by clip, against batches on the training device. No agreement: random numbers differ."""
    clip_bytes = 4 * 3 * config.frames * len(KINECT_V2) * config.persons
    return (
        Comparison(
            work="augment",
            title=f"augment: normal, normal and extreme view of {config.clips} clips",
            unit="triples",
            amount=config.clips,
            plain=Variant("plain", lambda: (_plain(config),)),
            ours=(Variant("ours", lambda: (_ours(config, device),)),),
            bytes=config.clips * clip_bytes * 4,  # one clip read, three written
        ),
    )


def _plain(config: BenchConfig) -> Part:
    x, rng = made_up.clips(config, config.clips).numpy(), made_up.generator()
    return Part(lambda: plain_views(x, KINECT_V2.mirror, rng))


def _ours(config: BenchConfig, device: torch.device) -> Part:
    views = our_method(config, torch.device("cpu")).views()
    x = made_up.clips(config, config.clips).to(device)
    numbers = torch.arange(config.clips, device=device)
    return Part(lambda: {name: view(x, Draw(numbers, 0, 0, name)) for name, view in views.items()})

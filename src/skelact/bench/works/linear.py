"""Training of linear evaluation: frozen features encoded in every epoch (plain), or once (ours)."""

from pathlib import Path

import torch

from skelact.bench import made_up
from skelact.bench.compare import Comparison, Part, Variant
from skelact.bench.config import BenchConfig
from skelact.bench.reference.evaluate import PlainLinear
from skelact.bench.works.infer import our_part, plain_encoder
from skelact.train.labels import LinearConfig
from skelact.train.linear import linear
from skelact.train.task import Task


def comparisons(config: BenchConfig, device: torch.device, folder: Path) -> tuple[Comparison, ...]:
    """Encoding is extrapolated from one batch in both. Our training on the features runs completely."""
    return (
        Comparison(
            work="linear",
            title=f"linear: {config.train_clips} clips, {config.epochs} epochs, {config.classes} classes",
            unit="clip visits",
            amount=config.train_clips * config.epochs,
            plain=Variant("plain float32", lambda: (_plain(config, device),)),
            ours=(
                Variant("ours float32", lambda: _ours(config, device, "float32"), keeps_memory=True),
                Variant("ours, bf16 features", lambda: _ours(config, device, "bf16"), "bf16", keeps_memory=True),
            ),
        ),
    )


def _plain(config: BenchConfig, device: torch.device) -> Part:
    task = PlainLinear(plain_encoder(config, device), config.features, config.classes, device)
    x = made_up.clips(config, config.clips).to(device)
    labels = (torch.arange(config.clips) % config.classes).to(device)
    return Part(lambda: task.step(x, labels), times=config.epochs * config.train_clips / config.clips)


def _ours(config: BenchConfig, device: torch.device, precision: str) -> tuple[Part, Part]:
    """Features of every clip once, then all epochs on them. Our function also tests one batch of features after each
    epoch; the plain variant does not."""
    chance = torch.Generator().manual_seed(0)
    features = 0.1 * torch.randn(config.train_clips, config.features, generator=chance)
    labels = torch.randint(0, config.classes, (config.train_clips,), generator=chance)
    few = slice(0, min(config.clips, config.train_clips))
    task = Task(features, labels, features[few], labels[few], config.classes).to(device)
    recipe = LinearConfig(epochs=config.epochs)
    encode = our_part(config, device, precision, times=config.train_clips / config.clips)
    return encode, Part(lambda: linear(task, (0,), recipe))

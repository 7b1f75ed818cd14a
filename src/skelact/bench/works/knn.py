"""Exact nearest neighbours of every test clip among the training clips, and their votes."""

from pathlib import Path

import torch
from torch import Tensor

from skelact.bench.compare import Comparison, Part, Variant
from skelact.bench.config import BenchConfig
from skelact.bench.reference.evaluate import plain_knn
from skelact.maths.neighbours import knn_scores, nearest


def comparisons(config: BenchConfig, device: torch.device, folder: Path) -> tuple[Comparison, ...]:
    """Plain: row by row, for some queries. Ours: all queries, in pieces."""
    asked = min(config.plain_queries, config.test_clips)
    size = f"{config.test_clips} x {config.train_clips} x {config.features}, k {config.k}"
    return (
        Comparison(
            work="knn",
            title=f"knn: {size}",
            unit="queries",
            amount=config.test_clips,
            plain=Variant(f"plain, {asked} queries", lambda: (_plain(config, asked, device),)),
            ours=(Variant("ours", lambda: (_ours(config, device),)),),
            flop=lambda: 2.0 * config.test_clips * config.train_clips * config.features,
            agreement=lambda: _agreement(config, asked, device),
        ),
    )


def _features(config: BenchConfig, device: torch.device) -> tuple[Tensor, Tensor, Tensor]:
    """Queries, training features and labels."""
    chance = torch.Generator().manual_seed(0)
    queries = torch.randn(config.test_clips, config.features, generator=chance)
    train = torch.randn(config.train_clips, config.features, generator=chance)
    labels = torch.randint(0, config.classes, (config.train_clips,), generator=chance)
    return queries.to(device), train.to(device), labels.to(device)


def _plain(config: BenchConfig, asked: int, device: torch.device) -> Part:
    queries, train, labels = _features(config, device)
    few = queries[:asked]
    return Part(lambda: plain_knn(few, train, labels, config.classes, config.k), times=config.test_clips / asked)


def _ours(config: BenchConfig, device: torch.device) -> Part:
    queries, train, labels = _features(config, device)
    return Part(lambda: knn_scores(queries, train, labels, config.classes, config.k))


def _agreement(config: BenchConfig, asked: int, device: torch.device) -> dict[str, float]:
    queries, train, labels = _features(config, device)
    wanted, _ = plain_knn(queries[:asked], train, labels, config.classes, config.k)
    _, found = nearest(queries[:asked], train, config.k)
    same = (wanted[:, :, None] == found[:, None, :]).any(2)
    return {"neighbours that differ": float((~same).double().mean())}

"""Fusion of streams: a weighted sum of class scores, aligned by clip name."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, Integer, Shaped
from torch import Tensor

from skelact import __version__
from skelact.evaluation.protocols import protocol_of
from skelact.evaluation.reading import read_result
from skelact.evaluation.results.files import read_scores, without_idle_top5, write_result
from skelact.evaluation.results.identity import free_variant
from skelact.evaluation.results.outcome import Fused, FusedPart, PublishedNumber, Result
from skelact.evaluation.results.published import published, published_name
from skelact.maths.accuracy import Accuracy
from skelact.maths.hits import accuracy
from skelact.system.printable import printable
from skelact.system.world import SkelactError, machine

WEIGHTS = {"joint": 0.6, "bone": 0.6, "motion": 0.4}
"""Published weight of each stream; 1 for any other."""
ORDER = ("joint", "motion", "bone")
"""Streams as papers list them."""
ALIKE = ("protocol", "dataset", "split", "rule")
"""Fields that must be equal in all results."""


@dataclass(frozen=True)
class Part:
    """One result with the scores beside it."""

    path: Path
    result: Result
    names: Shaped[np.ndarray, "n"]
    labels: Integer[np.ndarray, "n"]
    scores: Float[np.ndarray, "n classes"]


def fuse(files: Sequence[Path], weights: Sequence[float] | None = None, out: Path | None = None) -> tuple[Fused, Path]:
    """Add up the class scores of results of one protocol and split, clip by clip. Gives the result and its file.

    `weights` left out: 0.6 joint, 0.6 bone, 0.4 motion, 1 for any other stream. Scores are as the protocol gave them,
    without softmax. `out` left out: `fused-<protocol>-<store>-<split>.json` beside the first result; the fused scores
    lie beside it as .npz. SkelactError: fewer than two results, results that differ (the error says in what),
    a missing weight.
    """
    start = time.perf_counter()
    if len(files) < 2:
        raise SkelactError(f"expected at least 2 results to fuse, found {len(files)}")
    if len({Path(file).resolve() for file in files}) < len(files):
        raise SkelactError("expected each result once, found one of them twice")
    if out is not None and Path(out).suffix != ".json":
        raise SkelactError(f"{out}: expected the name of a .json file")
    parts = [read_part(Path(file)) for file in files]
    for other in parts[1:]:
        check_alike(parts[0], other)
    given = weights_of(parts, weights)
    first = parts[0]
    scores = sum(weight * aligned(part, first.names) for weight, part in zip(given, parts, strict=True))
    folder, stem = (first.path.parent, "") if out is None else (Path(out).parent, Path(out).stem)
    fused = _fused(parts, given, torch.as_tensor(scores), start, folder)
    return fused, write_result(fused, folder, first.names, first.labels, np.asarray(scores, np.float32), stem=stem)


def read_part(path: Path) -> Part:
    """A result and the class scores beside it. SkelactError: not a result by accuracy, scores missing or damaged."""
    result = read_result(path)
    if not isinstance(result, Result):
        raise SkelactError(f"{path}: {result.label} has no class scores of one stream, so it cannot be fused")
    beside = path.with_suffix(".npz")
    names, labels, scores = read_scores(beside)
    if len(np.unique(names)) != len(names):
        raise SkelactError(
            f"{beside}: expected every clip once, found {len(names) - len(np.unique(names))} names twice"
        )
    return Part(path, result, names, labels, scores)


def check_alike(one: Part, other: Part) -> None:
    """SkelactError, naming what differs, unless both are of one protocol, split and set of labelled test clips."""
    pairs = {name: (getattr(one.result, name), getattr(other.result, name)) for name in ALIKE}
    pairs["share of labels"] = one.result.recipe.get("share"), other.result.recipe.get("share")
    pairs["labels learned"] = _labels(one.result), _labels(other.result)
    if one.result.content and other.result.content:
        mine, its = (f"{part.result.store} ({part.result.content[:8]})" for part in (one, other))
        pairs["store"] = mine, its
    pairs["number of classes scored"] = one.scores.shape[1], other.scores.shape[1]
    for name, (mine, its) in pairs.items():
        if mine != its:
            raise _differ(one, other, f"{name}: {mine} and {its}")
    apart = np.setxor1d(one.names, other.names)
    if len(apart):
        raise _differ(one, other, f"names: {len(apart)} clips are in one only, such as {apart[0]}")
    label = dict(zip(other.names.tolist(), other.labels.tolist(), strict=True))
    wrong = [name for name, mine in zip(one.names.tolist(), one.labels.tolist(), strict=True) if label[name] != mine]
    if wrong:
        raise _differ(one, other, f"labels: {len(wrong)} clips have another one, such as {wrong[0]}")


def _labels(result: Result) -> str:
    """The subset of labels as in file names; empty for all labels."""
    return protocol_of(result).variant(result.recipe)


def weights_of(parts: Sequence[Part], weights: Sequence[float] | None) -> list[float]:
    """The weight of each part: as given, else by its stream."""
    given = [WEIGHTS.get(part.result.stream, 1.0) for part in parts] if weights is None else list(weights)
    if len(given) != len(parts):
        raise SkelactError(f"expected a weight for each of the {len(parts)} results, found {len(given)}")
    if not np.isfinite(given).all() or not any(given):
        raise SkelactError(f"weights must be finite and not all zero, got {', '.join(map(str, given))}")
    return given


def aligned(part: Part, names: Shaped[np.ndarray, "n"]) -> Float[np.ndarray, "n classes"]:
    """The part's scores in float64, a row for each of `names`."""
    row = {name: index for index, name in enumerate(part.names.tolist())}
    return part.scores[[row[name] for name in names.tolist()]].astype(np.float64)


def _fused(
    parts: Sequence[Part], weights: list[float], scores: Float[Tensor, "n classes"], start: float, folder: Path
) -> Fused:
    first = parts[0].result
    made = tuple(
        FusedPart(
            file=printable(str(part.path)),
            stream=part.result.stream,
            method=part.result.method,
            weight=weight,
            last=_accuracy(torch.from_numpy(part.scores), part.labels),
        )
        for weight, part in zip(weights, parts, strict=True)
    )
    same = (
        *ALIKE,
        "store",
        "store_hash",
        "content",
        "scale",
        "notes",
        "classes",
        "train_clips",
        "test_clips",
        "majority",
        "chance",
    )
    method = "+".join(dict.fromkeys(part.method for part in made))
    stream = "+".join(sorted((part.stream for part in made), key=_order))
    name_of = partial(Fused.name_of, first.protocol, first.store, first.split)
    fused = Fused(
        **{name: getattr(first, name) for name in same},
        variant=free_variant(folder, name_of, (_labels(first),), first.content, first.store_hash),
        recipe={"weights": weights, "of": first.recipe},
        method=method,
        stream=stream,
        encoder_hash="+".join(part.result.encoder_hash for part in parts),
        seeds=1,
        last=_accuracy(scores, parts[0].labels),
        parts=made,
        published=_published(first, method, stream, weights, made),
        date=datetime.now(UTC).isoformat(timespec="seconds"),
        skelact=__version__,
        machine=machine(),
        seconds=time.perf_counter() - start,
    )
    return without_idle_top5(fused)


def _accuracy(scores: Float[Tensor, "n classes"], labels: Integer[np.ndarray, "n"]) -> Accuracy:
    return accuracy(scores, torch.from_numpy(labels.astype(np.int64)))


def _order(stream: str) -> int:
    return ORDER.index(stream) if stream in ORDER else len(ORDER)


def _published(
    first: Result, method: str, stream: str, weights: list[float], parts: Sequence[FusedPart]
) -> PublishedNumber | None:
    """The published number for these streams, if they were weighted as published."""
    if any(weight != WEIGHTS.get(part.stream) for weight, part in zip(weights, parts, strict=True)):
        return None
    dataset = published_name(first.dataset, first.classes, first.train_clips + first.test_clips)
    protocol = protocol_of(first)
    name, setting = protocol.paper_method or method, protocol.setting(first.recipe)
    known = published(dataset, first.split, name, stream, first.protocol, setting)
    return known and PublishedNumber(top1=known.top1, source=known.source)


def _differ(one: Part, other: Part, what: str) -> SkelactError:
    return SkelactError(f"{one.path} and {other.path} cannot be fused: they differ in {what}")

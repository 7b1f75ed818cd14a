"""One evaluation from files to files: `skelact evaluate`."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import stdev
from typing import Any

import torch

from skelact import __version__
from skelact.data.splits import split as split_of
from skelact.data.store import Prepared, Store
from skelact.encoders.file import LoadedEncoder, encoder_file, load_encoder, streams_of
from skelact.evaluate.accuracy import mean
from skelact.evaluate.control import control
from skelact.evaluate.features import best_device, cached_features, encoder_hash
from skelact.evaluate.knn import KnnConfig, knn
from skelact.evaluate.linear import LinearConfig, linear
from skelact.evaluate.published import published, published_name
from skelact.evaluate.result import PublishedNumber, Result, write_result
from skelact.evaluate.task import Task, standardised, task
from skelact.streams import STREAMS, Stream
from skelact.world import SkelactError, machine

RECIPES: dict[str, type[KnnConfig] | type[LinearConfig]] = {"knn": KnnConfig, "linear": LinearConfig}
"""The protocols, and what each can be told."""


@dataclass(frozen=True)
class Scored:
    """What a protocol gives for one task: the fields of Result that it decides, and its test scores."""

    fields: dict[str, Any]
    scores: torch.Tensor
    """(n, classes), of the first seed after the last epoch."""


def evaluate_run(
    protocol: str,
    run_or_encoder: Path,
    store: Path,
    split: str,
    seeds: int = 3,
    recipe: KnnConfig | LinearConfig | None = None,
    progress: bool = True,
    stream: Stream | None = None,
) -> Result:
    """Evaluate the encoder of a run folder, or an encoder file, on a split of a store, beside its control.

    Writes `evaluate/<protocol>-<store>-<split>.json` and `.npz` into the run (for an encoder file: into the folder
    `<its name>-evaluation` beside it), and keeps features in `features/` there. A run that learned several streams
    together has an encoder each: `stream` says which, the first one unless told, and ends the name of the files.
    SkelactError: no such protocol, encoder, stream, store or split; a recipe of another protocol; clips without
    labels; joints that do not map.
    """
    start = time.perf_counter()
    recipe = _recipe(protocol, recipe)
    if seeds < 1:
        raise SkelactError(f"seeds must be at least 1, got {seeds}")
    encoder, folder = load_encoder(run_or_encoder, stream), results_folder(run_or_encoder)
    opened = Store.open(store)
    rows = split_of(opened, split)
    labels = opened.table["action"]
    prepared = opened.prepared(encoder.card.view, encoder.card.frames)
    device = best_device()

    def task_of(one: LoadedEncoder) -> Task:
        one.network.to(device)
        title = one.card.origin if one is not encoder else "features"
        found = cached_features(one, prepared, opened.skeleton, folder / "features", progress=progress, title=title)
        return task(found, labels, rows.train, rows.test, len(opened.classes)).to(device)

    trained = task_of(encoder)
    scored = score(recipe, trained, tuple(range(seeds)))
    result = Result(
        protocol=protocol,
        recipe=recipe.model_dump(mode="json"),
        **scored.fields,
        standardised=score(recipe, standardised(trained), tuple(range(seeds))).fields["last"],
        control=control(
            encoder.card, range(seeds), task_of, lambda given, seed: score(recipe, given, (seed,)).fields["last"]
        ),
        classes=trained.present,
        train_clips=len(trained.train),
        test_clips=len(trained.test),
        majority=trained.majority,
        chance=100 / trained.present,
        seeds=seeds,
        **_origin(encoder, opened, prepared),
        variant=encoder.card.stream if streams_of(folder) else "",
        split=split,
        rule=rows.rule,
        published=_published(protocol, encoder, opened, split),
        date=datetime.now(UTC).isoformat(timespec="seconds"),
        skelact=__version__,
        machine=machine(),
        seconds=time.perf_counter() - start,
    )
    names = opened.table["name"][rows.test]
    write_result(result, folder / "evaluate", names, labels[rows.test], scored.scores.float().numpy())
    return result


def score(recipe: KnnConfig | LinearConfig, given: Task, seeds: tuple[int, ...]) -> Scored:
    """Run the protocol that a recipe belongs to."""
    if isinstance(recipe, KnnConfig):
        found = knn(given, recipe)
        last = found.by_k[recipe.k[-1]]
        once = {"last": last, "best": last, "last_per_seed": (last,), "best_per_seed": (last,), "best_epochs": ()}
        return Scored({**once, "by_k": found.by_k, "k_used": found.used}, found.scores)
    trained = linear(given, seeds, recipe)
    top1 = [accuracy.top1 for accuracy in trained.last]
    return Scored(
        {
            "last": mean(trained.last),
            "best": mean(trained.best),
            "last_per_seed": tuple(trained.last),
            "best_per_seed": tuple(trained.best),
            "best_epochs": tuple(trained.best_epochs),
            "std": stdev(top1) if len(top1) > 1 else None,
            "by_k": {},
            "k_used": {},
        },
        trained.scores[0],
    )


def results_folder(run_or_encoder: Path) -> Path:
    """Where results about an encoder go: its run folder, or `<name>-evaluation` beside an encoder file."""
    path = Path(run_or_encoder)
    if path.is_dir():
        return path
    own = {encoder_file(path.parent, stream) for stream in (None, *STREAMS)}
    if (path.parent / "config.json").exists() and path in own:
        return path.parent
    return path.parent / f"{path.stem}-evaluation"


def _recipe(protocol: str, recipe: KnnConfig | LinearConfig | None) -> KnnConfig | LinearConfig:
    if protocol not in RECIPES:
        raise SkelactError(f"no protocol {protocol!r}; there are {', '.join(RECIPES)}")
    if recipe is not None and not isinstance(recipe, RECIPES[protocol]):
        raise SkelactError(f"{protocol} takes a {RECIPES[protocol].__name__}, got a {type(recipe).__name__}")
    return recipe or RECIPES[protocol]()


def _origin(encoder: LoadedEncoder, store: Store, prepared: Prepared) -> dict[str, Any]:
    """What was evaluated on what."""
    card = encoder.card
    return {
        "store": store.name,
        "store_hash": prepared.hash,
        "dataset": store.meta.dataset,
        "method": card.method,
        "stream": card.stream,
        "encoder_hash": encoder_hash(encoder),
    }


def _published(protocol: str, encoder: LoadedEncoder, store: Store, split: str) -> PublishedNumber | None:
    """The published number for exactly this, where there is one."""
    present = len(set(store.table["action"].tolist()))
    dataset = published_name(store.meta.dataset, present, len(store))
    known = published(dataset, split, encoder.card.method, encoder.card.stream, protocol)
    return known and PublishedNumber(top1=known.top1, source=known.source)

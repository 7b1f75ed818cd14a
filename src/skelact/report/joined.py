"""Evaluations joined with their store, classes, predictions and features."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from jaxtyping import Float32

from skelact.data.store import Store
from skelact.encoders.file import load_encoder
from skelact.evaluation.arrays import read_arrays
from skelact.evaluation.features import features_key
from skelact.evaluation.results.identity import content_hash, prepared_hashes
from skelact.evaluation.results.outcome import Classified, Evaluation, Fused
from skelact.maths.streams import Stream
from skelact.report.runs import Predictions, Run
from skelact.runs import RunFolder
from skelact.system.world import SkelactError

PREFERRED = ("linear", "knn")
"""Protocols whose predictions come first."""


@dataclass(frozen=True)
class Stores:
    """The training stores of runs by their folder, and the errors of those that cannot be opened."""

    there: dict[Path, Store]
    gone: tuple[str, ...]

    def of(self, result: Evaluation) -> Store | None:
        """The store of a result, found by its content, because another store may have its name."""
        for store in self.there.values():
            if result.identity in ({content_hash(store)} if result.content else prepared_hashes(store)):
                return store
        return None


@dataclass(frozen=True)
class Joined:
    """One evaluation of one run with what belongs to it."""

    run: Run
    result: Classified
    predictions: Predictions | None
    store: Store | None

    @property
    def stream(self) -> Stream | None:
        """Which of the streams that the run learned together; None where it learned one."""
        return next((stream for stream in RunFolder(self.run.path).streams if stream == self.result.stream), None)

    @property
    def title(self) -> str:
        return f"{self.run.name}: {self.result.label}, {self.result.store} {self.result.split}"

    @property
    def classes(self) -> list[str]:
        """A name for each column of the scores; its number if the store is missing."""
        count = self.predictions.scores.shape[1] if self.predictions else self.result.classes
        names = self.store.classes if self.store else ()
        return [names[index] if index < len(names) else f"class {index}" for index in range(count)]

    def features(self) -> Float32[np.ndarray, "n d"] | None:
        """Features of the test clips in the order of the predictions, from the run's cache; None if missing."""
        if self.store is None or self.predictions is None or not RunFolder(self.run.path).encoder().exists():
            return None
        encoder = load_encoder(self.run.path, self.stream)
        key = features_key(encoder, self.result.store_hash, self.store.skeleton, self.result.scale)
        file = RunFolder(self.run.path).features / f"{key[:16]}.npz"
        if not file.exists():
            return None
        row = {str(name): index for index, name in enumerate(self.store.table["name"])}
        rows = [row.get(str(name)) for name in self.predictions.names]
        try:
            (features,) = read_arrays(file, ("features",))
        except SkelactError as error:
            raise SkelactError(f"{error}; remove it and evaluate again") from error
        if features.ndim != 2 or not np.isfinite(features).all():
            raise SkelactError(f"{file}: damaged (not one row of finite numbers a clip); remove it and evaluate again")
        return None if None in rows or len(features) != len(row) else features[rows]


def open_stores(runs: Sequence[Run]) -> Stores:
    """Open every store that a configuration names. A missing or damaged one is listed, not an error."""
    there: dict[Path, Store] = {}
    gone: dict[str, None] = {}
    for run in runs:
        for store in run.config.get("stores") or []:
            path = Path(str(store.get("path", "")))
            try:
                if path not in there:
                    there[path] = Store.open(path)
            except SkelactError as error:
                gone[str(error)] = None
    return Stores(there, tuple(gone))


def stores_apart(runs: Sequence[Run], stores: Stores) -> list[Run]:
    """The runs; stores with the same name but different content get the first letters of their hash."""
    every = [result for run in runs for result in run.evaluations.values()]
    identity = {id(result): _identity(result, stores) for result in every}
    known: dict[str, set[str]] = {}
    for result in every:
        known.setdefault(result.store, set()).add(identity[id(result)])

    def called(result: Evaluation) -> Evaluation:
        if len(known[result.store]) == 1:
            return result
        return result.model_copy(update={"store": f"{result.store} [{identity[id(result)][:8]}]"})

    return [
        replace(run, evaluations={file: called(result) for file, result in run.evaluations.items()}) for run in runs
    ]


def _identity(result: Evaluation, stores: Stores) -> str:
    """Hash of the store's content; older results only have the hash of their prepared clips."""
    store = stores.of(result)
    return content_hash(store) if store else result.identity


def joined(runs: Sequence[Run], stores: Stores) -> list[Joined]:
    """All evaluations that score classes, sorted for display. SkelactError for labels without a column."""
    rank = {protocol: index for index, protocol in enumerate(PREFERRED)}
    found = [
        Joined(run, result, _checked(run, file), stores.of(result))
        for run in runs
        for file, result in run.evaluations.items()
        if isinstance(result, Classified)
    ]
    return sorted(found, key=lambda one: (isinstance(one.result, Fused), rank.get(one.result.protocol, len(rank))))


def _checked(run: Run, file: Path) -> Predictions | None:
    found = run.predictions(file)
    if found is not None and len(found.labels):
        count, least, most = found.scores.shape[1], int(found.labels.min()), int(found.labels.max())
        if least < 0 or most >= count:
            raise SkelactError(
                f"{file.with_suffix('.npz')}: expected labels from 0 to {count - 1} (scores have {count} columns), "
                f"found {least} to {most}"
            )
    return found

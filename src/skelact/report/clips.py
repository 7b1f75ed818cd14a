"""The clips that play on the page, with the predictions of each run."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Int64

from skelact.data.store import Store
from skelact.report.joined import Joined, Stores
from skelact.report.markup import Html, missing, section, tag
from skelact.report.player import players
from skelact.report.results import unmeasured
from skelact.report.runs import Run

MOST_CLIPS = 8


def clips(runs: Sequence[Run], stores: Stores, found: Sequence[Joined]) -> Html:
    """The section: clips of the store that was evaluated first, else of the first store there is."""
    notes = [missing(f"The clips of a store cannot be shown. {reason}.") for reason in stores.gone]
    names = {store.name for store in stores.there.values()}
    for one in found:
        if one.store is None and any(
            one.result.store in (name, f"{name} [{one.result.identity[:8]}]") for name in names
        ):
            words = f"{one.title}: the store of that name now has other content, so its clips are not shown."
            notes.append(missing(words))
    if not stores.there:
        if not notes:
            notes.append(missing("No clips to show: the run names no store.", "skelact pretrain"))
        return section("clips", "Clips", *notes)
    shown = [one for one in found if one.store is not None and one.predictions is not None]
    store = shown[0].store if shown else None
    if store is None:
        store = next(iter(stores.there.values()))
        notes.append(unmeasured("There are no predictions for these clips yet.", runs[0]))
    beside = _one_a_run([one for one in shown if (one.store, one.result.split) == (store, shown[0].result.split)])
    name = shown[0].result.store if shown else store.name
    words = f"{'Test clips' if beside else 'Clips'} of {name} as recorded. Drag a skeleton to turn it."
    if beside:
        label = " and ".join(dict.fromkeys(one.result.label for one in beside))
        words += f" Predictions: {label}. Every third clip is a mistake, if its class has one."
    notes.append(tag("p", words, class_="note"))
    return section("clips", "Clips", *notes, players(store, _rows(store, beside), beside))


def choose(
    labels: Int64[np.ndarray, "n"],
    wrong: Bool[np.ndarray, "n"],
    several: Bool[np.ndarray, "n"],
    most: int = MOST_CLIPS,
) -> list[int]:
    """At most `most` rows of different classes; every third is a mistake if possible, one has two persons if possible.

    `wrong`: misclassified rows; `several`: rows with two persons.
    """
    present = np.unique(labels)
    spread = present[np.unique(np.linspace(0, len(present) - 1, min(most, len(present))).round().astype(int))]
    pairs = present[[bool(several[labels == action].any()) for action in present]]
    if len(pairs) and not np.isin(spread, pairs).any():
        spread[-1] = pairs[0]
    chosen = []
    for index, action in enumerate(spread):
        rows = np.flatnonzero(labels == action)
        for wanted in (wrong == (index % 3 == 2), several):
            rows = rows[wanted[rows]] if wanted[rows].any() else rows
        chosen.append(int(rows[0]))
    return chosen


def _one_a_run(found: Sequence[Joined]) -> list[Joined]:
    first: dict[str, Joined] = {}
    for one in found:
        first.setdefault(one.run.name, one)
    return list(first.values())


def _rows(store: Store, beside: Sequence[Joined]) -> list[int]:
    """Rows of the store: of the test clips of the first evaluation, of all clips where there is none."""
    names, labels = store.table["name"], store.table["action"]
    predicted = np.full(len(store), -1)
    if beside and beside[0].predictions is not None:
        best = dict(zip(map(str, beside[0].predictions.names), beside[0].predictions.best, strict=True))
        predicted = np.array([best.get(str(name), -1) for name in names])
    tested = predicted >= 0
    rows = np.flatnonzero(tested) if tested.any() else np.arange(len(store))
    if (labels[rows] < 0).all():  # no classes to show one of each
        return rows[np.unique(np.linspace(0, len(rows) - 1, MOST_CLIPS).astype(int))].tolist()
    wrong = tested & (predicted != labels)
    return rows[choose(labels[rows], wrong[rows], store.table["persons"][rows] > 1)].tolist()

"""Whether an encoder was pretrained on the store or the test clips of an evaluation, by its run's config.json."""

from typing import Any

import numpy as np

from skelact.data.splits import split
from skelact.evaluation.case import Case
from skelact.runs import RunFolder
from skelact.system.world import SkelactError


def seen_before(case: Case) -> tuple[str, ...]:
    """A sentence if the run was pretrained on some of the test clips (without their labels)."""
    if not case.encoder.card.method:  # nothing was learned
        return ()
    try:
        stores = _stores(case)
    except SkelactError:
        return ("the run does not say what it was pretrained on: it may have used the test clips",)
    for store in stores:
        if store["hash"] != case.prepared.hash:
            continue
        try:
            trained = split(case.store, str(store.get("split", ""))).train
        except SkelactError:
            continue
        both = int(np.isin(case.rows.test, trained).sum())
        if both:
            return (
                f"{both} of the {len(case.rows.test)} test clips were among those that the run was pretrained on "
                f"(split {store['split']}), without their labels",
            )
    return ()


def pretrained_on(case: Case) -> set[str]:
    """SHA-256 of the prepared clips of each store that the run's configuration names; empty where there is none."""
    return {str(store["hash"]) for store in _stores(case)}


def _stores(case: Case) -> list[dict[str, Any]]:
    path = RunFolder(case.folder).config
    if not path.exists():
        return []
    try:
        stores = RunFolder(case.folder).read_config()["stores"]
        _ = [store["hash"] for store in stores]
    except (LookupError, TypeError) as error:
        raise SkelactError(f"{path}: expected the stores that the run was pretrained on: {error!r}") from error
    return stores

"""Transfer: an encoder on a store that it was not pretrained on, another skeleton too: linear and fine-tuned."""

import json
from collections.abc import Sequence

from skelact.evaluate.case import Case, Scored
from skelact.evaluate.config import TransferConfig
from skelact.evaluate.finetune import finetune
from skelact.evaluate.frozen import frozen
from skelact.evaluate.outcome import Accuracies
from skelact.world import SkelactError


def transfer(case: Case, config: TransferConfig, seeds: Sequence[int]) -> Scored:
    """Linear evaluation, then fine-tuning, each beside its control.

    SkelactError where the run was pretrained on this very store: that is `linear` and `finetune`.
    """
    if case.prepared.hash in pretrained_on(case):
        raise SkelactError(
            f"the run was pretrained on {case.store.name}, so nothing is transferred; "
            "give another --store, or use evaluate linear and evaluate finetune"
        )
    layer = frozen(case, config.linear, seeds)
    tuned = finetune(case, config.finetune, seeds)
    return Scored({**tuned.fields, "frozen": Accuracies(**layer.fields)}, tuned.scores, network=tuned.network)


def pretrained_on(case: Case) -> set[str]:
    """SHA-256 of the prepared clips of each store that the run's config.json names; empty where there is none."""
    path = case.folder / "config.json"
    if not path.exists():
        return set()
    try:
        return {str(store["hash"]) for store in json.loads(path.read_text(encoding="utf-8"))["stores"]}
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise SkelactError(f"{path}: expected the stores that the run was pretrained on: {error!r}") from error

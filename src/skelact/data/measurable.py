"""Whether a split can be used for evaluation: it needs labelled training and test clips."""

from dataclasses import replace

from jaxtyping import Int64
from numpy import ndarray

from skelact.data.splits import Split, halves, split, split_names
from skelact.data.store import Store
from skelact.system.world import SkelactError

_NO_LABELS = "skelact info lists the splits and labels of a store; skelact embed gives features of unlabelled clips"


def labelled(found: Split, labels: Int64[ndarray, " n"]) -> Split:
    """The same split without the clips that have no label."""
    return replace(found, train=found.train[labels[found.train] >= 0], test=found.test[labels[found.test] >= 0])


def check_measurable(store: Store, found: Split) -> None:
    """SkelactError unless a split has labelled training and test clips, as evaluation needs."""
    kept = labelled(found, store.table["action"])
    for side, rows, all_rows in (("train", kept.train, found.train), ("test", kept.test, found.test)):
        if len(rows):
            continue
        other = measurable(store)
        hint = f"take a split that has them, such as {other}" if other and found.name != other else _NO_LABELS
        if not len(all_rows):
            raise SkelactError(
                f"split {found.name} of {store.path.name} has no {side} clips ({found.rule}), and evaluation needs "
                f"them: {hint}"
            )
        raise SkelactError(
            f"evaluation needs labels: {len(all_rows)} of the {len(all_rows)} {side} clips of {store.path.name} have "
            f"none (their action is -1): {hint}"
        )


def measurable(store: Store, preferred: str = "") -> str | None:
    """A split of the store with labelled training and test clips, or None.

    Tried in this order: `preferred`, the named splits, halves of the subjects, cameras, setups or repetitions.
    """
    named = (preferred, *split_names(store.meta.dataset), *store.divisions)
    for name in dict.fromkeys((*named, *halves(store.table))):
        try:
            found = labelled(split(store, name), store.table["action"])
        except SkelactError:
            continue
        if len(found.train) and len(found.test):
            return name
    return None

"""The tables of AimCLR as grids: what is trained and measured for each row whose method skelact has.

A line names its row of the printed table; the published numbers themselves are in `evaluation/results/published.csv`.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from skelact.maths.streams import Stream

NOTHING: Mapping[str, Any] = MappingProxyType({})
PUBLISHED_EPOCHS = 300
"""Length of every run of the paper but those of table 3."""


class Training(NamedTuple):
    """What is pretrained: a recipe, or its small variant, with some numbers of its method changed."""

    name: str
    """Name of its run folders."""
    recipe: str
    changes: Mapping[str, Any] = NOTHING
    """Fields of the method's configuration that differ from the recipe's."""
    together: bool = False
    """One run learns all streams and has an encoder for each."""
    untrained: bool = False
    """Nothing is pretrained: the recipe gives the network of a protocol that starts from random weights."""


class Line(NamedTuple):
    """One number of a table: encoders, a protocol, and where the published number stands."""

    row: int
    """Row of the printed table, from 1."""
    training: Training
    streams: tuple[Stream, ...]
    """Several: the scores are fused."""
    protocol: str = "linear"
    settings: Mapping[str, Any] = NOTHING
    """Fields of the protocol's recipe that differ from its defaults."""
    setting: str = ""
    """Setting of the published number, if a row has several."""
    epochs: int = PUBLISHED_EPOCHS
    """Epochs of pretraining."""


class Grid(NamedTuple):
    """One published table."""

    title: str
    source: str
    """As the published numbers name it."""
    lines: tuple[Line, ...]
    lengths: bool = False
    """Whether the table compares lengths of training, so that `--epochs` may name several."""


JOINT: tuple[Stream, ...] = ("joint",)
MOTION: tuple[Stream, ...] = ("motion",)
BONE: tuple[Stream, ...] = ("bone",)
THREE = (*JOINT, *MOTION, *BONE)

SKELETONCLR = Training("skeletonclr", "skeletonclr")
AIMCLR = Training("aimclr", "aimclr")
CROSSCLR = Training("crossclr", "crossclr", together=True)
AIMCLR_3S = Training("aimclr-3s", "aimclr-3s", together=True)
"""3s-AimCLR with cross-stream knowledge mining, which the paper marks with a paragraph sign."""
STGCN = Training("st-gcn", "aimclr", untrained=True)

# The rows of table 1; the recipes `aimclr-na` to `aimclr-na-ea-eadm` are the same at published size.
NA = Training("aimclr-na", "aimclr", {"views": "normal", "drop": False, "neighbours": 0})
EA = Training("aimclr-ea", "aimclr", {"views": "extreme", "drop": False, "neighbours": 0})
NA_EA = Training("aimclr-na-ea", "aimclr", {"drop": False, "neighbours": 0})
NA_EA_EADM = Training("aimclr-na-ea-eadm", "aimclr", {"neighbours": 0})

TABLE_1 = Grid(
    "what each part of AimCLR adds, linear evaluation",
    "AimCLR, table 1",
    (
        Line(1, NA, THREE),
        Line(2, EA, THREE),
        Line(3, NA_EA, THREE),
        Line(4, NA_EA_EADM, THREE),
        Line(5, AIMCLR, THREE),
    ),
)

TABLE_2 = Grid(
    "SkeletonCLR and AimCLR on each stream and fused, linear evaluation",
    "AimCLR, table 2",
    (
        Line(1, SKELETONCLR, JOINT),
        Line(2, AIMCLR, JOINT),
        Line(3, SKELETONCLR, MOTION),
        Line(4, AIMCLR, MOTION),
        Line(5, SKELETONCLR, BONE),
        Line(6, AIMCLR, BONE),
        Line(7, SKELETONCLR, THREE),
        Line(8, AIMCLR, THREE),
    ),
)

TABLE_3 = Grid(
    "three streams after training of different lengths, linear evaluation",
    "AimCLR, table 3",
    tuple(
        Line(row, training, THREE, setting=f"{epochs} epochs", epochs=epochs)
        for row, training in enumerate((SKELETONCLR, CROSSCLR, AIMCLR_3S, AIMCLR), start=1)
        for epochs in (100, 150, 200, 300)
    ),
    lengths=True,
)

TABLE_7 = Grid(
    "three streams, fine-tuned on a share of the labels",
    "AimCLR, table 7",
    tuple(
        Line(first + offset, training, THREE, "semi", {"share": share}, setting)
        for first, share, setting in ((1, 0.01, "1%"), (7, 0.1, "10%"))
        for offset, training in ((3, CROSSCLR), (5, AIMCLR))
    ),
)

TABLE_8 = Grid(
    "fine-tuned on all labels, and supervised from the start",
    "AimCLR, table 8",
    (
        Line(1, SKELETONCLR, BONE, "finetune"),
        Line(2, AIMCLR, BONE, "finetune"),
        Line(3, STGCN, THREE, "supervised"),
        Line(4, CROSSCLR, THREE, "finetune"),
        Line(5, AIMCLR, THREE, "finetune"),
    ),
)

GRIDS = {
    "aimclr-table1": TABLE_1,
    "aimclr-table2": TABLE_2,
    "aimclr-table3": TABLE_3,
    "aimclr-table7": TABLE_7,
    "aimclr-table8": TABLE_8,
}

"""Published accuracies, for the row of the table that a run is held against.

Source: Guo et al., Contrastive Learning from Extremely Augmented Skeleton Sequences for Self-supervised Action
Recognition (AimCLR), AAAI 2022, tables 1, 2 and 4. All are linear evaluation, per cent, best test epoch; the paper
draws its kNN results (figure 3) without numbers.
"""

from dataclasses import dataclass

JOINT, MOTION, BONE, FUSED = "joint", "motion", "bone", "joint+motion+bone"


@dataclass(frozen=True)
class Published:
    """One number of a paper."""

    dataset: str
    split: str
    method: str
    """As skelact names it where it has the method, else as the paper writes it."""
    stream: str
    top1: float
    source: str
    protocol: str = "linear"


def _table_2(method: str, stream: str, *top1: float) -> list[Published]:
    columns = (("NTU-60", "xsub"), ("NTU-60", "xview"), ("PKU-MMD I", "xsub"), ("NTU-120", "xsub"), ("NTU-120", "xset"))
    return [
        Published(dataset, split, method, stream, number, "AimCLR, table 2")
        for (dataset, split), number in zip(columns, top1, strict=True)
    ]


def _ntu_60(table: int, method: str, stream: str, xsub: float | None, xview: float | None) -> list[Published]:
    return [
        Published("NTU-60", split, method, stream, number, f"AimCLR, table {table}")
        for split, number in (("xsub", xsub), ("xview", xview))
        if number is not None
    ]


TABLE_1 = (
    *_ntu_60(1, "aimclr (normal)", FUSED, 75.0, 79.8),
    *_ntu_60(1, "aimclr (extreme)", FUSED, 71.3, 77.8),
    *_ntu_60(1, "aimclr (both)", FUSED, 77.4, 82.5),
    *_ntu_60(1, "aimclr (both, EADM)", FUSED, 78.2, 82.8),
    *_ntu_60(1, "aimclr (both, EADM, NNM)", FUSED, 78.9, 83.8),
)
"""The parts of AimCLR, three streams fused."""

TABLE_2 = (
    *_table_2("skeletonclr", JOINT, 68.3, 76.4, 80.9, 56.8, 55.9),
    *_table_2("aimclr", JOINT, 74.3, 79.7, 83.4, 63.4, 63.4),
    *_table_2("skeletonclr", MOTION, 53.3, 50.8, 63.4, 39.6, 40.2),
    *_table_2("aimclr", MOTION, 66.8, 70.6, 72.0, 57.3, 54.4),
    *_table_2("skeletonclr", BONE, 69.4, 67.4, 72.6, 48.4, 52.0),
    *_table_2("aimclr", BONE, 73.2, 77.0, 82.0, 62.9, 63.4),
    *_table_2("skeletonclr", FUSED, 75.0, 79.8, 85.3, 60.7, 62.6),
    *_table_2("aimclr", FUSED, 78.9, 83.8, 87.8, 68.2, 68.8),
)
"""SkeletonCLR against AimCLR, a stream and fused."""

TABLE_4 = (
    *_ntu_60(4, "LongT GAN", JOINT, 39.1, 48.1),
    *_ntu_60(4, "MS2L", JOINT, 52.6, None),
    *_ntu_60(4, "AS-CAL", JOINT, 58.5, 64.8),
    *_ntu_60(4, "P&C", JOINT, 50.7, 76.3),
    *_ntu_60(4, "SeBiReNet", JOINT, None, 79.7),
    *_ntu_60(4, "skeletonclr", JOINT, 68.3, 76.4),
    *_ntu_60(4, "aimclr", JOINT, 74.3, 79.7),
    *_ntu_60(4, "skeletonclr", FUSED, 75.0, 79.8),
    *_ntu_60(4, "3s-Colorization", FUSED, 75.2, 83.1),
    *_ntu_60(4, "crossclr", FUSED, 77.8, 83.4),
    *_ntu_60(4, "aimclr (cross-stream)", FUSED, 78.6, 82.6),
    *_ntu_60(4, "aimclr", FUSED, 78.9, 83.8),
)
"""NTU-60 against other methods; the paper puts the single-stream ones under "i.e., joint stream"."""

TABLES = (*TABLE_2, *TABLE_1, *TABLE_4)

_WHOLE = {60: ("NTU-60", 56_880), 120: ("NTU-120", 114_480)}
"""Classes of an NTU data set, its name, and its clips before the broken ones are left out."""


def published(dataset: str, split: str, method: str, stream: str, protocol: str) -> Published | None:
    """The published number for exactly this, where there is one."""
    asked = (dataset, split, method.lower(), stream, protocol)
    for entry in TABLES:
        if (entry.dataset, entry.split, entry.method, entry.stream, entry.protocol) == asked:
            return entry
    return None


def published_name(dataset: str, classes: int, clips: int) -> str:
    """What papers call a store's data set, by the classes and clips in it; the store's own name for it if none do.

    A part of NTU RGB+D is not NTU RGB+D: at least 98 % of its clips have to be there, as without the broken ones.
    """
    name, whole = _WHOLE.get(classes, (dataset, 0)) if dataset == "ntu" else (dataset, 0)
    return name if clips >= 0.98 * whole else dataset

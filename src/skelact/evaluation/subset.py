"""The labelled clips of the semi protocol: a share of every class, chosen by key and written to a file by name."""

import csv
import hashlib
import io
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from jaxtyping import Int64, Shaped

from skelact.system.terminal import tell
from skelact.system.world import SkelactError, file_hash, write_bytes
from skelact.train.labels import PerClass

COLUMNS = ("name", "action")


def chosen(
    names: Shaped[np.ndarray, "n"],
    labels: Int64[np.ndarray, "n"],
    share: float,
    seed: int,
    per_class: PerClass = "at_least_one",
) -> Int64[np.ndarray, "k"]:
    """Indices of the chosen clips, ascending: of every class the share.

    The clips of a class are taken in the order of SHA-256(seed, name). So the choice does not depend on the order of
    the clips, and a smaller share of a seed is part of a larger one. SkelactError where no class gives a clip.
    """
    key = np.array([hashlib.sha256(f"{seed}/{name}".encode()).hexdigest() for name in names])
    picked = []
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        wanted = share * len(members)
        count = round(wanted) if per_class == "released" else max(1, int(wanted + 0.5))
        picked.append(members[np.argsort(key[members])][:count])
    indices = np.sort(np.concatenate(picked))
    if not len(indices):
        most = max(np.unique(labels, return_counts=True)[1])
        raise SkelactError(
            f"expected some labelled clips, found none: a share of {share:g} of the {most} clips of the largest class "
            f"rounds to 0; give a larger --share or --per-class at_least_one"
        )
    return indices


def kept_or_chosen(
    path: Path,
    names: Shaped[np.ndarray, "n"],
    labels: Int64[np.ndarray, "n"],
    share: float,
    seed: int,
    per_class: PerClass = "at_least_one",
) -> Int64[np.ndarray, "k"]:
    """As `chosen`, but read from the file at `path` if it exists; else chosen and written there.

    SkelactError, with file and line: an unknown or repeated name, a class that differs from the store's, a class
    without a clip if every class needs one.
    """
    indices = chosen(names, labels, share, seed, per_class)
    if path.exists():
        there = _read(path, [str(name) for name in names], labels, per_class)
        if not np.array_equal(there, indices):
            tell(f"{path}: other clips than seed {seed} chooses; the file is used")
        return there
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    writer.writerows((names[index], int(labels[index])) for index in indices)
    write_bytes(path, text.getvalue().encode())
    return indices


def label_files(files: Iterable[Path]) -> dict[str, str]:
    """Name and SHA-256 of each file of labelled clips."""
    return {file.name: file_hash(file) for file in files}


def _read(path: Path, names: list[str], labels: Int64[np.ndarray, "n"], per_class: PerClass) -> Int64[np.ndarray, "k"]:
    index_of = {name: index for index, name in enumerate(names)}
    indices: dict[int, None] = {}
    try:
        rows = list(csv.reader(io.StringIO(path.read_bytes().decode("utf-8"), newline="")))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise SkelactError(f"{path}: cannot be read as the list of labelled clips: {error}") from error
    for line, row in enumerate(rows, start=1):
        where = f"{path}:{line}"
        if line == 1:
            if tuple(row) != COLUMNS:
                raise SkelactError(f"{where}: expected the columns {','.join(COLUMNS)}, found {','.join(row)}")
            continue
        if len(row) != 2:
            raise SkelactError(f"{where}: expected a name and an action, found {len(row)} entries")
        index = index_of.get(row[0])
        if index is None:
            raise SkelactError(f"{where}: {row[0]!r} is not among the {len(names)} train clips of this split")
        if row[1] != str(labels[index]):
            raise SkelactError(f"{where}: expected action {labels[index]} for {row[0]}, found {row[1]}")
        if index in indices:
            raise SkelactError(f"{where}: {row[0]} is repeated, expected every clip once")
        indices[index] = None
    found = np.array(sorted(indices), np.int64)
    lacking = sorted(set(labels.tolist()) - set(labels[found].tolist()))
    if lacking and not (per_class == "released" and len(found)):
        raise SkelactError(
            f"{path}: expected at least 1 clip of each of the {len(set(labels.tolist()))} classes, "
            f"found none of {', '.join(map(str, lacking))}"
        )
    return found

"""`clips.csv`: one line a clip, readable for people and fast to read for numpy."""

from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

import numpy as np

from skelact.data.recording import Recording
from skelact.system.world import SkelactError

NUMBERS = ("action", "subject", "camera", "setup", "repetition", "first", "frames", "persons")
COLUMNS = ("name", *NUMBERS, "same_as")
"""The columns of every store; further ones are divisions that came with the files."""


def write_header(file: TextIO, divisions: Sequence[str] = ()) -> None:
    file.write(",".join([*COLUMNS, *divisions]) + "\n")


def write_row(file: TextIO, recording: Recording, first: int, same_as: str) -> None:
    """Write the line of a clip whose rows in frames.npy start at `first`."""
    frames, persons = recording.identity.shape
    numbers = (
        recording.action,
        recording.subject,
        recording.camera,
        recording.setup,
        recording.repetition,
        first,
        frames,
        persons,
    )
    roles = map(str, map(int, recording.roles))
    file.write(",".join([recording.name, *map(str, map(int, numbers)), same_as, *roles]) + "\n")


def read_table(path: Path, clips: int, longest_name: int) -> dict[str, np.ndarray]:
    """The columns by name: text as unicode, the others int64. SkelactError if the file is damaged."""
    text = f"U{longest_name}"
    try:
        with path.open(encoding="utf-8") as file:
            names = file.readline().rstrip("\n").split(",")
        if tuple(names[: len(COLUMNS)]) != COLUMNS:
            raise ValueError(f"expected the columns {', '.join(COLUMNS)} first, found {', '.join(names)[:80]}")
        kinds = np.dtype([(name, text if name in ("name", "same_as") else np.int64) for name in names])
        # numpy's own reader takes 0.4 s for a million clips; a loop over csv.reader takes several.
        rows = np.loadtxt(path, kinds, delimiter=",", skiprows=1, comments=None, encoding="utf-8", ndmin=1)
    except (OSError, ValueError) as error:
        raise SkelactError(f"{path}: the file is damaged: {error}") from error
    if len(rows) != clips:
        raise SkelactError(f"{path}: expected {clips} clips, found {len(rows)}; the file is damaged")
    return {name: np.ascontiguousarray(rows[name]) for name in names}

"""The files of a store while clips are appended; the number of rows is written at the end."""

import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO, TextIO

import numpy as np

from skelact.data.store import table
from skelact.data.store.meta import NO_MASK, FileMark

FILES = ("clips.csv", "sources.csv", "frames.npy", "identity.npy")
"""The files of every store; `missing.npy` is added with the first clip that has a mask."""
PIECE = 2**20
"""Most bytes written at once when `missing.npy` is filled."""


class GrowingFiles:
    """The open files of a store under construction."""

    def __init__(self, folder: Path, joints: int, divisions: Sequence[str], stack: contextlib.ExitStack):
        self.folder = folder
        self._joints = joints
        self._stack = stack
        self.clips: TextIO = stack.enter_context((folder / "clips.csv").open("w", encoding="utf-8", newline="\n"))
        self.sources: TextIO = stack.enter_context((folder / "sources.csv").open("w", encoding="utf-8", newline=""))
        self.arrays: dict[str, tuple[BinaryIO, tuple[int, ...], str]] = {}
        """Open file, shape of a row and dtype of each array, by name."""
        self.frames = self._array("frames.npy", (joints, 3), "<f4")
        self.identity = self._array("identity.npy", (), "<i8")
        table.write_header(self.clips, divisions)
        self.sources.write("path,sha256\n")

    def _array(self, name: str, row: tuple[int, ...], kind: str) -> BinaryIO:
        file: BinaryIO = self._stack.enter_context((self.folder / name).open("wb"))
        self.arrays[name] = file, row, kind
        self._write_header(name, rows=0)
        return file

    def _write_header(self, name: str, rows: int) -> None:
        # numpy pads headers so that the first axis can grow: the header with 0 rows is as long as the final one.
        file, row, kind = self.arrays[name]
        header = {"descr": kind, "fortran_order": False, "shape": (rows, *row)}
        np.lib.format.write_array_header_1_0(file, header)

    def add_missing(self, missing: np.ndarray | None, rows_before: int, rows: int) -> None:
        """Append the mask of a clip of `rows` rows; the first mask also fills the rows of the clips before."""
        if "missing.npy" not in self.arrays:
            if missing is None:
                return
            self._fill(self._array("missing.npy", (self._joints,), "|u1"), rows_before * self._joints)
        file = self.arrays["missing.npy"][0]
        if missing is None:
            self._fill(file, rows * self._joints)
        else:
            file.write(np.ascontiguousarray(missing, dtype="u1").data)

    def _fill(self, file: BinaryIO, count: int) -> None:
        for start in range(0, count, PIECE):
            file.write(bytes([NO_MASK]) * min(PIECE, count - start))

    def finish(self, rows: int) -> dict[str, FileMark]:
        """Write the final number of rows into the headers, close the files and hash them."""
        for name, (file, *_) in self.arrays.items():
            file.seek(0)
            self._write_header(name, rows)
        for file in (self.clips, self.sources, *(file for file, *_ in self.arrays.values())):
            file.close()
        return {name: FileMark.of(self.folder / name) for name in dict.fromkeys((*FILES, *self.arrays))}

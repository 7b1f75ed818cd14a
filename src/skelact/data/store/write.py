"""Writes a store clip by clip, in constant memory; a failure leaves nothing behind."""

import contextlib
import csv
import hashlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from skelact import __version__
from skelact.data.recording import Recording
from skelact.data.store import table
from skelact.data.store.disk import full_disk_explained, termination_unwinds
from skelact.data.store.growing import GrowingFiles
from skelact.data.store.meta import (
    DIVIDED_VERSION,
    FORMAT_VERSION,
    PLAIN_VERSION,
    FileMark,
    LeftOut,
    Operation,
    Source,
    StoreMeta,
    write_sealed,
)
from skelact.data.store.prepared import prepared_folder, write_prepared
from skelact.data.store.read import Store
from skelact.skeleton import Skeleton
from skelact.system.world import AnyPath, SkelactError, atomic_folder

FORBIDDEN_IN_NAMES = ',"\r\n'
LONGEST_NAME = 255
"""Most letters of a clip's name, as of a file's name."""
FARTHEST = 1e9
"""Largest absolute coordinate, in any unit; its square still fits into float32."""


class StoreWriter:
    """Takes clips one by one; made by `store_writer`, which turns them into a store."""

    def __init__(self, files: GrowingFiles, skeleton: Skeleton, classes: Sequence[str], divisions: Sequence[str]):
        self._files = files
        self._divisions = divisions
        self._skeleton = skeleton
        self._classes = classes
        self._first_with: dict[bytes, str] = {}
        self._names: set[str] = set()
        self._files_read = 0
        self._only_hash = ""
        self.rows = 0
        self.longest_name = 1
        self.source = ""
        """Source that the files of `add_file` belong to."""
        self.log: list[Operation] = []
        self.left_out: list[LeftOut] = []

    def __len__(self) -> int:
        return len(self._names)

    def add(self, recording: Recording) -> None:
        """Append a clip. SkelactError: a duplicate name, joints of another skeleton or not finite, an unknown class."""
        self._check(recording)
        joints = np.ascontiguousarray(recording.joints, dtype="<f4")
        content = hashlib.blake2b(repr(joints.shape).encode(), digest_size=16)
        content.update(joints.data)
        if recording.missing is not None:
            content.update(np.ascontiguousarray(recording.missing).data)
        same_as = self._first_with.setdefault(content.digest(), recording.name)
        table.write_row(self._files.clips, recording, self.rows, "" if same_as == recording.name else same_as)
        self._files.frames.write(joints.data)
        self._files.identity.write(np.ascontiguousarray(recording.identity, dtype="<i8").data)
        self._files.add_missing(recording.missing, self.rows, recording.identity.size)
        self._names.add(recording.name)
        self.rows += recording.identity.size
        self.longest_name = max(self.longest_name, len(recording.name))

    def add_file(self, path: str, sha256: str) -> None:
        """Record a file that clips were read from."""
        csv.writer(self._files.sources, lineterminator="\n").writerow([path, sha256])
        self._files_read += 1
        self._only_hash = sha256

    def sources(self, listing: FileMark) -> tuple[Source, ...]:
        """The entry `sources` of `meta.json`; `listing`: size and hash of `sources.csv`."""
        if not self._files_read:
            return ()
        sha256 = self._only_hash if self._files_read == 1 else listing.sha256
        return (Source(path=self.source, files=self._files_read, sha256=sha256),)

    def _check(self, recording: Recording) -> None:
        name, joints = recording.name, recording.joints
        if not name or any(letter in name for letter in FORBIDDEN_IN_NAMES):
            raise SkelactError(f"clip name {name!r}: expected text without comma, quote or line break")
        if len(name) > LONGEST_NAME:  # in memory every name takes as much as the longest
            raise SkelactError(f"clip name '{name:.40}...': expected up to {LONGEST_NAME} letters, found {len(name)}")
        if name in self._names:
            raise SkelactError(f"clip name {name!r} comes twice; names must differ")
        if joints.shape != (*recording.identity.shape, len(self._skeleton), 3):
            raise SkelactError(
                f"{name}: expected joints of shape {(*recording.identity.shape, len(self._skeleton), 3)} "
                f"(frames, persons, joints of {self._skeleton.name}, 3), found {joints.shape}"
            )
        if recording.missing is not None and recording.missing.shape != joints.shape[:3]:
            raise SkelactError(f"{name}: expected missing of shape {joints.shape[:3]}, found {recording.missing.shape}")
        usable = np.abs(joints) <= FARTHEST
        if not usable.all():
            frame, slot, joint, axis = np.argwhere(~usable)[0]
            raise SkelactError(
                f"{name}: frame {frame}, joint {joint}, {'xyz'[axis]}: expected a number of at most {FARTHEST:g}, "
                f"found {joints[frame, slot, joint, axis]}"
            )
        if len(recording.roles) != len(self._divisions):
            raise SkelactError(
                f"{name}: expected a role in each of {len(self._divisions)} divisions, found {len(recording.roles)}"
            )
        if not -1 <= recording.action < len(self._classes):
            raise SkelactError(f"{name}: expected an action below {len(self._classes)}, found {recording.action}")


@contextlib.contextmanager
def store_writer(
    path: AnyPath,
    *,
    dataset: str,
    skeleton: Skeleton,
    classes: Sequence[str],
    units: str,
    frame_rate: float,
    divisions: Sequence[str] = (),
    prepared: Sequence[tuple[str, int]] = (),
    progress: bool = False,
) -> Iterator[StoreWriter]:
    """A writer whose clips become a store at `path` when the block succeeds; a failure leaves nothing behind.

    `divisions`: names of the divisions that the `roles` of recordings refer to. `prepared`: (preparation, frames) pairs
    to make at once. SkelactError: `path` exists, no clips, no space left, a division that cannot be a column.
    """
    path = Path(path)
    for division in divisions:
        if division in table.COLUMNS or not division.replace("-", "").replace("_", "").isalnum():
            raise SkelactError(f"division {division!r}: expected letters and digits, and no column's name")
    if len(set(divisions)) < len(divisions):
        raise SkelactError(f"expected divisions of different names, found {', '.join(divisions)}")
    with termination_unwinds(), full_disk_explained(path), atomic_folder(path) as folder:
        with contextlib.ExitStack() as stack:
            files = GrowingFiles(folder, len(skeleton), divisions, stack)
            writer = StoreWriter(files, skeleton, classes, divisions)
            yield writer
            if not len(writer):
                raise SkelactError(f"{path}: not written: there are no clips to write")
            marks = files.finish(writer.rows)
        meta = StoreMeta(
            format_version=_version(marks, divisions),
            skelact=__version__,
            dataset=dataset,
            skeleton=skeleton,
            classes=tuple(classes),
            units=units,
            frame_rate=frame_rate,
            clips=len(writer),
            rows=writer.rows,
            longest_name=writer.longest_name,
            sources=writer.sources(marks["sources.csv"]),
            log=tuple(writer.log),
            left_out=tuple(writer.left_out),
            files=marks,
        )
        write_sealed(folder / "meta.json", meta)
        for preparation, frames in prepared:
            made = prepared_folder(folder, preparation, frames, None)
            write_prepared(made, Store(folder, meta).recordings, meta, preparation, frames, None, progress)


def _version(files: Collection[str], divisions: Sequence[str]) -> int:
    """The oldest format that can hold these files, so that older programs can read the store."""
    return FORMAT_VERSION if "missing.npy" in files else DIVIDED_VERSION if divisions else PLAIN_VERSION


def write_store(
    path: AnyPath,
    *,
    dataset: str,
    skeleton: Skeleton,
    classes: Sequence[str],
    units: str,
    frame_rate: float,
    recordings: Iterable[Recording],
    divisions: Sequence[str] = (),
    log: Sequence[Operation] = (),
    prepared: Sequence[tuple[str, int]] = (),
    progress: bool = False,
) -> Store:
    """Write `recordings` as a store at `path`, and open it. Raises as `store_writer` and `StoreWriter.add`."""
    with store_writer(
        path,
        dataset=dataset,
        skeleton=skeleton,
        classes=classes,
        units=units,
        frame_rate=frame_rate,
        divisions=divisions,
        prepared=prepared,
        progress=progress,
    ) as writer:
        writer.log.extend(log)
        for recording in recordings:
            writer.add(recording)
    return Store.open(path)

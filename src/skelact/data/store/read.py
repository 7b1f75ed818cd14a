"""Opens, reads and checks stores."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np
from jaxtyping import Float32
from numpy.lib.format import MAGIC_PREFIX

from skelact.data.recording import Recording
from skelact.data.store.disk import full_disk_explained, termination_unwinds
from skelact.data.store.meta import NO_MASK, PreparedMeta, Sealed, StoreMeta, read_sealed
from skelact.data.store.prepared import prepared_folder, write_prepared
from skelact.data.store.table import COLUMNS, read_table
from skelact.skeleton import Skeleton
from skelact.system.world import AnyPath, SkelactError, file_hash


@dataclass(frozen=True)
class Prepared:
    """The clips of a store as training reads them, memory-mapped."""

    clips: Float32[np.ndarray, "n 3 t v m"]
    preparation: str
    frames: int
    hash: str
    """SHA-256 of clips.npy: the key of cached features."""
    meta: PreparedMeta


class Store:
    """A store on disk. Opening reads `meta.json` only; the table is read at first use, joints are memory-mapped.

    A process hashes each file at first use. Everything that uses a changed file raises SkelactError.
    """

    def __init__(self, path: Path, meta: StoreMeta):
        self.path = path
        self.name = path.name
        self.meta = meta

    @classmethod
    def open(cls, path: AnyPath) -> "Store":
        """Open the store in folder `path`. SkelactError: no such folder, no store, a newer format, truncated files."""
        path = Path(path).resolve()
        if not path.is_dir():
            found = "a file, but a store is a folder" if path.exists() else "no such folder"
            raise SkelactError(f"{path}: {found}; `skelact prepare` or `skelact synthesize` writes a store")
        if not (path / "meta.json").is_file():
            raise SkelactError(f"{path}: not a store: it holds no meta.json")
        meta = read_sealed(path / "meta.json", StoreMeta)
        check_sizes(path, meta)
        return cls(path, meta)

    @property
    def skeleton(self) -> Skeleton:
        return self.meta.skeleton

    @property
    def classes(self) -> tuple[str, ...]:
        return self.meta.classes

    @property
    def divisions(self) -> tuple[str, ...]:
        """Names of the divisions into training and test clips that came with the files; each is a table column."""
        return tuple(self.table)[len(COLUMNS) :]

    def __len__(self) -> int:
        return self.meta.clips

    @cached_property
    def table(self) -> dict[str, np.ndarray]:
        """The columns of clips.csv, each with one entry a clip."""
        return read_table(self._unchanged("clips.csv"), self.meta.clips, self.meta.longest_name)

    @cached_property
    def _joints(self) -> np.ndarray:
        return _mapped(self._unchanged("frames.npy"), (self.meta.rows, len(self.skeleton), 3))

    @cached_property
    def _identity(self) -> np.ndarray:
        return _mapped(self._unchanged("identity.npy"), (self.meta.rows,))

    @cached_property
    def _missing(self) -> np.ndarray | None:
        if "missing.npy" not in self.meta.files:
            return None
        return _mapped(self._unchanged("missing.npy"), (self.meta.rows, len(self.skeleton)))

    def _unchanged(self, name: str) -> Path:
        """The path of a file of the store. SkelactError if the file has changed."""
        return _as_written(self.path / name, self.meta, "write the store again")

    def recording(self, row: int) -> Recording:
        """Clip number `row` (from 0) as it was read. IndexError beyond the last clip."""
        if not 0 <= row < len(self):
            raise IndexError(f"{self.path} holds {len(self)} clips, asked for number {row}")
        clip = {name: column[row] for name, column in self.table.items()}
        first, frames, persons = int(clip["first"]), int(clip["frames"]), int(clip["persons"])
        rows = slice(first, first + frames * persons)
        return Recording(
            name=str(clip["name"]),
            joints=np.array(self._joints[rows]).reshape(frames, persons, len(self.skeleton), 3),
            identity=np.array(self._identity[rows]).reshape(frames, persons),
            action=int(clip["action"]),
            subject=int(clip["subject"]),
            camera=int(clip["camera"]),
            setup=int(clip["setup"]),
            repetition=int(clip["repetition"]),
            roles=tuple(int(clip[name]) for name in self.divisions),
            missing=self._missing_of(rows, frames, persons),
        )

    def _missing_of(self, rows: slice, frames: int, persons: int) -> np.ndarray | None:
        if self._missing is None or (self._missing[rows] == NO_MASK).any():
            return None
        return np.array(self._missing[rows], bool).reshape(frames, persons, len(self.skeleton))

    def recordings(self) -> Iterator[Recording]:
        """Every clip, in the order of the table."""
        return (self.recording(row) for row in range(len(self)))

    def prepared(self, preparation: str, frames: int, persons: int | None = None, progress: bool = True) -> Prepared:
        """The clips in a preparation, with `persons` slots; made and added to the store if it does not exist yet.

        `persons`, default: 2 if any clip needs them, else 1 (the published NTU preparation always has 2).
        SkelactError: unknown preparation, a skeleton that the preparation cannot turn, a damaged file, no space left.
        """
        folder = prepared_folder(self.path, preparation, frames, persons)
        if not folder.exists():
            try:
                with termination_unwinds(), full_disk_explained(folder):
                    write_prepared(folder, self.recordings, self.meta, preparation, frames, persons, progress)
            except (OSError, SkelactError):
                if not folder.exists():  # otherwise another process made it meanwhile
                    raise
        meta = read_sealed(folder / "meta.json", PreparedMeta)
        check_sizes(folder, meta)
        if (meta.preparation, meta.frames) != (preparation, frames):
            raise SkelactError(
                f"{folder}: expected {preparation}-{frames}, as its name says, found {meta.preparation}-{meta.frames}"
            )
        shape = (len(self), 3, frames, len(self.skeleton), meta.persons)
        advice = f"remove {folder}; it is then made again from the recordings"
        clips = _as_written(folder / "clips.npy", meta, advice)
        return Prepared(_mapped(clips, shape), preparation, frames, meta.files["clips.npy"].sha256, meta)

    def verify(self) -> list[str]:
        """Hash every file again; names of the damaged ones, relative to the store."""
        damaged = _damaged(self.path, StoreMeta)
        for folder in sorted((self.path / "prepared").glob("[!.]*")):
            damaged += [f"prepared/{folder.name}/{name}" for name in _damaged(folder, PreparedMeta)]
        return damaged


def check_sizes(folder: Path, meta: Sealed) -> None:
    """SkelactError for the first file beside meta.json that is missing or has another size."""
    for name, mark in meta.files.items():
        path = folder / name
        if not path.is_file():
            raise SkelactError(f"{path}: expected a file of {mark.bytes} bytes, found none; the store is incomplete")
        found = path.stat().st_size
        if found != mark.bytes:
            raise SkelactError(f"{path}: expected {mark.bytes} bytes, found {found}; the file is damaged")


def _damaged(folder: Path, kind: type[Sealed]) -> list[str]:
    try:
        meta = read_sealed(folder / "meta.json", kind)
    except SkelactError:
        return ["meta.json"]  # the hashes of the others are in it
    return [
        name
        for name, mark in meta.files.items()
        if not (folder / name).is_file() or file_hash(folder / name) != mark.sha256
    ]


def _as_written(path: Path, meta: Sealed, advice: str) -> Path:
    """The path. SkelactError if the hash of the file differs from the one in meta.json."""
    mark = meta.files.get(path.name)
    if mark is None:
        raise SkelactError(f"{path.with_name('meta.json')}: expected the hash of {path.name}, found none; {advice}")
    try:
        state = path.stat()
        found = _hash_of(path, state.st_ino, state.st_size, state.st_mtime_ns)
    except OSError as error:
        raise SkelactError(f"{path}: cannot be read: {error.strerror}") from error
    if found != mark.sha256:
        raise SkelactError(f"{path}: damaged: not as it was written (SHA-256 {mark.sha256:.12}...); {advice}")
    return path


@lru_cache
def _hash_of(path: Path, *state: int) -> str:
    """The hash of a file, computed again only if its `state` changes."""
    return file_hash(path)


def _mapped(path: Path, shape: tuple[int, ...]) -> np.ndarray:
    """The array in a file, memory-mapped unless it is empty. SkelactError: damaged, or another shape."""
    try:
        with path.open("rb") as file:
            numpys = file.read(len(MAGIC_PREFIX)) == MAGIC_PREFIX  # numpy would also open archives
        array = np.load(path, mmap_mode="r" if 0 not in shape else None, allow_pickle=False) if numpys else None
    except (OSError, ValueError) as error:
        raise SkelactError(f"{path}: the file is damaged: {error}") from error
    if array is None or array.dtype.kind not in "fiub":
        found = "none" if array is None else f"one of {array.dtype}"
        raise SkelactError(f"{path}: expected an array of numbers, found {found}; the file is damaged")
    if array.shape != shape:
        raise SkelactError(f"{path}: expected an array of shape {shape}, found {array.shape}; the file is damaged")
    return array

"""Opens the clips of a source by format name, once a process."""

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from skelact.data.readers.array_annotations import published_annotations
from skelact.data.readers.array_files import Clips
from skelact.data.readers.array_own import own_arrays
from skelact.data.readers.array_published import published_npz, published_position

_OPEN: dict[str, Callable[[Path, str, int], Clips]] = {
    "arrays": lambda source, axes, joints: own_arrays(source, axes),
    "position": lambda source, axes, joints: published_position(source),
    "ctrgcn": lambda source, axes, joints: published_npz(source, joints),
    "pyskl": lambda source, axes, joints: published_annotations(source),
}


def clips_of(name: str, source: Path, axes: str, joints: int) -> Clips:
    """The clips of a source; opened again only if its files change."""
    state = tuple((path, path.stat().st_size, path.stat().st_mtime_ns) for path in _files(source))
    return _opened(name, source, axes, joints if name == "ctrgcn" else 0, state)


def _files(source: Path) -> list[Path]:
    return sorted(path for path in source.iterdir() if path.is_file()) if source.is_dir() else [source]


@lru_cache(maxsize=2)
def _opened(name: str, source: Path, axes: str, joints: int, state: tuple) -> Clips:
    return _OPEN[name](source, axes, joints)

"""Recordings: made up, or read from files, into a store; and its splits."""

from pathlib import Path
from typing import Any

from skelact.config import Preparation
from skelact.data.prepare import prepare as prepare_store
from skelact.data.readers import reader
from skelact.data.recording import Reader
from skelact.data.splits import Split
from skelact.data.splits import split as split_of
from skelact.data.store import Store
from skelact.data.synthetic import synthesize as synthesize_store
from skelact.system.world import AnyPath, SkelactError


def synthesize(
    out: AnyPath,
    *,
    clips: int = 2400,
    classes: int = 12,
    subjects: int = 20,
    cameras: int = 3,
    seed: int = 0,
    persons: int = 2,
    preparation: Preparation = "robust",
    frames: int = 50,
    progress: bool = True,
) -> Store:
    """Write a store of made-up bodies doing named actions before several cameras, and open it.

    Args:
        out: Store to write; must not exist.
        clips: Recordings in all.
        classes: Different actions.
        subjects: Different people.
        cameras: Cameras that see every performance.
        seed: The same numbers and seed give the same bytes.
        persons: 1 leaves out the actions of two people.
        preparation: How the clips are prepared at once.
        frames: Length that every prepared clip is brought to.
        progress: Whether a progress bar and a summary go to standard error.

    Raises:
        SkelactError: `out` exists, or a number is out of its range.
    """
    synthesize_store(
        Path(out),
        clips=clips,
        classes=classes,
        subjects=subjects,
        cameras=cameras,
        seed=seed,
        persons=persons,
        preparation=preparation,
        frames=frames,
        progress=progress,
    )
    return Store.open(out)


def prepare(
    format: str | Reader,
    source: AnyPath,
    out: AnyPath,
    *,
    preparation: Preparation = "robust",
    frames: int = 50,
    jobs: int | None = None,
    skip_bad: bool = False,
    leave_out: AnyPath | None = None,
    progress: bool = True,
    **options: Any,
) -> Store:
    """Read raw recordings into a store with prepared clips, and open it.

    Large sources are parsed by several processes, each of which imports the script that called: it needs
    `if __name__ == "__main__":`, or `jobs=1`.

    Args:
        format: Name of a format, such as "ntu" or "bvh" (docs/formats.md), or a reader of your own (docs/own-data.md).
        source: Folder, zip archive or single file.
        out: Store to write; must not exist.
        preparation: "released": as the published programs prepare clips; "robust": with gaps, noise and identities
            mended (docs/data.md).
        frames: Length that every clip is brought to.
        jobs: Processes that parse; left out, as many as pay off.
        skip_bad: Leave out files that cannot be read and list them, rather than stop at the first.
        leave_out: File with names of clips to leave out, one a line.
        progress: Whether a progress bar and a summary go to standard error.
        **options: Options of the format, named as on the command line, such as `skeleton="coco_17"` for arrays.

    Raises:
        SkelactError: no such format or option, no or bad files, `out` exists. Nothing is written then.
    """
    source = Path(source)
    if isinstance(format, str):
        format = reader(format, source, **options)
    elif options:
        raise SkelactError(f"a reader of your own has its options already, got {', '.join(options)}")
    listed = None if leave_out is None else Path(leave_out)
    prepare_store(format, source, Path(out), preparation, frames, jobs, skip_bad, listed, progress)
    return Store.open(out)


def split(store: Store | AnyPath, name: str) -> Split:
    """The row numbers of the clips that train and of those that test, as `.train` and `.test` (int64).

    Args:
        store: Store, or its path.
        name: A named split of its data set, such as "xsub"; "subject=1,2,5" for the clips that train, the others test;
            "subject=1,2/5" for both; "all" for every clip trains (docs/data.md).

    Raises:
        SkelactError: no such split (lists those there are), or a side of it is empty.
    """
    return split_of(opened(store), name)


def opened(store: Store | AnyPath) -> Store:
    """The store, opened where it is given by its path."""
    return store if isinstance(store, Store) else Store.open(store)

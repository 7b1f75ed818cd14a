"""Stores of recordings, made up or read from files, and their splits."""

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
    """Write and open a store of synthetic people who perform named actions before several cameras.

    Args:
        out: Store to write; it must not exist.
        clips: Recordings in all.
        classes: Different actions.
        subjects: Different people.
        cameras: Cameras that see every performance.
        seed: The same numbers and seed give the same bytes.
        persons: 1: only actions of one person.
        preparation: Preparation that is made at once.
        frames: Frames of every prepared clip.
        progress: Whether to show a progress bar and a summary on standard error.

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
        out: Store to write; it must not exist.
        preparation: "released": as in the published programs; "robust": repairs gaps, noise and identities; "body":
            robust, but centred once a clip and in sizes of the body (docs/data.md).
        frames: Frames of every prepared clip.
        jobs: Processes that parse (default: as many as pay off).
        skip_bad: Skip and list unreadable files instead of stopping at the first.
        leave_out: File with names of clips to leave out, one a line.
        progress: Whether to show a progress bar and a summary on standard error.
        **options: Options of the format, named as on the command line, such as `skeleton="coco_17"` for arrays.

    Raises:
        SkelactError: no such format or option, no or bad files, `out` exists. Nothing is written then.
    """
    source = Path(source)
    if isinstance(format, str):
        format = reader(format, source, **options)
    elif options:
        raise SkelactError(f"expected no options with a reader of your own, got {', '.join(options)}")
    listed = None if leave_out is None else Path(leave_out)
    prepare_store(format, source, Path(out), preparation, frames, jobs, skip_bad, listed, progress)
    return Store.open(out)


def split(store: Store | AnyPath, name: str) -> Split:
    """Row numbers of the training and test clips, as `.train` and `.test` (int64).

    Args:
        store: Store, or its path.
        name: A named split of its data set, such as "xsub"; "subject=1,2,5" for training, the others for
            test; "subject=1,2/5" for both sides; "all": every clip trains (docs/data.md).

    Raises:
        SkelactError: no such split (the error lists the available ones), or a side is empty.
    """
    return split_of(opened(store), name)


def opened(store: Store | AnyPath) -> Store:
    """The store, opened where it is given by its path."""
    return store if isinstance(store, Store) else Store.open(store)

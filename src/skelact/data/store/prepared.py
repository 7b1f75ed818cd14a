"""Makes `prepared/<preparation>-<frames>`: every clip of a store in one preparation, in one array."""

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from skelact import __version__
from skelact.data.preparations import check_preparation, persons_needed, prepare_and_count
from skelact.data.progress import with_bar
from skelact.data.recording import Recording
from skelact.data.store.meta import FileMark, PreparedMeta, StoreMeta, write_sealed
from skelact.system.world import atomic_folder


def prepared_folder(store: Path, preparation: str, frames: int, persons: int | None) -> Path:
    """Folder of a preparation; its name contains the number of persons only if `persons` is given."""
    return store / "prepared" / (f"{preparation}-{frames}" + (f"-{persons}p" if persons is not None else ""))


def write_prepared(
    folder: Path,
    recordings: Callable[[], Iterator[Recording]],
    meta: StoreMeta,
    preparation: str,
    frames: int,
    persons: int | None,
    progress: bool,
) -> None:
    """Prepare every clip into `folder`, atomically. SkelactError as of `check_preparation` and `prepare_clip`."""
    check_preparation(preparation, frames, persons, meta.skeleton)
    if persons is None:
        persons = persons_needed(recordings(), meta.skeleton, preparation, meta.dataset)
    shape = (meta.clips, 3, frames, len(meta.skeleton), persons)
    total: Counter[str] = Counter()
    repaired: dict[str, dict[str, int]] = {}
    with atomic_folder(folder) as temporary:
        # Plain writes, not a memory map: on a full disk a write raises, a map kills the process.
        with open(temporary / "clips.npy", "wb") as file:
            np.lib.format.write_array_header_1_0(file, {"descr": "<f4", "fortran_order": False, "shape": shape})
            for recording in with_bar(recordings(), meta.clips, f"preparing {preparation}-{frames}", progress):
                clip, repairs = prepare_and_count(recording, meta.skeleton, preparation, frames, persons)
                file.write(np.ascontiguousarray(clip).data)
                if repairs:
                    total.update(repairs)
                    repaired[recording.name] = dict(repairs)
        made = PreparedMeta(
            skelact=__version__,
            preparation=preparation,
            frames=frames,
            persons=persons,
            repairs=dict(sorted(total.items())),
            repaired=repaired,
            files={"clips.npy": FileMark.of(temporary / "clips.npy")},
        )
        write_sealed(temporary / "meta.json", made)

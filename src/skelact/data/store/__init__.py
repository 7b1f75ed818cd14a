"""The store: a folder with the clips of a data set, written once and never changed.

    STORE/meta.json                         description, sources, hashes of the other files, its own seal
    STORE/clips.csv                         one line a clip
    STORE/sources.csv                       the source files, with their hashes
    STORE/frames.npy                        (rows, v, 3) float32, the clips end to end
    STORE/identity.npy                      (rows,) int64, the person in each row, -1 where a slot is empty
    STORE/missing.npy                       (rows, v) uint8, optional: 1 missing joint, 0 seen joint, 2 unknown: the
                                            clip has no mask, and joints at (0, 0, 0) are missing
    STORE/prepared/<preparation>-<frames>/  clips.npy (n, 3, t, v, m) float32 as training reads it, and its meta.json

A clip of t frames with m slots takes t * m rows; the slots of one frame are adjacent.
"""

from skelact.data.store.meta import FORMAT_VERSION, LeftOut, Operation, PreparedMeta, Source, StoreMeta
from skelact.data.store.read import Prepared, Store
from skelact.data.store.write import StoreWriter, store_writer, write_store

__all__ = [
    "FORMAT_VERSION",
    "LeftOut",
    "Operation",
    "Prepared",
    "PreparedMeta",
    "Source",
    "Store",
    "StoreMeta",
    "StoreWriter",
    "store_writer",
    "write_store",
]

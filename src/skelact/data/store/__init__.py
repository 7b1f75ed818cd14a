"""The store: a folder with the clips of a data set, written once and never changed in place.

    STORE/meta.json                         what it is, where it comes from, hashes of the other files, its own seal
    STORE/clips.csv                         one line a clip
    STORE/sources.csv                       the files that clips were read from, with their hashes
    STORE/frames.npy                        (rows, v, 3) float32, the clips end to end
    STORE/identity.npy                      (rows,) int64, the person in each row, -1 where a slot is empty
    STORE/missing.npy                       (rows, v) uint8, only where files tell: 1 where a joint was not seen, 0
                                            where it was, 2 where the clip does not say: then (0, 0, 0) was not
    STORE/prepared/<preparation>-<frames>/  clips.npy (n, 3, t, v, m) float32 as training reads it, and its meta.json

A clip of t frames with m slots side by side takes t * m rows, the slots of one frame next to each other.
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

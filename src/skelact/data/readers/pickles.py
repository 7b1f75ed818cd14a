"""Pickle files of plain containers and numpy arrays, read without running anything that stands in them.

A pickle names functions and calls them: reading a stranger's with `pickle.load` runs what the stranger wrote. Here the
only names that are followed are those that numpy's arrays need; any other ends the reading before it is called.
"""

import codecs
import pickle
from collections import OrderedDict
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from skelact.data.readers.source import SKIP_HINT
from skelact.data.recording import ReadError

LARGEST = 16 * 2**30
"""Bytes of the largest pickle that is opened; it has to fit into memory."""


class _Latin(NamedTuple):
    """What `_codecs.encode` is called for in pickles of bytes, and nothing else."""

    def __call__(self, text: str, encoding: str = "latin1") -> bytes:
        if encoding not in ("latin1", "latin-1"):
            raise pickle.UnpicklingError(f"expected bytes written as latin1, found {encoding!r:.40}")
        return codecs.latin_1_encode(text)[0]


class _FromBuffer(NamedTuple):
    """numpy's `_frombuffer`, which makes arrays of pickle protocol 5."""

    def __call__(self, buffer: Any, dtype: Any, shape: Any, order: Any, axes: Any = None) -> np.ndarray:
        if not isinstance(buffer, bytes | bytearray) or not isinstance(dtype, np.dtype) or order not in ("C", "F", "K"):
            raise pickle.UnpicklingError("expected the bytes of an array, found something else")
        array = np.frombuffer(buffer, dtype)
        if order == "K":  # the axes lie in memory in another order than either
            return array.reshape(shape).transpose(axes)
        return array.reshape(shape, order=order)


# Callable values without attributes that a pickle could set; numpy's Python functions have them.
_CORES = ("numpy.core", "numpy._core")
_RECONSTRUCT = np.zeros(0).__reduce__()[0]
_SCALAR = np.float64(0).__reduce__()[0]
_ALLOWED: dict[tuple[str, str], Any] = {
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
    ("_codecs", "encode"): _Latin(),
    ("collections", "OrderedDict"): OrderedDict,
    ("builtins", "set"): set,
    ("__builtin__", "set"): set,
    ("builtins", "bytearray"): bytearray,
    **{(f"{core}.multiarray", "_reconstruct"): _RECONSTRUCT for core in _CORES},
    **{(f"{core}.multiarray", "scalar"): _SCALAR for core in _CORES},
    **{(f"{core}.numeric", "_frombuffer"): _FromBuffer() for core in _CORES},
}


class _Plain(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _ALLOWED:
            raise pickle.UnpicklingError(f"{module}.{name} is not opened: only plain containers and numpy arrays are")
        return _ALLOWED[module, name]

    def persistent_load(self, pid: Any) -> Any:
        raise pickle.UnpicklingError("a reference to something outside the file is not followed")


def plain_pickle(path: Path) -> Any:
    """What a pickle file holds. ReadError names the first class in it that is neither a container nor an array."""
    try:
        if path.stat().st_size > LARGEST:
            raise ReadError(f"{path}: expected at most {LARGEST} bytes, found {path.stat().st_size}\n  {SKIP_HINT}")
        with path.open("rb") as file:
            return _Plain(file, encoding="latin1").load()
    except ReadError:
        raise
    except Exception as error:  # bytes that are no pickle make it fail in two dozen ways
        reason = " ".join(str(error).split()) or type(error).__name__
        raise ReadError(f"{path}: not a pickle that can be read: {reason:.200}\n  {SKIP_HINT}") from error

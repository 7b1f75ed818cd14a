"""Our .npz files: written atomically, and checked before they are used."""

import io
import math
import struct
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from skelact.system.world import SkelactError, write_bytes


def write_arrays(path: Path, arrays: Mapping[str, np.ndarray]) -> None:
    """`arrays` by name, atomically. SkelactError where they cannot be written; the old file then stays."""
    whole = io.BytesIO()
    named: dict[str, Any] = dict(arrays)
    np.savez(whole, **named)
    write_bytes(path, whole.getbuffer())


def read_arrays(path: Path, names: Sequence[str]) -> tuple[Any, ...]:
    """The arrays of these names, no objects. SkelactError: no such file or array, not as it was written.

    An .npz is a zip archive with a checksum per array. It is compared before the array's header is used, because a
    damaged header could ask for any amount of memory.
    """
    expected = f"expected arrays {', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else f"expected {names[0]}"
    if not path.is_file():
        raise SkelactError(f"{path}: {expected}: no such file")
    try:
        with zipfile.ZipFile(path) as archive:
            return tuple(_checked(archive, name) for name in names)
    except (
        OSError,
        ValueError,
        LookupError,
        EOFError,
        RuntimeError,
        NotImplementedError,
        zipfile.BadZipFile,
        struct.error,
        zlib.error,
    ) as error:
        raise SkelactError(f"{path}: damaged, {expected}: {error}") from error


def _checked(archive: zipfile.ZipFile, name: str) -> np.ndarray:
    held = archive.getinfo(f"{name}.npy")
    if held.compress_type != zipfile.ZIP_STORED:
        raise ValueError(f"{name} is compressed, which ours are not")
    content = io.BytesIO(archive.read(held))  # compares the checksum
    version = np.lib.format.read_magic(content)
    read_header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, _, dtype = read_header(content)
    there = len(content.getbuffer()) - content.tell()
    if math.prod(shape) * dtype.itemsize != there:
        raise ValueError(f"{name}: {shape} of {dtype} does not take the {there} bytes that are there")
    content.seek(0)
    return np.load(content, allow_pickle=False)

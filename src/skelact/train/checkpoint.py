"""Checkpoints: the whole state of a run in one file, written atomically; reading one runs no code from it.

The file is what `torch.save` writes, a zip archive. Its comment holds the SHA-256 of everything before the hash,
because PyTorch compares no checksum when it reads: training would continue from a damaged file.
"""

import hashlib
import io
import os
from pathlib import Path
from typing import Any, BinaryIO

import torch

from skelact.encoders.exact import read_exact
from skelact.system.pickles.makes import RefusedPickle
from skelact.system.world import SkelactError, reason, write_bytes

FORMAT = 1
_MARK = b"skelact sha256 "
_SEALED = "sealed"
"""Key of the state which says that the file has a hash. A file with this key but no hash is damaged, not old."""
_LENGTH = 64
_PIECE = 2**20


def save(path: Path, state: dict[str, Any]) -> None:
    """Write `state` (tensors, numbers, strings, and containers of them) to `path`, atomically.

    SkelactError where it cannot be written; the old file then stays.
    """
    whole = io.BytesIO()  # PyTorch's own writer reports a full disk in words of its source code
    torch.save({"format": FORMAT, _SEALED: True, **state}, whole)
    seal(whole)
    write_bytes(path, whole.getbuffer())


def seal(archive: io.BytesIO) -> None:
    """Write the hash of a zip archive into its comment, which must be empty."""
    archive.seek(-2, io.SEEK_END)  # the length of the comment
    archive.write((len(_MARK) + _LENGTH).to_bytes(2, "little") + _MARK)
    archive.write(hashlib.sha256(archive.getbuffer()).hexdigest().encode())


def load(path: Path) -> dict[str, Any]:
    """Read what `save` wrote, on the CPU, in little more memory than its tensors take.

    SkelactError for a damaged file, one of a newer format, and one that holds anything but tensors, numbers, text and
    containers of them, or more of them than a file of its size has.
    """
    if not path.is_file():
        raise SkelactError(f"{path}: not a checkpoint that can be read: expected a file, found none that holds bytes")
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            sealed = _check(path, file, size)
            state = read_exact(file, size)
    except (RefusedPickle, OSError) as error:
        raise SkelactError(f"{path}: not a checkpoint that can be read: {reason(error)}") from error
    if not isinstance(state, dict) or type(state.get("format")) is not int:
        raise SkelactError(f"{path}: not a checkpoint of a skelact run")
    if state["format"] > FORMAT:
        raise SkelactError(
            f"{path}: checkpoint format {state['format']}, this skelact reads up to {FORMAT}: upgrade it"
        )
    if state.pop(_SEALED, False) and not sealed:
        raise SkelactError(f"{path}: not a checkpoint that can be read: damaged, its checksum is missing")
    return state


def _check(path: Path, file: BinaryIO, size: int) -> bool:
    """Whether the file has a hash. SkelactError where the hash does not match.

    Files of earlier versions have none. For them the archive's weaker checksums are compared while it is read.
    """
    end = size - _LENGTH
    file.seek(max(0, end - len(_MARK)))
    if end <= len(_MARK) or file.read(len(_MARK)) != _MARK:
        return False
    expected = file.read(_LENGTH)
    file.seek(0)
    digest = hashlib.sha256()
    for start in range(0, end, _PIECE):
        digest.update(file.read(min(_PIECE, end - start)))
    if digest.hexdigest().encode() != expected:
        raise SkelactError(f"{path}: not a checkpoint that can be read: damaged, its checksum does not match")
    return True

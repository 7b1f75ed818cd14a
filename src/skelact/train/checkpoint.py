"""Checkpoints: the whole state of a run in one file, written atomically; reading one runs no code from it.

The file is what `torch.save` writes, a zip archive. Its comment holds the SHA-256 of all that stands before the hash,
for PyTorch itself compares no checksum when it reads: a changed byte would be trained on with.
"""

import hashlib
import io
import zipfile
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch

from skelact.system.world import SkelactError, reason, write_bytes

FORMAT = 1
_MARK = b"skelact sha256 "
_SEALED = "sealed"
"""Key of the state: that the file has a hash, so that one without is damaged and not merely old."""
_LENGTH = 64


def save(path: Path, state: dict[str, Any]) -> None:
    """Write `state` (tensors, numbers, strings, and containers of them) to `path`, atomically.

    SkelactError where it cannot be written; what was there before stays.
    """
    whole = io.BytesIO()  # PyTorch's own writer reports a full disk in words of its source code
    torch.save({"format": FORMAT, _SEALED: True, **state}, whole)
    whole.seek(-2, io.SEEK_END)  # the length of the archive's comment, which is empty
    whole.write((len(_MARK) + _LENGTH).to_bytes(2, "little") + _MARK)
    whole.write(hashlib.sha256(whole.getbuffer()).hexdigest().encode())
    write_bytes(path, whole.getbuffer())


def load(path: Path) -> dict[str, Any]:
    """Read what `save` wrote, on the CPU. SkelactError for a damaged file or one of a newer format."""
    if not path.is_file():
        raise SkelactError(f"{path}: not a checkpoint that can be read: expected a file, found none that holds bytes")
    try:
        whole = io.BytesIO(path.read_bytes())
        sealed = _check(path, whole)
        whole.seek(0)
        state = torch.load(whole, map_location="cpu", weights_only=True)
    except UnpicklingError as error:  # PyTorch's text advises to run what is in the file
        text = f"{path}: not a checkpoint that can be read: it holds something else than tensors, numbers and text"
        raise SkelactError(text) from error
    except (
        OSError,
        RuntimeError,
        EOFError,
        ValueError,
        LookupError,
        AttributeError,
        TypeError,
        NotImplementedError,
        zipfile.BadZipFile,
    ) as error:
        raise SkelactError(f"{path}: not a checkpoint that can be read: {reason(error)}") from error
    if not isinstance(state, dict) or type(state.get("format")) is not int:
        raise SkelactError(f"{path}: not a checkpoint of a skelact run")
    if state["format"] > FORMAT:
        raise SkelactError(
            f"{path}: checkpoint format {state['format']}, this skelact reads up to {FORMAT}: upgrade it"
        )
    if state.pop(_SEALED, False) and not sealed:
        raise SkelactError(f"{path}: not a checkpoint that can be read: damaged, its checksum is gone")
    return state


def _check(path: Path, whole: io.BytesIO) -> bool:
    """Whether the file has a hash. SkelactError where it is not that of the file; of one from before there was any the
    archive's own, weaker checksums are compared."""
    held = whole.getbuffer()
    end = len(held) - _LENGTH
    if end > 0 and bytes(held[max(0, end - len(_MARK)) : end]) == _MARK:
        if hashlib.sha256(held[:end]).hexdigest().encode() != bytes(held[end:]):
            raise SkelactError(f"{path}: not a checkpoint that can be read: damaged, its checksum is that of another")
        return True
    if held[:4] == b"PK\x03\x04":
        with zipfile.ZipFile(whole) as archive:
            broken = archive.testzip()
        if broken is not None:
            raise SkelactError(f"{path}: not a checkpoint that can be read: damaged, a checksum in it is wrong")
    return False

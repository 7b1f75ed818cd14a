"""The header of an encoder's safetensors file: how long it may be, and in it the hash over the whole file."""

import hashlib
import json
from pathlib import Path

from skelact.system.world import SkelactError

SEAL = "sha256"
"""Key in the header of the hash over the whole file."""
LONGEST_HEADER = 4 * 2**20
"""Bytes; a card of a thousand joints and tens of thousands of labels has less than one million."""
_BLANK = "0" * 64


def check_header(file: Path) -> None:
    """SkelactError for a header too long for any encoder's, which is not read; OSError where the file cannot be."""
    with file.open("rb") as opened:
        length = int.from_bytes(opened.read(8), "little")
    if length > LONGEST_HEADER:
        raise SkelactError(
            f"{file}: not a safetensors file of an encoder: expected a header of at most {LONGEST_HEADER} bytes, "
            f"found {length}"
        )


def sealed(content: bytes) -> bytes:
    """A safetensors file with the SHA-256 of all its bytes, those of the hash as zeros, in its header."""
    length = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + length])
    header["__metadata__"][SEAL] = _BLANK
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    blank = len(text).to_bytes(8, "little") + text
    digest = hashlib.sha256(blank)
    digest.update(content[8 + length :])
    return _with_seal(blank, _BLANK, digest.hexdigest()) + content[8 + length :]


def _with_seal(header: bytes, old: str, new: str) -> bytes:
    return header.replace(f'"{SEAL}":"{old}"'.encode(), f'"{SEAL}":"{new}"'.encode(), 1)


def check_seal(file: Path, seal: str | None) -> None:
    """SkelactError where a file is not byte for byte as it was sealed; one from before there were seals is taken."""
    if seal is None:
        return
    with file.open("rb") as opened:
        start = opened.read(8)
        digest = hashlib.sha256(start + _with_seal(opened.read(int.from_bytes(start, "little")), seal, _BLANK))
        while piece := opened.read(2**20):
            digest.update(piece)
    if digest.hexdigest() != seal:
        raise SkelactError(f"{file}: damaged: not as it was written (SHA-256 {seal:.12}...); make it anew")

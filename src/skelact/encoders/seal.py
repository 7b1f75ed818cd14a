"""The header of an encoder file: its maximum length, and the seal, a hash over the whole file."""

import hashlib
import json
from pathlib import Path

from skelact.system.world import SkelactError

SEAL = "sha256"
"""Key of the seal in the header."""
LONGEST_HEADER = 4 * 2**20
"""Bytes. A card with a thousand joints and tens of thousands of classes has less than one million."""
_BLANK = "0" * 64


def check_header(file: Path) -> None:
    """SkelactError if the header is too long for an encoder (it is not read); OSError if the file cannot be read."""
    with file.open("rb") as opened:
        length = int.from_bytes(opened.read(8), "little")
    if length > LONGEST_HEADER:
        raise SkelactError(
            f"{file}: not a safetensors file of an encoder: expected a header of at most {LONGEST_HEADER} bytes, "
            f"found {length}"
        )


def sealed(content: bytes) -> bytes:
    """Write the SHA-256 of a safetensors file into its header. The hash itself counts as zeros."""
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
    """SkelactError if the file has changed since it was sealed. Old files without a seal are accepted."""
    if seal is None:
        return
    with file.open("rb") as opened:
        start = opened.read(8)
        digest = hashlib.sha256(start + _with_seal(opened.read(int.from_bytes(start, "little")), seal, _BLANK))
        while piece := opened.read(2**20):
            digest.update(piece)
    if digest.hexdigest() != seal:
        raise SkelactError(f"{file}: damaged: not as it was written (SHA-256 {seal:.12}...); create it again")

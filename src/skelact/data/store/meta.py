"""`meta.json`: the description of a store, sealed by its own hash."""

import hashlib
import json
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from skelact.config import OLD_NAMES, Config
from skelact.skeleton import Skeleton
from skelact.system.world import SkelactError, file_hash

PLAIN_VERSION = 1
"""Format without columns for divisions."""
DIVIDED_VERSION = 2
"""Format with columns for divisions."""
FORMAT_VERSION = 3
"""Format with `missing.npy`; the newest that this program reads."""

NO_MASK = 2
"""Value in `missing.npy` of clips without a mask."""

AnySealed = TypeVar("AnySealed", bound="Sealed")


class FileMark(Config):
    """Size and hash of one file of a store."""

    bytes: int
    sha256: str

    @classmethod
    def of(cls, path: Path) -> "FileMark":
        return cls(bytes=path.stat().st_size, sha256=file_hash(path))


class Source(Config):
    """Source of clips: a file, an archive or a folder."""

    path: str
    files: int
    sha256: str
    """Of the file; for a folder the hash of `sources.csv`, which lists its files and their hashes."""


class Operation(Config):
    """One operation that made the store, with its parameters."""

    name: str
    parameters: dict[str, Any]


class LeftOut(Config):
    """A clip of the source that is not in the store, and the reason."""

    name: str
    reason: str


class Sealed(Config):
    """A JSON file that carries the SHA-256 of its own text (with an empty `seal`) and of the files beside it."""

    format_version: int = PLAIN_VERSION
    files: dict[str, FileMark]
    seal: str = ""

    def sealed_text(self) -> str:
        """The JSON text, with its seal."""
        values = self.model_dump(mode="json") | {"seal": ""}
        return _text(values | {"seal": hashlib.sha256(_text(values).encode()).hexdigest()})


def _text(values: dict[str, Any]) -> str:
    return json.dumps(values, indent=1, ensure_ascii=False) + "\n"


class StoreMeta(Sealed):
    """`meta.json` of a store."""

    skelact: str
    """Version of the program that wrote it."""
    dataset: str
    """Name of the format, `synthetic` or a name of the user; decides the named splits."""
    skeleton: Skeleton
    classes: tuple[str, ...]
    units: str
    frame_rate: float
    clips: int
    rows: int
    longest_name: int
    sources: tuple[Source, ...] = ()
    log: tuple[Operation, ...] = ()
    left_out: tuple[LeftOut, ...] = ()


class PreparedMeta(Sealed):
    """`prepared/<preparation>-<frames>/meta.json`: the parameters of a preparation, and its repairs."""

    old_names = OLD_NAMES

    skelact: str
    preparation: str
    frames: int
    persons: int
    repairs: dict[str, int]
    """Count of each kind of repair, over all clips."""
    repaired: dict[str, dict[str, int]]
    """The same for each repaired clip, by clip name."""


def write_sealed(path: Path, value: Sealed) -> None:
    """Write the sealed value, not atomically: for files in a temporary folder."""
    path.write_text(value.sealed_text(), encoding="utf-8")


def read_sealed(path: Path, kind: type[AnySealed]) -> AnySealed:
    """Read a sealed file. SkelactError: a newer format, or not byte for byte as it was sealed."""
    try:
        text = path.read_bytes()
        values = json.loads(text.decode("utf-8"))
    except (OSError, ValueError, RecursionError) as error:  # ValueError: 5,000 digits; RecursionError: deep nesting
        raise SkelactError(f"{path}: cannot be read, the file is damaged: {error}") from error
    version = values.get("format_version") if isinstance(values, dict) else None
    if not isinstance(version, int):
        raise SkelactError(f"{path}: expected a format_version, found none; the file is damaged or no store's")
    if version > FORMAT_VERSION:
        raise SkelactError(
            f"{path}: format version {version} is newer than {FORMAT_VERSION}, the newest that this program reads; "
            "upgrade skelact"
        )
    try:
        value = kind.model_validate(values)
    except ValidationError as error:
        raise SkelactError(f"{path}: the file is damaged: {error}") from error
    # Compare the text, not the parsed value: another version sealed it without fields that this version adds.
    unsealed = _text(values | {"seal": ""})
    if text != _text(values).encode() or hashlib.sha256(unsealed.encode()).hexdigest() != value.seal:
        raise SkelactError(f"{path}: the file is damaged: it is not as it was written (seal {value.seal[:12]}...)")
    return value

"""What a store says about itself: `meta.json`, sealed by its own hash."""

import hashlib
import json
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from skelact.config import OLD_NAMES, Config
from skelact.skeleton import Skeleton
from skelact.system.world import SkelactError, file_hash

PLAIN_VERSION = 1
"""Version of the folder's layout without columns for divisions."""
DIVIDED_VERSION = 2
"""Version with them."""
FORMAT_VERSION = 3
"""Version with `missing.npy` beside the joints, and the newest one that this program reads."""

NO_MASK = 2
"""In `missing.npy`: the clip does not say which joints are missing."""

AnySealed = TypeVar("AnySealed", bound="Sealed")


class FileMark(Config):
    """Size and hash of one file of a store."""

    bytes: int
    sha256: str

    @classmethod
    def of(cls, path: Path) -> "FileMark":
        return cls(bytes=path.stat().st_size, sha256=file_hash(path))


class Source(Config):
    """What clips were read from: one file or archive, or a folder."""

    path: str
    files: int
    sha256: str
    """Of the file; of a folder the hash of `sources.csv`, which lists its files with theirs."""


class Operation(Config):
    """One thing that was done to make the store, with its parameters."""

    name: str
    parameters: dict[str, Any]


class LeftOut(Config):
    """A clip of the source that is not in the store, and why."""

    name: str
    reason: str


class Sealed(Config):
    """A JSON file that carries the SHA-256 of its own text (with an empty `seal`) and of the files beside it."""

    format_version: int = PLAIN_VERSION
    files: dict[str, FileMark]
    seal: str = ""

    def sealed_text(self) -> str:
        """The text with the seal that belongs to it."""
        values = self.model_dump(mode="json") | {"seal": ""}
        return _text(values | {"seal": hashlib.sha256(_text(values).encode()).hexdigest()})


def _text(values: dict[str, Any]) -> str:
    return json.dumps(values, indent=1, ensure_ascii=False) + "\n"


class StoreMeta(Sealed):
    """`meta.json` of a store."""

    skelact: str
    """Version of the program that wrote it."""
    dataset: str
    """ntu, ucla, utd, sbu, synthetic or a name of the user's; decides which splits there are."""
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
    """`prepared/<preparation>-<frames>/meta.json`: how a preparation was made, and what was repaired in doing so."""

    old_names = OLD_NAMES

    skelact: str
    preparation: str
    frames: int
    persons: int
    repairs: dict[str, int]
    """Sum over the clips of every kind of repair."""
    repaired: dict[str, dict[str, int]]
    """The same for every clip that needed any, by clip name."""


def write_sealed(path: Path, value: Sealed) -> None:
    """Write the sealed value; its folder is expected to be a temporary one."""
    path.write_text(value.sealed_text(), encoding="utf-8")


def read_sealed(path: Path, kind: type[AnySealed]) -> AnySealed:
    """Read a sealed file. SkelactError if it is newer than this program or not byte for byte as it was sealed."""
    try:
        text = path.read_bytes()
        values = json.loads(text.decode("utf-8"))
    except (OSError, ValueError, RecursionError) as error:  # such as 5,000 digits, or lists nested without end
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
    # The text itself, not the value made of it: a field that this version added is not in what another one sealed.
    unsealed = _text(values | {"seal": ""})
    if text != _text(values).encode() or hashlib.sha256(unsealed.encode()).hexdigest() != value.seal:
        raise SkelactError(f"{path}: the file is damaged: it is not as it was written (seal {value.seal[:12]}...)")
    return value

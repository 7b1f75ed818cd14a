"""The world outside: files written whole or not at all, hashes, and the machine that a number was measured on."""

import contextlib
import errno
import hashlib
import json
import os
import platform
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


class SkelactError(Exception):
    """Something a user can mend. The command line prints its text without a traceback and exits with status 1."""


def printable(text: str) -> str:
    """The text with what a terminal obeys or a file cannot take written as JSON's escapes: control characters, signs
    that turn the direction of writing, bytes of a file name that are no UTF-8. Line ends and tabs stay."""
    return _UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


@contextlib.contextmanager
def atomic_file(path: Path) -> Iterator[Path]:
    """A path to write to, of the same name in a hidden folder beside `path`; moved to `path` when the block ends well.

    The name is the same because writers such as `numpy.save` append an ending that they miss.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{path.name}.", dir=path.parent, ignore_cleanup_errors=True) as hidden:
        temporary = Path(hidden) / path.name
        yield temporary
        with open(temporary, "rb") as written:
            os.fsync(written.fileno())
        temporary.replace(path)


@contextlib.contextmanager
def atomic_folder(path: Path) -> Iterator[Path]:
    """An empty folder in a hidden one beside `path`, which must not exist; moved to `path` when the block ends well."""
    if path.exists():
        raise SkelactError(f"{path} exists already; it is never overwritten: choose another path or remove it")
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{path.name}.", dir=path.parent, ignore_cleanup_errors=True) as hidden:
        temporary = Path(hidden) / path.name
        temporary.mkdir()
        yield temporary
        temporary.rename(path)


def check_writable(folder: Path, name: str) -> None:
    """SkelactError unless a file `name` can be written atomically into `folder`, which is made where it is not there.

    For work that would be lost if that came out at its end only.
    """
    try:
        if (folder / name).is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{name}.", dir=folder, ignore_cleanup_errors=True) as hidden:
            (Path(hidden) / name).write_bytes(b"?")
    except OSError as error:
        raise SkelactError(f"{folder / name}: cannot be written ({error.strerror}); nothing was computed") from error


def write_json(path: Path, value: Any) -> None:
    """`value` as indented JSON, atomically."""
    text = json.dumps(value, indent=2, ensure_ascii=False) + "\n"
    with atomic_file(path) as temporary:
        # A file name that is no UTF-8 has lone surrogates: written out, each is the escape that JSON has for it.
        temporary.write_text(text, encoding="utf-8", errors="backslashreplace")


def read_json(path: Path) -> dict[str, Any]:
    """The JSON object in a file. SkelactError: not readable, not JSON, not an object."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise SkelactError(f"{path}: cannot be read as JSON: {error}") from error
    if not isinstance(value, dict):
        raise SkelactError(f"{path}: expected a JSON object, found {type(value).__name__}")
    return value


def file_hash(path: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def machine() -> dict[str, Any]:
    """What a measured number depends on: processor, cores, system, Python and PyTorch."""
    import torch  # here, so that pure tools do not pay for the import

    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
    return {
        "processor": model,
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "accelerator": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
        "system": platform.platform(),
        "python": platform.python_version(),
        "torch": torch.__version__,
    }

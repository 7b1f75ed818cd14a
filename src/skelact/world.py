"""The world outside: files written whole or not at all, hashes, and the machine that a number was measured on."""

import contextlib
import hashlib
import json
import os
import platform
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from skelact.hidden import hidden_folder


class SkelactError(Exception):
    """Something a user can mend. The command line prints its text without a traceback and exits with status 1."""


def printable(text: str, keep: str = "") -> str:
    """Text of a stranger's as it may be shown: letters that a terminal obeys or that have no code come as `\\x1b`.

    So do bytes of a file name that are no UTF-8, and letters that turn the direction of writing. `keep` stays.
    """
    if text.isprintable():
        return text
    return "".join(letter if letter in keep or _harmless(letter) else _escaped(letter) for letter in text)


def _harmless(letter: str) -> bool:
    # Joiners are part of how some scripts are spelt.
    return letter in "\u200c\u200d" or unicodedata.category(letter) not in ("Cc", "Cf", "Cs", "Zl", "Zp")


def _escaped(letter: str) -> str:
    return letter.encode("ascii", "backslashreplace").decode() if ord(letter) > 0x7F else f"\\x{ord(letter):02x}"


@contextlib.contextmanager
def atomic_file(path: Path) -> Iterator[Path]:
    """A path to write to, of the same name in a hidden folder beside `path`; moved to `path` when the block ends well.

    The name is the same because writers such as `numpy.save` append an ending that they miss.
    """
    with hidden_folder(path) as hidden:
        temporary = hidden / path.name
        yield temporary
        with open(temporary, "rb") as written:
            os.fsync(written.fileno())
        temporary.replace(path)


@contextlib.contextmanager
def atomic_folder(path: Path) -> Iterator[Path]:
    """An empty folder in a hidden one beside `path`, which must not exist; moved to `path` when the block ends well.

    SkelactError: `path` exists, before or when the block has ended.
    """
    if os.path.lexists(path):
        raise SkelactError(f"{path} exists already; it is never overwritten: choose another path or remove it")
    with hidden_folder(path) as hidden:
        temporary = hidden / path.name
        temporary.mkdir()
        yield temporary
        try:
            temporary.rename(path)
        except OSError as error:
            if not os.path.lexists(path):
                raise
            raise SkelactError(
                f"{path}: another command wrote it meanwhile; it is never overwritten, and what this one made is gone: "
                "use that one, or choose another path"
            ) from error


def write_json(path: Path, value: Any) -> None:
    """`value` as indented JSON, atomically."""
    with atomic_file(path) as temporary:
        temporary.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


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

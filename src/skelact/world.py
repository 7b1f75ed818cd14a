"""The world outside: files written whole or not at all, hashes, and the machine that a number was measured on."""

import contextlib
import hashlib
import json
import os
import platform
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any


class SkelactError(Exception):
    """Something a user can mend. The command line prints its text without a traceback and exits with status 1."""


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
    """What a measured number depends on: processor and what it has, cores, system, Python, PyTorch."""
    import torch  # here, so that pure tools do not pay for the import

    from skelact.processor import multiplies_bf16

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
        "bf16_instructions": multiplies_bf16(),
        "accelerator": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
        "system": platform.platform(),
        "python": platform.python_version(),
        "torch": torch.__version__,
    }

"""Atomic files, hashes, errors for the user, and the machine of a measurement."""

import contextlib
import errno
import hashlib
import json
import os
import platform
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeAlias

from skelact.system.hidden import hidden_folder
from skelact.system.printable import printable, printed

AnyPath: TypeAlias = str | Path
"""A path argument."""


class SkelactError(Exception):
    """An error that the user can fix. The command line prints its text without a traceback and exits with status 1.

    Control characters in the text are escaped, as it may contain names from files.
    """

    def __init__(self, text: object = ""):
        super().__init__(printable(str(text), keep="\n\t"))


@contextlib.contextmanager
def atomic_file(path: Path) -> Iterator[Path]:
    """A path to write to, in a hidden folder beside `path`; moved to `path` if the block succeeds.

    It has the same name as `path`, because writers such as `numpy.save` append a missing ending.
    """
    with hidden_folder(path) as hidden:
        temporary = hidden / path.name
        yield temporary
        with open(temporary, "rb") as written:
            os.fsync(written.fileno())
        temporary.replace(path)


@contextlib.contextmanager
def atomic_folder(path: Path) -> Iterator[Path]:
    """An empty folder in a hidden one beside `path`; moved to `path` if the block succeeds.

    SkelactError: `path` exists, before or after the block.
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
                f"{path}: another command wrote it meanwhile; it is never overwritten, and this command's result is "
                "discarded: use the other one, or choose another path"
            ) from error


def check_writable(folder: Path, name: str) -> None:
    """SkelactError unless a file `name` can be written atomically into `folder`, which is created if missing.

    Call it before work that would otherwise be lost.
    """
    try:
        if (folder / name).is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        with hidden_folder(folder / name) as hidden:
            (hidden / name).write_bytes(b"?")
    except OSError as error:
        raise SkelactError(f"{folder / name}: cannot be written ({error.strerror}); nothing was computed") from error


SEAL = "seal"
"""Key of a JSON object whose value is the SHA-256 of all others."""


def write_bytes(path: Path, content: bytes | memoryview) -> None:
    """Write `content` to a file, atomically.

    SkelactError if it cannot be written (a full disk, a quota, no rights); an existing file stays.
    """
    try:
        with atomic_file(path) as temporary:
            temporary.write_bytes(content)
    except OSError as error:
        raise SkelactError(f"{path}: not written: {error.strerror or error}; nothing was overwritten") from error


def write_json(path: Path, value: Any, sealed: bool = False) -> None:
    """Write `value` as indented JSON, atomically. With `sealed`, or if `value` has a seal, add one for `read_json`.

    SkelactError as of `write_bytes`.
    """
    if sealed or (isinstance(value, dict) and SEAL in value):
        value = {**value, SEAL: _seal(json.loads(json.dumps(value)))}  # through JSON, so that keys are text
    write_bytes(path, (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode("utf-8", "backslashreplace"))


def read_json(path: Path) -> dict[str, Any]:
    """The JSON object in a file, without its seal, which is checked if there is one.

    SkelactError: not readable, not JSON, not an object, changed since it was sealed.
    """
    if path.exists() and not path.is_file():
        raise SkelactError(f"{path}: cannot be read as JSON: expected a file, found none that holds text")
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(value, dict):
            raise SkelactError(f"{path}: cannot be read: expected a JSON object, found {type(value).__name__}")
        seal = value.get(SEAL)
        if seal is not None and seal != _seal(value):
            raise SkelactError(
                f"{path}: damaged: not as it was written (seal {seal!s:.12}...); make it again, or, if you changed "
                f"it yourself, remove its '{SEAL}'"
            )
    except RecursionError as error:
        raise SkelactError(f"{path}: cannot be read as JSON: nested too deeply") from error
    except OSError as error:
        raise SkelactError(f"{path}: cannot be read as JSON: {error.strerror}") from error
    except ValueError as error:
        raise SkelactError(f"{path}: cannot be read as JSON: {error}") from error
    return {key: held for key, held in value.items() if key != SEAL}


def _seal(value: dict[str, Any]) -> str:
    """SHA-256 of an object without its seal; independent of the order of keys."""
    text = json.dumps({key: held for key, held in value.items() if key != SEAL}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def reason(error: BaseException) -> str:
    """The message of an exception on one line, at most 200 characters; its type if it has none."""
    return printed(" ".join(str(error).split()) or type(error).__name__, 200)


@contextlib.contextmanager
def exhaustion_explained(advice: str) -> Iterator[None]:
    """Turns running out of memory, of the machine or of a GPU, into a SkelactError that ends in `advice`."""
    try:
        yield
    except (MemoryError, RuntimeError, OSError) as error:
        if not out_of_memory(error):
            raise
        raise SkelactError(f"out of memory ({reason(error)}); {advice}") from error


def out_of_memory(error: Exception) -> bool:
    """Whether an exception means that memory ran out, of the machine or of a GPU."""
    if isinstance(error, OSError):
        return error.errno == errno.ENOMEM
    # By name and message: PyTorch is not imported here, and its CPU allocator raises a plain RuntimeError.
    kinds = {kind.__name__ for kind in type(error).__mro__}
    if kinds & {"MemoryError", "OutOfMemoryError"}:
        return True
    words = ("can't allocate memory", "cannot allocate memory", "not enough memory", "out of memory", "bad_alloc")
    words += ("can't start new thread", "could not create a primitive", "could not execute a primitive")
    return isinstance(error, RuntimeError) and any(some in str(error).lower() for some in words)


def file_hash(path: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def machine() -> dict[str, Any]:
    """Conditions of a measurement: processor, cores, threads, accelerator, system, Python, PyTorch."""
    import torch  # here, as it takes seconds that reading a file does not need

    from skelact.system.processor import cpuinfo, multiplies_bf16

    return {
        "processor": cpuinfo("model name") or platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "bf16_instructions": multiplies_bf16(),
        "accelerator": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
        "system": platform.platform(),
        "python": platform.python_version(),
        "torch": torch.__version__,
    }

"""Errors about unreadable files: where, what was expected and what was found."""

import contextlib
import traceback
from collections.abc import Iterator
from pathlib import Path

from skelact.data.recording import Item, ReadError
from skelact.system.world import SkelactError, reason


def line_error(item: Item, line: int, expected: str, found: object, cut_off: bool) -> ReadError:
    """The error at a line, counted from 1, of a text file."""
    state = "cut off" if cut_off else "damaged"
    return ReadError(f"{item}:{line}: expected {expected}, found {found}\n  the file looks {state}")


def shown(text: bytes) -> str:
    """The first bytes of a text, quoted, with control characters escaped."""
    return repr(text[:40]).removeprefix("b") + ("..." if len(text) > 40 else "")


@contextlib.contextmanager
def failures_named(where: object) -> Iterator[None]:
    """Turns any exception of a reader into a ReadError that names `where`; a SkelactError passes unchanged."""
    try:
        yield
    except SkelactError:
        raise
    except OSError as error:
        raise ReadError(f"{where}: cannot be read: {reason(error)}") from error
    except MemoryError as error:
        raise ReadError(f"{where}: cannot be read: it does not fit into memory") from error
    except Exception as error:
        *_, frame = traceback.extract_tb(error.__traceback__)
        what = f"{type(error).__name__} in {Path(frame.filename).name}:{frame.lineno}: {reason(error)}"
        raise ReadError(f"{where}: cannot be read: {what}") from error

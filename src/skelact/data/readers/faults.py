"""What is said of files that cannot be read: where, what was expected and found, in letters that no terminal obeys."""

import contextlib
import traceback
from collections.abc import Iterator
from pathlib import Path

from skelact.data.recording import Item, ReadError
from skelact.world import SkelactError


def line_error(item: Item, line: int, expected: str, found: object, cut_off: bool) -> ReadError:
    """The error at a line, counted from 1, of a text file."""
    state = "cut off" if cut_off else "damaged"
    return ReadError(f"{item}:{line}: expected {expected}, found {found}\n  the file looks {state}")


def shown(text: bytes) -> str:
    """A piece of a file as it may be printed: short, and without control characters."""
    return repr(text[:40]).removeprefix("b") + ("..." if len(text) > 40 else "")


@contextlib.contextmanager
def failures_named(where: object) -> Iterator[None]:
    """Inside, whatever a reader raises is a ReadError that names `where`: a stranger's file ends no command.

    A SkelactError passes as it is.
    """
    try:
        yield
    except SkelactError:
        raise
    except OSError as error:
        raise ReadError(f"{where}: cannot be read: {reason(error)}") from error
    except MemoryError as error:
        raise ReadError(f"{where}: cannot be read: it does not fit into memory") from error
    except Exception as error:
        *_, place = traceback.extract_tb(error.__traceback__)
        what = f"{type(error).__name__} in {Path(place.filename).name}:{place.lineno}: {reason(error):.200}"
        raise ReadError(f"{where}: cannot be read: {what}") from error


def reason(error: BaseException) -> str:
    """What an exception of a library says, on one line, or else its kind."""
    return " ".join(str(error).split()) or type(error).__name__

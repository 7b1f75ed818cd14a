"""What an error is to the user: a sentence, where it is about files, memory or values, and not about this program."""

from pydantic import ValidationError

from skelact.cli.flags import out_of_range
from skelact.world import SkelactError

_MEMORY = "there is not enough memory for this; a smaller batch, or less at once, needs less"

# What PyTorch and pathlib tell by a bare RuntimeError: words that stand in its text, and the sentence.
_TOLD_IN_TEXT = {
    "can't allocate memory": _MEMORY,
    "not enough memory": _MEMORY,
    "can't start new thread": "there is not enough memory for this, or no more threads are allowed",
    "could not create a primitive": _MEMORY,
    "could not execute a primitive": _MEMORY,
    "out of memory": _MEMORY,
    "PytorchStreamWriter failed": "a file could not be written whole: is the disk full?",
    "unexpected pos": "a file could not be written whole: is the disk full?",
    "Symlink loop": "a symbolic link leads back to itself",
}


def sentence(error: Exception) -> str | None:
    """What a user should be told; None for an error of this program, whose traceback is of use."""
    if isinstance(error, SkelactError):
        return str(error)
    if isinstance(error, ValidationError):
        return out_of_range(error)
    if isinstance(error, MemoryError):
        return _with_detail(_TOLD_IN_TEXT["out of memory"], error)
    if isinstance(error, RecursionError):
        return _with_detail("something that was read is nested too deeply", error)
    if isinstance(error, RuntimeError):
        found = (told for words, told in _TOLD_IN_TEXT.items() if words.lower() in str(error).lower())
        told = next(found, None)
        return _with_detail(told, error) if told else None
    if isinstance(error, OSError):  # a disk that is full, a folder that may not be written, a file that is not there
        what = error.strerror or str(error) or type(error).__name__
        return what if error.filename is None else f"{error.filename}: {what}"
    return None


def _with_detail(told: str, error: Exception) -> str:
    """The sentence, and the first line of what the library said."""
    said = str(error).strip().partition("\n")[0]
    return f"{told} ({said})" if said else told

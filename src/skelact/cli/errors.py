"""The message printed for an error: one sentence for files, memory and values, none for a bug of skelact."""

from pydantic import ValidationError

from skelact.cli.flags import out_of_range
from skelact.system.world import SkelactError, out_of_memory, reason

NO_MEMORY = "not enough memory; use a smaller batch, or process less at once"

# PyTorch and pathlib raise a bare RuntimeError: words of its text, and the sentence.
_BY_WORDS = {
    "pytorchstreamwriter failed": "a file could not be written whole: is the disk full?",
    "unexpected pos": "a file could not be written whole: is the disk full?",
    "symlink loop": "a symbolic link leads back to itself",
}


def sentence(error: Exception) -> str | None:
    """What to print for an error; None for a bug of skelact, whose traceback is needed."""
    if isinstance(error, SkelactError):
        return str(error)
    if isinstance(error, ValidationError):
        return out_of_range(error)
    if out_of_memory(error):
        return f"{NO_MEMORY} ({reason(error)})"
    if isinstance(error, RecursionError):
        return f"the input is nested too deeply ({reason(error)})"
    if isinstance(error, RuntimeError):
        found = next((text for words, text in _BY_WORDS.items() if words in str(error).lower()), None)
        return found and f"{found} ({reason(error)})"
    if isinstance(error, OSError):  # a full disk, no rights, no such file
        what = error.strerror or str(error) or type(error).__name__
        return what if error.filename is None else f"{error.filename}: {what}"
    return None

"""Reads pickle files of plain containers and numpy arrays without running code from them.

A pickle names functions and calls them, so `pickle.load` runs code of whoever wrote the file. Here its operations are
interpreted (`skelact.system.pickles`); known names are handled by our own code (`pickle_names`), others refused.
"""

from pathlib import Path
from typing import Any

from skelact.data.readers.pickle_names import Arrays
from skelact.data.recording import ReadError
from skelact.system.pickles.makes import RefusedPickle
from skelact.system.pickles.operations import read_pickle
from skelact.system.world import reason

LARGEST = 16 * 2**30
"""Most bytes of a pickle; it has to fit into memory."""


def plain_pickle(path: Path) -> Any:
    """The content of a pickle file; its values take at most twice the file plus 64 MB of memory.

    Allowed are None, booleans, numbers, texts, bytes, lists, tuples, dicts, sets, and arrays of numbers, booleans or
    fixed text, which are views of the file's bytes. ReadError: not a pickle, damaged, or with anything else in it,
    which is named and not called.
    """
    try:
        if not path.is_file():
            raise ReadError(f"{path}: expected a file, found none")
        if (size := path.stat().st_size) > LARGEST:
            raise ReadError(f"{path}: expected at most {LARGEST} bytes, found {size}")
        return read_pickle(path.read_bytes(), Arrays())[0]
    except RefusedPickle as error:
        raise ReadError(f"{path}: not a pickle that can be read: {error}") from error
    except ReadError:
        raise
    except Exception as error:  # text with invalid encoding, an invalid number, no memory left
        raise ReadError(f"{path}: not a pickle that can be read: {reason(error)}") from error

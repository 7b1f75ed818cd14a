"""The formats that recordings are read from: one file a format, one name in READERS."""

from skelact.data.readers.ntu import NtuReader
from skelact.data.readers.sbu import SbuReader
from skelact.data.readers.ucla import UclaReader
from skelact.data.readers.utd import UtdReader
from skelact.data.recording import Reader
from skelact.world import SkelactError

READERS: tuple[Reader, ...] = (NtuReader(), UclaReader(), UtdReader(), SbuReader())


def reader(name: str) -> Reader:
    """A reader by name; a SkelactError lists them."""
    for candidate in READERS:
        if candidate.name == name:
            return candidate
    raise SkelactError(f"no format {name!r}; there are {', '.join(candidate.name for candidate in READERS)}")

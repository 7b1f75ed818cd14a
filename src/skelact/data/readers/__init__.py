"""The formats that recordings are read from: one file a format, one name in READERS or MADE_FOR_A_SOURCE."""

from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar, Protocol

from skelact.data.readers.arrays import ArraysFormat
from skelact.data.readers.bvh import BvhFormat
from skelact.data.readers.faults import failures_named
from skelact.data.readers.florence import FlorenceReader
from skelact.data.readers.kard import KARD
from skelact.data.readers.msr import MSR
from skelact.data.readers.ntu import NtuReader
from skelact.data.readers.pku import PkuReader
from skelact.data.readers.sbu import SbuReader
from skelact.data.readers.ucla import UclaReader
from skelact.data.readers.utd import UtdReader
from skelact.data.readers.utkinect import UtkinectReader
from skelact.data.recording import Reader
from skelact.system.world import SkelactError

READERS: tuple[Reader, ...] = (
    *(NtuReader(), UclaReader(), UtdReader(), SbuReader(), PkuReader()),
    *(MSR, UtkinectReader(), FlorenceReader(), KARD),
)


class MadeForASource(Protocol):
    """A format whose skeleton or classes stand in the files: its reader is made when they are known."""

    OPTIONS: ClassVar[tuple[str, ...]]

    @property
    def name(self) -> str: ...

    def __call__(self, *args: Any, **options: Any) -> Reader:
        """The reader of a source, the one argument, with options among OPTIONS."""
        ...


MADE_FOR_A_SOURCE: tuple[MadeForASource, ...] = (
    BvhFormat(),
    ArraysFormat("arrays"),
    ArraysFormat("position"),
    ArraysFormat("ctrgcn"),
    ArraysFormat("pyskl"),
)


def reader(name: str, source: Path | None = None, **options: Any) -> Reader:
    """A reader by name for a source, with options of its own; those that are None were not given.

    SkelactError: no such format (lists those there are), an option that belongs to another format, no source for a
    format that asks its files.
    """
    given = {option: value for option, value in options.items() if value is not None}
    for candidate in (*READERS, *MADE_FOR_A_SOURCE):
        if candidate.name != name:
            continue
        known = getattr(candidate, "OPTIONS", ())
        for option in given:
            if option not in known:
                belong = f"it has {', '.join(map(_flag, known))}" if known else "it has none"
                raise SkelactError(f"format {name} has no option {_flag(option)}; {belong}")
        if isinstance(candidate, Reader):
            return replace(candidate, **given) if given else candidate  # type: ignore[type-var]
        if source is None:
            raise SkelactError(f"format {name} depends on its files: give the source")
        with failures_named(source):
            return candidate(Path(source), **given)
    names = (candidate.name for candidate in (*READERS, *MADE_FOR_A_SOURCE))
    raise SkelactError(f"no format {name!r}; there are {', '.join(names)}")


def divisions_of(reader: Reader) -> tuple[str, ...]:
    """Names of the divisions into training and test clips that the files of a reader bring."""
    return getattr(reader, "divisions", ())


def notes_of(reader: Reader) -> tuple[str, ...]:
    """What a reader found in its source that whoever prepares it should know."""
    return getattr(reader, "notes", ())


def numbered_texts(reader: Reader) -> dict[str, list[str]]:
    """Texts that a reader numbered from 0, in order, by the column that holds the numbers; for the log of a store."""
    return {f"{column} names": [*texts] for column, texts in getattr(reader, "named", ())}


def options_of(reader: Reader) -> dict[str, str]:
    """The options that a reader was given, for the log of a store."""
    return {name: str(value) for name in getattr(reader, "OPTIONS", ()) if (value := getattr(reader, name, None))}


def _flag(option: str) -> str:
    return "--" + option.replace("_", "-")

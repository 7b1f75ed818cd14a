"""The readers: one file a format, one entry in FORMATS (`data/formats.py`)."""

from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any, ClassVar, Protocol, runtime_checkable

from skelact.data.formats import FORMATS
from skelact.data.readers.faults import failures_named
from skelact.data.recording import Reader
from skelact.system.world import SkelactError


@runtime_checkable
class MadeForASource(Protocol):
    """A format whose skeleton or classes come from the files; it makes a reader for each source."""

    OPTIONS: ClassVar[tuple[str, ...]]

    @property
    def name(self) -> str: ...

    def __call__(self, *args: Any, **options: Any) -> Reader:
        """The reader of a source, the only positional argument, with options among OPTIONS."""
        ...


def _value(where: str) -> Reader | MadeForASource:
    module, _, name = where.partition(":")
    found = getattr(import_module(f"{__name__}.{module}"), name)
    return found() if isinstance(found, type) else found


ALL: tuple[Reader | MadeForASource, ...] = tuple(map(_value, FORMATS.values()))
READERS: tuple[Reader, ...] = tuple(one for one in ALL if isinstance(one, Reader))
MADE_FOR_A_SOURCE: tuple[MadeForASource, ...] = tuple(one for one in ALL if not isinstance(one, Reader))


def reader(name: str, source: Path | None = None, **options: Any) -> Reader:
    """A reader by format name, with its options; an option that is None counts as not given.

    SkelactError: no such format (lists the existing ones), an option of another format, no source for a format that
    depends on its files.
    """
    given = {option: value for option, value in options.items() if value is not None}
    for candidate in ALL:
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
    raise SkelactError(f"no format {name!r}; there are {', '.join(FORMATS)}")


def divisions_of(reader: Reader) -> tuple[str, ...]:
    """Names of the divisions into training and test clips that the files of a reader bring."""
    return getattr(reader, "divisions", ())


def notes_of(reader: Reader) -> tuple[str, ...]:
    """Notes of a reader on its source, for the user who prepares it."""
    return getattr(reader, "notes", ())


def numbered_texts(reader: Reader) -> dict[str, list[str]]:
    """Texts that a reader numbered from 0, in order, by column, for the log of a store."""
    return {f"{column} names": [*texts] for column, texts in getattr(reader, "named", ())}


def options_of(reader: Reader) -> dict[str, str]:
    """The given options of a reader, for the log of a store."""
    return {name: str(value) for name in getattr(reader, "OPTIONS", ()) if (value := getattr(reader, name, None))}


def _flag(option: str) -> str:
    return "--" + option.replace("_", "-")

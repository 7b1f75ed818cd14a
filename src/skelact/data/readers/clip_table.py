"""A table of clips, as spreadsheets write it: attributes that neither the files nor their names hold."""

import csv
import io
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from skelact.data.readers.array_files import class_names, in_order, texts_of
from skelact.data.readers.named import Named
from skelact.data.recording import UNKNOWN, ReadError
from skelact.system.printable import printed

COLUMNS = ("action", "subject", "camera", "setup", "repetition")
_EXPECTED = "name, and any of action (or label), subject, camera, setup, repetition"
_NUMBER = re.compile(r"-1|[0-9]{1,9}")
LARGEST = 2**26
"""Bytes of the largest table."""


@dataclass(frozen=True)
class ClipTable:
    """Attributes of the clips of a source from a table."""

    path: Path
    classes: tuple[str, ...] | None = None
    """By number; None where the table has no actions."""
    named: Named = ()
    """Columns of words, each with its words in alphabetical order; a clip has the index of its word."""
    values: dict[str, dict[str, int]] = field(default_factory=dict)
    """By column, then by clip."""
    notes: tuple[str, ...] = ()

    def __str__(self) -> str:
        return str(self.path)

    def of(self, clip: str) -> dict[str, int]:
        """The clip's value in each column; UNKNOWN if its cell is empty or it has no line."""
        return {column: by_clip.get(clip, UNKNOWN) for column, by_clip in self.values.items()}


def read_table(path: Path, clips: Collection[str], classes: tuple[str, ...] = (), ending: str = "") -> ClipTable:
    """The table of the clips named `clips`; names in it may have the `ending` of clip files.

    Cells are separated by commas, semicolons or tabs. Columns of whole numbers are used unchanged, with -1 or an empty
    cell for unknown. Words are numbered from 0 in alphabetical order, actions in the order of `classes` if given.
    ReadError names the line.
    """
    known, lines = frozenset(clips), _lines(path)
    first, header = next(lines, (1, []))
    columns = ["action" if cell.lower() == "label" else cell.lower() for cell in header]
    if "name" not in columns or len(columns) < 2 or sorted(columns) != sorted({*columns} & {"name", *COLUMNS}):
        raise _wrong(path, first, f"columns {_EXPECTED}, each once", f"'{printed(', '.join(header))}'")
    cells: dict[str, list[str]] = {column: [] for column in columns}
    where: dict[str, int] = {}
    for line, row in lines:
        if len(row) != len(columns):
            raise _wrong(path, line, f"{len(columns)} cells as in the first line", len(row))
        given = row[columns.index("name")]
        name = given if given in known else given.removesuffix(ending)
        if name not in known:
            raise _wrong(path, line, f"the name of a clip, such as {min(known)}", f"'{printed(given)}'")
        if name in where:
            raise _wrong(path, line, f"one line for each clip, and {name} is in line {where[name]}", "another")
        where[name] = line
        for column, cell in zip(columns, row, strict=True):
            cells[column].append(cell)
    values, named = {}, []
    for column in sorted({*columns} - {"name"}):
        texts = texts_of(path, column, cells[column])
        if all(_NUMBER.fullmatch(text) for text in texts if text):
            numbers = [int(text or UNKNOWN) for text in texts]
        elif column == "action":
            classes = classes or in_order(texts)[1]
            index = {text: number for number, text in enumerate(classes)} | {"": UNKNOWN}
            for line, text in zip(where.values(), texts, strict=True):
                if text not in index:
                    raise _wrong(path, line, f"one of the {len(classes)} classes as action", f"'{printed(text)}'")
            numbers = [index[text] for text in texts]
        else:
            numbers, every = in_order(texts)
            named.append((column, every))
        values[column] = dict(zip(where, numbers, strict=True))
    found = None
    if "action" in values:
        found = class_names(path, max(values["action"].values(), default=UNKNOWN), len(known), classes)
    left = len(known) - len(where)
    notes = (f"{left} of {len(known)} clips have no line in {path.name}",) if left else ()
    return ClipTable(path, found, tuple(named), values, notes)


def _lines(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Line number and cells of each line that is not empty; cells without surrounding spaces."""
    try:
        if not path.is_file() or path.stat().st_size > LARGEST:
            found = f"{path.stat().st_size}" if path.is_file() else "no such file"
            raise ReadError(f"{path}: expected a table (a CSV file) of at most {LARGEST} bytes, found {found}")
        text = path.read_text(encoding="utf-8-sig")
        rows = csv.reader(
            io.StringIO(text, newline=""), delimiter=max(",;\t", key=text.partition("\n")[0].count), strict=True
        )
        for row in rows:
            if any(cell.strip() for cell in row):
                yield rows.line_num, [cell.strip() for cell in row]
    except UnicodeDecodeError as error:
        advice = "save it from the spreadsheet as CSV UTF-8"
        raise ReadError(f"{path}: cannot be read as a table in UTF-8 (a CSV file): {error}\n  {advice}") from error
    except (OSError, csv.Error) as error:
        raise ReadError(f"{path}: cannot be read as a table (a CSV file): {error}") from error


def _wrong(path: Path, line: int, expected: str, found: object) -> ReadError:
    return ReadError(f"{path}:{line}: expected {expected}, found {found}")

"""Reads the files of a data set into a store with prepared clips."""

import contextlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from skelact.data.describe import LISTED, Summary
from skelact.data.parallel import Parsed, parse
from skelact.data.preparations import check_preparation
from skelact.data.progress import with_bar
from skelact.data.readers import divisions_of, notes_of, numbered_texts, options_of
from skelact.data.readers.faults import failures_named
from skelact.data.readers.source import passed_over
from skelact.data.recording import Item, Reader, ReadError
from skelact.data.store import LeftOut, Operation, Store, StoreWriter, store_writer
from skelact.system.printable import printable
from skelact.system.terminal import Terminal
from skelact.system.world import SkelactError, file_hash

SKIP_ADVICE = "`skelact prepare --skip-bad` leaves it out and lists it in meta.json"
"""Advice for one bad clip among others; it does not help against faults of a whole source."""
PRINTED = 10
"""Most skipped files that are named on standard error; the log in meta.json names more."""

LISTED_CLIPS = 3
"""Most clips that a note names."""


def prepare(
    reader: Reader,
    source: Path,
    out: Path,
    preparation: str = "robust",
    frames: int = 50,
    jobs: int | None = None,
    skip_bad: bool = False,
    leave_out: Path | None = None,
    progress: bool = True,
) -> Summary:
    """Read every clip of `source` and write the store `out` with prepared clips; a summary goes to standard error.

    `jobs`: number of processes that parse (default: as many as pay off, at most one a core); the result does not depend
    on it. Processes are spawned: a script that calls this needs `if __name__ == "__main__":`. `leave_out`: a text file
    with a clip name on each line. SkelactError, with nothing written: `out` exists, no files, a bad file (with
    `skip_bad` bad files are left out and listed, unless all are bad), a duplicate name, no space left.
    """
    source, out = Path(source), Path(out)
    check_preparation(preparation, frames, None, reader.skeleton)
    if jobs is not None and jobs < 1:
        raise SkelactError(f"jobs must be at least 1, got {jobs}")
    if os.path.lexists(out):
        raise SkelactError(f"{out} exists already; it is never overwritten: choose another path or remove it")
    listed = names_on_list(leave_out) if leave_out else frozenset()
    _check_words(reader)
    with failures_named(source):
        items = reader.find(source)
        others = passed_over(source, items)
    parameters: dict[str, Any] = {
        "source": str(source),
        "preparation": preparation,
        "frames": frames,
        "skip_bad": skip_bad,
    }
    parameters["leave_out"] = str(leave_out) if leave_out else None
    parameters |= options_of(reader) | numbered_texts(reader)
    if others.files:
        parameters["passed_over"] = others.shown(len(others.names))
    with (
        _memory_explained(out),
        store_writer(
            out,
            dataset=reader.name,
            skeleton=reader.skeleton,
            classes=reader.classes,
            units=reader.units,
            frame_rate=reader.frame_rate,
            divisions=divisions_of(reader),
            prepared=[(preparation, frames)],
            progress=progress,
        ) as writer,
    ):
        writer.source = printable(str(source))
        intake = _Intake(writer, source, listed, skip_bad)
        intake.take_all(reader, items, jobs, progress)
        notes = [*notes_of(reader), *(_of_clips(note, clips) for note, clips in intake.notes.items())]
        parameters |= {"notes": notes} if notes else {}
        writer.log.append(Operation(name="prepare", parameters=_printable(parameters)))
    summary = Summary.of(Store.open(out), preparation, frames)
    if progress:
        console = Terminal(stderr=True, soft_wrap=True, highlight=False)
        if others.files:
            console.print(f"skipped, as their names are not those of clips: {others.shown(PRINTED)}", markup=False)
        console.print(summary)
        for note in notes:
            console.print(f"note: {note}", markup=False)
    return summary


def _printable(value: Any) -> Any:
    """The value with all texts escaped, as `meta.json` must be valid UTF-8."""
    if isinstance(value, dict):
        return {key: _printable(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_printable(inner) for inner in value]
    return printable(value) if isinstance(value, str) else value


@contextlib.contextmanager
def _memory_explained(out: Path) -> Iterator[None]:
    try:
        yield
    except MemoryError as error:
        raise SkelactError(
            f"{out}: not written: there is not enough memory; nothing was kept; try fewer --jobs"
        ) from error


def _check_words(reader: Reader) -> None:
    """SkelactError for control characters in names of classes or joints, which many commands print."""
    for what, words in (("class", reader.classes), ("joint", reader.skeleton.joints)):
        for word in words:
            if printable(word) != word:
                raise SkelactError(f"{what} '{word}': expected a name without control characters")


def names_on_list(path: Path) -> frozenset[str]:
    """The clip names in a text file, one a line, with or without `.skeleton`; lines that name no clip have no effect.

    SkelactError if the file cannot be read as text.
    """
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise SkelactError(f"{path}: cannot be read as a list of clip names: {error}") from error
    return frozenset(line.strip().removesuffix(".skeleton") for line in lines if line.strip())


@dataclass
class _Intake:
    """Adds parsed files to a store one after another, and lists those left out."""

    writer: StoreWriter
    source: Path
    listed: frozenset[str]
    skip_bad: bool
    came_from: dict[str, Item] = field(default_factory=dict)
    shared: set[Path] = field(default_factory=set)
    """Files already hashed that several clips share: archives, arrays, labels."""
    several: bool = False
    """Whether the source has more than one clip."""
    notes: dict[str, list[str]] = field(default_factory=dict)
    """Names of the clips that each note is about."""

    def take_all(self, reader: Reader, items: Sequence[Item], jobs: int | None, progress: bool) -> None:
        self.several = len(items) > 1
        wanted = [item for item in items if not self._is_listed(_file_name(item))]
        with contextlib.closing(parse(reader, wanted, jobs)) as results:
            for parsed in with_bar(results, len(wanted), "reading", progress):
                self._take(parsed)
        if not len(self.writer):
            first = next((left.reason for left in self.writer.left_out if left.reason != LISTED), LISTED)
            raise SkelactError(f"{self.source}: none of {len(items)} clips can be used; the first: {first}")

    def _is_listed(self, name: str) -> bool:
        if name in self.listed:
            self.writer.left_out.append(LeftOut(name=name, reason=LISTED))
        return name in self.listed

    def _take(self, parsed: Parsed) -> None:
        recording = parsed.recording
        if recording is not None:
            if self._is_listed(recording.name):
                return
            other = self.came_from.setdefault(recording.name, parsed.item)
            if other is not parsed.item:
                raise ReadError(f"clip name '{recording.name}' comes twice: in {other} and in {parsed.item}")
        try:
            if recording is None:
                raise ReadError(parsed.error)
            if printable(recording.name) != recording.name:
                raise ReadError(f"{parsed.item}: expected a clip name without control characters")
            if not ((recording.identity >= 0).any() and recording.joints.any()):
                raise ReadError(f"{parsed.item}: nobody in any of its {len(recording.identity)} frames")
            self.writer.add(recording)
            for note in recording.notes:
                self.notes.setdefault(note, []).append(recording.name)
        except SkelactError as error:
            file = printable(str(parsed.item.path))
            reason = str(error)
            reason = reason if file in reason else f"{parsed.item}: {reason}"
            if not self.skip_bad:
                advice = ("; " if "\n" in reason else "\n  ") + SKIP_ADVICE
                raise ReadError(reason + advice if self.several else reason) from error
            name = printable(recording.name if recording else _file_name(parsed.item))
            self.writer.left_out.append(LeftOut(name=name, reason=reason.splitlines()[0]))
            return
        self._note_file(parsed)

    def _note_file(self, parsed: Parsed) -> None:
        if parsed.sha256:
            self.writer.add_file(self._shown(parsed.item.path), parsed.sha256)
        for path in (*(() if parsed.sha256 else (parsed.item.path,)), *parsed.item.beside):
            if path not in self.shared:
                self.shared.add(path)
                self.writer.add_file(self._shown(path), file_hash(path))

    def _shown(self, path: Path) -> str:
        return printable(str(path.relative_to(self.source) if self.source in path.parents else path))


def _of_clips(note: str, clips: Sequence[str]) -> str:
    listed = ", ".join(clips[:LISTED_CLIPS]) + (" ..." if len(clips) > LISTED_CLIPS else "")
    return f"{note} ({len(clips)} clip{'s' if len(clips) > 1 else ''}: {listed})"


def _file_name(item: Item) -> str:
    stem = PurePosixPath(item.member or item.path.as_posix()).stem
    return f"{stem}-{item.part}" if item.part else stem

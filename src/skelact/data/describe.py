"""Tables that show what a store holds."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import Group
from rich.table import Table

from skelact.data.splits import ALL, example, split, split_names
from skelact.data.squeezed import squeezed_in
from skelact.data.store import LeftOut, Store
from skelact.data.store.meta import PreparedMeta, read_sealed
from skelact.system.terminal import cell
from skelact.system.world import SkelactError

LISTED = "on the list of clips to leave out"
"""Reason of a clip that was left out on request."""
SHOWN = 10
"""Most left-out clips that are named; meta.json lists all."""


@dataclass(frozen=True)
class Summary:
    """Summary of a new store; rich prints it as a table."""

    store: Path
    dataset: str
    preparation: str
    frames: int
    clips: int
    classes: int
    """Classes with at least one clip."""
    persons: int
    """Person slots of the prepared clips."""
    lengths: tuple[int, int, int]
    """Shortest, median and longest clip, in frames."""
    repairs: dict[str, int]
    repaired_clips: int
    squeezed: str
    """Warning about clips far longer than a prepared one; empty without any."""
    left_out: tuple[LeftOut, ...]

    @classmethod
    def of(cls, store: Store, preparation: str, frames: int) -> "Summary":
        """The figures of a store and of one of its preparations."""
        made = store.prepared(preparation, frames, progress=False).meta
        return cls(
            store=store.path,
            dataset=store.meta.dataset,
            preparation=preparation,
            frames=frames,
            clips=len(store),
            classes=len(np.unique(store.table["action"][store.table["action"] >= 0])),
            persons=made.persons,
            lengths=_lengths(store),
            repairs=made.repairs,
            repaired_clips=len(made.repaired),
            squeezed=squeezed_in(store, preparation, frames),
            left_out=store.meta.left_out,
        )

    def __rich__(self) -> Table:
        table = _pairs(f"{self.store.name}: {self.dataset}, {self.preparation}, {self.frames} frames")
        table.add_row("clips", str(self.clips))
        table.add_row("classes", str(self.classes))
        table.add_row("persons", str(self.persons))
        table.add_row("lengths", _spread(self.lengths))
        table.add_row("repaired", _repairs(self.repairs, self.repaired_clips))
        if self.squeezed:
            table.add_row("long", cell(self.squeezed))
        _add_left_out(table, self.left_out)
        return table


def describe(store: Store) -> Group:
    """Tables about a store, a screen or two, for rich to print."""
    meta, columns = store.meta, store.table
    table = _pairs(store.name)
    table.add_row("data set", meta.dataset)
    skeleton = meta.skeleton
    table.add_row("skeleton", f"{skeleton.name}, {len(skeleton)} joints, centre {skeleton.joints[skeleton.centre]}")
    frame = f", {skeleton.handedness}-handed" if skeleton.handedness != "right" else ""
    table.add_row("units", cell(f"{meta.units}{frame}, {meta.frame_rate:g} frames a second"))
    table.add_row("clips", f"{len(store)}, of which {int((columns['same_as'] != '').sum())} copies of another")
    for name in ("subject", "camera", "setup", "repetition"):
        values = np.unique(columns[name][columns[name] >= 0]).tolist()
        table.add_row(
            f"{name}s", cell(f"{len(values)}: {_listed(_named(store, name, values))}") if values else "unknown"
        )
    table.add_row("persons side by side", _listed(np.unique(columns["persons"]).tolist()))
    table.add_row("lengths", _spread(_lengths(store)))
    if "missing.npy" in meta.files:
        table.add_row("missing joints", "as the files say (missing.npy)")
    _add_left_out(table, meta.left_out)
    for source in meta.sources:
        table.add_row(
            "source", cell(f"{source.path} ({_counted(source.files, 'file')}, SHA-256 {source.sha256[:12]}...)")
        )
    for operation in meta.log:
        parameters = ", ".join(f"{name}={value}" for name, value in operation.parameters.items())
        table.add_row("done", cell(f"{operation.name}({parameters})"))
    return Group(table, _classes(store), _preparations(store), _splits(store))


def _named(store: Store, column: str, values: list[int]) -> list[str]:
    """The values, each with its text if a reader numbered texts."""
    logged = (operation.parameters.get(f"{column} names") for operation in store.meta.log)
    texts = next((found for found in logged if isinstance(found, list)), [])
    return [f"{value} ({texts[value]})" if value < len(texts) else str(value) for value in values]


def _pairs(title: str) -> Table:
    table = Table(title=cell(title, "table.title"), title_justify="left", show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    return table


def _classes(store: Store) -> Table:
    counts = Counter(store.table["action"].tolist())
    table = Table("class", "name", "clips", title="Classes", title_justify="left")
    for number, name in enumerate(store.classes):
        if counts[number]:
            table.add_row(str(number), cell(name), str(counts[number]))
    if counts[-1]:
        table.add_row("", "unlabelled", str(counts[-1]))
    if empty := sum(not counts[number] for number in range(len(store.classes))):
        table.add_row("", f"{empty} {'class' if empty == 1 else 'classes'} without clips", "0")
    return table


def _preparations(store: Store) -> Table:
    table = Table("preparation", "frames", "persons", "repaired", title="Prepared", title_justify="left")
    for folder in sorted((store.path / "prepared").glob("[!.]*")):
        made = read_sealed(folder / "meta.json", PreparedMeta)
        table.add_row(made.preparation, str(made.frames), str(made.persons), _repairs(made.repairs, len(made.repaired)))
    return table


def _splits(store: Store) -> Table:
    table = Table("split", "train", "test", "rule", title="Splits", title_justify="left")
    for name in dict.fromkeys([*split_names(store.meta.dataset), *store.divisions]):
        try:
            found = split(store, name)
            table.add_row(name, str(len(found.train)), str(len(found.test)), found.rule)
        except SkelactError as error:
            table.add_row(name, "-", "-", cell(str(error).splitlines()[0]))
    if not table.row_count and (name := example(store.table)):
        found = split(store, name)
        table.add_row(name, str(len(found.train)), str(len(found.test)), f"for example: {found.rule}")
    table.add_row(ALL, str(len(store)), "0", "every clip trains, none tests")
    return table


def _add_left_out(table: Table, left_out: tuple[LeftOut, ...]) -> None:
    table.add_row("left out", str(len(left_out)))
    bad = [clip for clip in left_out if clip.reason != LISTED]
    if len(bad) < len(left_out):
        table.add_row("", f"{len(left_out) - len(bad)} {LISTED}")
    for clip in bad[:SHOWN]:
        table.add_row("", cell(f"{clip.name}: {clip.reason}"))
    if len(bad) > SHOWN:
        table.add_row("", f"and {len(bad) - SHOWN} more, all in meta.json")


def _repairs(repairs: dict[str, int], clips: int) -> str:
    counts = ", ".join(f"{count} {kind.replace('_', ' ')}" for kind, count in repairs.items())
    return f"{_counted(clips, 'clip')}: {counts}" if repairs else "nothing"


def _counted(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def _lengths(store: Store) -> tuple[int, int, int]:
    lengths = store.table["frames"]
    return int(lengths.min()), int(np.median(lengths)), int(lengths.max())


def _spread(lengths: tuple[int, int, int]) -> str:
    return f"{lengths[0]} to {lengths[2]} frames, median {lengths[1]}"


def _listed(values: Sequence[object]) -> str:
    return ", ".join(map(str, values[:40])) + (", ..." if len(values) > 40 else "")

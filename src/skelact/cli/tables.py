"""The command that runs a paper's table anew."""

from pathlib import Path
from typing import Any, Literal

from tyro.conf import Positional

from skelact.cli.flags import at_least_one
from skelact.cli.shared import err
from skelact.config import Precision, Stream
from skelact.system.terminal import say

Table = Literal["aimclr-table1", "aimclr-table2", "aimclr-table3", "aimclr-table7", "aimclr-table8"]


def reproduce(
    table: Positional[Table],
    store: Path,
    split: str = "xsub",
    run_folder: Path | None = None,
    small: bool = False,
    epochs: tuple[int, ...] = (),
    streams: tuple[Stream, ...] = ("joint", "motion", "bone"),
    rows: tuple[int, ...] = (),
    seeds: int = 3,
    seed: int = 0,
    batch: int | None = None,
    frames: int | None = None,
    precision: Precision | None = None,
    device: str | None = None,
) -> None:
    """Run a published table on a store: pretrain and evaluate every row, print it beside the paper's numbers.

    Args:
        table: Table of a paper.
        store: Labelled store; pretraining uses the clips of the split that train, without their labels.
        split: Split of the store.
        run_folder: Folder for runs, results, CSV, JSON and HTML; by default reproduce/STORE-SPLIT. The same command
            goes on in it, and other tables share its runs.
        small: Start from the small recipes, made for hundreds or a few thousand clips, not from the published ones.
        epochs: Length of pretraining instead of the recipes'; several for table 3, which compares lengths.
        streams: Streams to run; rows that fuse three then fuse these.
        rows: Rows of the printed table to run, from 1; by default all that skelact has the methods of.
        seeds: Classifiers of every evaluation, and random encoders of its control.
        seed: Of pretraining.
        batch: Clips of a training batch, instead of the recipes'.
        frames: Frames of a clip, instead of the recipes'.
        precision: Of training, instead of the recipes' float32.
        device: cpu, cuda, cuda:1, ...; by default a GPU where there is one.
    """
    at_least_one(seeds=seeds, batch=batch, frames=frames, epochs=min(epochs, default=None))
    from skelact.report.tables import write_page
    from skelact.reproduce import Options
    from skelact.reproduce import reproduce as run_table
    from skelact.reproduce.show import show

    given = {"batch": batch, "frames": frames, "precision": precision, "device": device}
    changes: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    options = Options(small=small, epochs=epochs, streams=streams, rows=rows, seeds=seeds, seed=seed, changes=changes)
    folder = run_folder or Path("reproduce") / f"{store.resolve().name}-{split}".replace("/", "_")
    found = run_table(table, store, split, folder, options, err)
    if found.lines:
        show(found)
        page = folder / f"{table}.html"
        write_page(found, page)
        say(f"{page.with_suffix('.csv')}\n{page}")
    if not found.finished:
        err.print("stopped; the same command goes on from there")

"""The command that reproduces a table of a paper."""

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
    """Reproduce a published table on a store: pretrain and evaluate every row; print it beside the paper's numbers.

    Args:
        table: The table.
        store: Labelled store; pretraining uses the training clips of the split without their labels.
        split: Split of the store.
        run_folder: Folder for runs, results, CSV, JSON and HTML (default: reproduce/STORE-SPLIT). The same command
            resumes in it, and other tables share its runs.
        small: Use the small recipes, for hundreds or a few thousand clips, instead of the published ones.
        epochs: Epochs of pretraining (default: the recipe's); several for table 3, which compares lengths.
        streams: Streams to run; rows that fuse streams fuse these.
        rows: Rows of the printed table to run, from 1 (default: all whose method skelact has).
        seeds: Number of classifiers in every evaluation, and of random encoders in its control.
        seed: Random seed of pretraining.
        batch: Clips in a training batch (default: the recipe's).
        frames: Frames of a clip (default: the recipe's).
        precision: Precision of training (default: the recipe's, float32).
        device: cpu, cuda, cuda:1, ... (default: a GPU if there is one).
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

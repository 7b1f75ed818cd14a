"""Commands about recordings and stores: synthesize, prepare, info, verify."""

from pathlib import Path
from typing import Annotated, Literal

from tyro.conf import Positional, arg

from skelact.cli.flags import at_least_one
from skelact.cli.shared import Format, FormatOptions
from skelact.config import Preparation
from skelact.system.terminal import Terminal, say
from skelact.system.world import SkelactError


def synthesize(
    out: Path,
    clips: int = 2400,
    classes: int = 12,
    subjects: int = 20,
    cameras: int = 3,
    seed: int = 0,
    persons: Literal[1, 2] = 2,
) -> None:
    """Write a store of synthetic people who do named actions in front of several cameras.

    Args:
        out: Store to write; must not exist.
        clips: Total number of recordings.
        classes: Number of actions.
        subjects: Number of people.
        cameras: Number of cameras; each records every performance.
        seed: Random seed; equal options and seed give equal bytes.
        persons: 1: only actions of one person; 2: also actions of two.
    """
    from skelact.data import synthetic

    synthetic.synthesize(
        out, clips=clips, classes=classes, subjects=subjects, cameras=cameras, seed=seed, persons=persons
    )


def prepare(
    format: Positional[Format],
    source: Positional[Path],
    out: Path,
    preparation: Preparation = "robust",
    frames: int = 50,
    jobs: int | None = None,
    skip_bad: bool = False,
    leave_out: Path | None = None,
    options: Annotated[FormatOptions, arg(name="")] = FormatOptions(),  # noqa: B008
) -> None:
    """Read raw recordings into a store.

    Args:
        format: Format of the files.
        source: Folder, zip archive or single file.
        out: Store to write; must not exist.
        preparation: released: as the published programs do. robust: repairs gaps, noise bodies and identities.
            body: robust, but centred once a clip and in sizes of the body.
        frames: Frames of every prepared clip.
        jobs: Number of parsing processes (default: as many as pay off).
        skip_bad: Leave out and list files that cannot be read, instead of stopping at the first.
        leave_out: Text file with names of clips to leave out, one a line, such as NTU's missing-skeleton lists.
    """
    at_least_one(frames=frames, jobs=jobs)
    from skelact.data.prepare import prepare as prepare_store

    prepare_store(options.reader(format, source), source, out, preparation, frames, jobs, skip_bad, leave_out)


def info(store: Positional[Path]) -> None:
    """Show what a store holds."""
    from skelact.data.describe import describe
    from skelact.data.store import Store

    Terminal(highlight=False).print(describe(Store.open(store)))


def verify(store: Positional[Path]) -> None:
    """Hash all files of a store again; name damaged ones and exit with status 1 if there are any."""
    from skelact.data.store import Store

    damaged = Store.open(store).verify()
    if damaged:
        raise SkelactError("\n".join(f"{store}/{name}: not as it was written" for name in damaged))
    say(f"{store}: every file is as it was written")

"""`skelact report`: one HTML file about one run, or about several side by side, that needs nothing but a browser."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from skelact import __version__
from skelact.report.attention import attention
from skelact.report.clips import clips
from skelact.report.confusion import classes
from skelact.report.curves import curves
from skelact.report.document import document, script
from skelact.report.joined import joined, open_stores, stores_apart
from skelact.report.map import feature_map
from skelact.report.markup import Html, join, tag
from skelact.report.plots import library
from skelact.report.results import results
from skelact.report.runs import Run, read_run
from skelact.report.settings import configuration, headline
from skelact.report.tables import tables
from skelact.reproduce.result import Reproduction, read_reproduction
from skelact.system.world import SkelactError, check_writable, write_bytes

SECTIONS = (
    ("results", "Results"),
    ("tables", "Published tables"),
    ("clips", "Clips"),
    ("training", "Training"),
    ("classes", "Classes"),
    ("map", "Map"),
    ("attention", "Attention"),
    ("configuration", "Configuration"),
)


def report(runs: list[Path], out: Path | None = None, reproduced: Sequence[Path] = ()) -> Path:
    """Write the report of one or more run folders and return its path.

    `out` defaults to RUN/report.html for one run, and to report.html beside the first of several.
    `reproduced`: JSON files of reproduced tables, which are shown too.
    SkelactError: no run given, not a run folder, a damaged file in it (which, and what was expected).
    """
    if not runs:
        raise SkelactError("expected at least 1 run folder, found 0")
    read = _named_apart([read_run(Path(run)) for run in runs])
    if out is None:
        folder = read[0].path if len(read) == 1 else read[0].path.resolve().parent
        out = folder / "report.html"
    printed = [read_reproduction(Path(one)) for one in reproduced]
    check_writable(out.parent, out.name)
    write_bytes(out, page(read, printed))
    return out


def page(runs: Sequence[Run], reproduced: Sequence[Reproduction] = ()) -> bytes:
    """The whole document."""
    stores = open_stores(runs)
    runs = stores_apart(runs, stores)
    found = joined(runs, stores)
    attended = attention(runs, stores)
    absent = {name for name, there in (("attention", attended), ("tables", reproduced)) if not there}
    shown = [one for one in SECTIONS if one[0] not in absent]
    links = tag("nav", join(tag("a", title, href=f"#{ident}") for ident, title in shown), aria_label="Sections")
    now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    folders = ", ".join(str(run.path) for run in runs)
    body = join(
        (
            headline(runs),
            links,
            Html("<noscript><p class='warning'>Curves and skeletons need JavaScript.</p></noscript>"),
            results(runs),
            *((tables(reproduced),) if reproduced else ()),
            clips(runs, stores, found),
            curves(runs),
            classes(runs, found),
            feature_map(runs, found),
            *([attended] if attended else []),
            configuration(runs),
            tag("footer", f"Made by skelact {__version__} on {now} from {folders}."),
        )
    )
    title = " · ".join(run.name for run in runs)
    return document(title, body, (library(), script("page.js"), script("player.js")))


def _named_apart(runs: Sequence[Run]) -> list[Run]:
    """Runs whose folder names are equal are named by their whole path; the same folder twice is an error."""
    folders = [run.path.resolve() for run in runs]
    if len(set(folders)) != len(folders):
        twice = next(folder for folder in folders if folders.count(folder) > 1)
        raise SkelactError(f"{twice}: given {folders.count(twice)} times, expected each run once")
    names = [run.name for run in runs]
    return [
        run if names.count(run.name) == 1 else Run(run.path, str(run.path), run.config, run.metrics, run.evaluations)
        for run in runs
    ]

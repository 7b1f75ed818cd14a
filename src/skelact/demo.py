"""`skelact demo`: from recordings to an evaluated encoder, with synthetic people."""

from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from skelact.data.store import Store
from skelact.data.synthetic import synthesize
from skelact.evaluation.reading import show
from skelact.evaluation.run import evaluate_run
from skelact.recipes import aimclr_small
from skelact.report import report
from skelact.train import pretrain

SPLIT = "xview"


@dataclass(frozen=True)
class Size:
    """Size of a demo."""

    clips: int
    epochs: int
    batch: int
    frames: int


FULL = Size(clips=600, epochs=36, batch=32, frames=20)
"""At most six minutes on two cores."""
QUICK = Size(clips=144, epochs=2, batch=16, frames=16)


def demo(folder: Path, quick: bool, console: Console) -> Path:
    """Synthesize a store, pretrain AimCLR without labels, evaluate and report. Returns the path of the HTML page.

    Keeps the parts that are already in `folder`, so a stopped demo continues.
    """
    size = QUICK if quick else FULL
    store, run = folder / f"people-{size.clips}", folder / f"aimclr-{size.epochs}"
    console.rule("1 of 4: synthetic recordings")
    if store.exists():
        console.print(f"{store} exists already ({len(Store.open(store))} clips)", markup=False)
    else:
        synthesize(store, clips=size.clips, persons=1, frames=size.frames)
    console.rule("2 of 4: AimCLR pretrains on the training clips, without labels")
    small = aimclr_small()
    config = small.model_copy(
        update={"epochs": size.epochs, "batch": size.batch, "frames": size.frames, "probe_every": size.epochs // 2}
    )
    done = pretrain(config, [store], [SPLIT], run, console)
    if not done.finished:
        console.print("stopped; the same command continues")
        raise SystemExit(0)
    console.rule("3 of 4: evaluation, compared with random weights")
    for protocol in ("knn", "linear"):
        show(evaluate_run(protocol, run, store, SPLIT, seeds=3))
    if quick:
        console.print("--quick only shows that everything runs; its numbers mean nothing")
    console.rule("4 of 4: the report")
    return report([run])

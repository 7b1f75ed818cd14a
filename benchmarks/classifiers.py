"""Is the encoder short of what it should learn, or the classifier of steps? For docs/results.md, from its runs.

    python benchmarks/classifiers.py --data FOLDER --work FOLDER [--methods METHOD ...]

Linear evaluation as published (batch 128, 100 epochs, lr 3), with ten times the epochs, and with batch 16 and the rate
scaled with it, on plain and on standardised features; top 1 after the last epoch, mean over the runs that are there,
one classifier each. Last, the effective rank of the standardised training features.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path
from statistics import mean

from compared import METHODS, TOGETHER, Bench, Trial
from real import SETS, stores, there

from skelact.data.store import Store
from skelact.encoders.file import load_encoder, random_encoder
from skelact.evaluation.case import Case
from skelact.maths.spectrum import effective_rank
from skelact.train.labels import LinearConfig
from skelact.train.linear import linear
from skelact.train.task import Task, standardised

CLASSIFIERS = {
    "as published": LinearConfig(),
    "1,000 epochs": LinearConfig(epochs=1000, milestones=(800,)),
    "batch 16, lr 0.375": LinearConfig(batch=16, lr=0.375),
}


def cases(bench: Bench, method: str, name: str) -> Iterator[Case]:
    """A finished run's encoder on the split that it is tested on, run after run."""
    where, most = ("sbu", len(SETS[name].splits)) if name == "sbu" else ("pooled", 3)
    for number in range(most):
        trial = Trial(method, "joint", where, number)
        run = trial.run(bench.work)
        if there(run):
            encoder = load_encoder(run, "joint" if method in TOGETHER else None)
            yield Case.open(encoder, Store.open(bench.stores[name]), trial.tests[name], run, progress=False)


def figures(task: Task) -> list[float]:
    kinds = (task, standardised(task))
    found = [linear(kind, (0,), config).last[0].top1 for kind in kinds for config in CLASSIFIERS.values()]
    return [*found, effective_rank(kinds[1].train)]


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--data", type=Path, required=True)
    arguments.add_argument("--work", type=Path, required=True)
    arguments.add_argument("--methods", nargs="+", choices=METHODS, default=list(METHODS))
    given = arguments.parse_args()
    bench = Bench(stores(given.data, given.work, tuple(SETS)), given.work, make=False)
    columns = [f"{name}{kind}" for kind in ("", ", standardised") for name in CLASSIFIERS]
    columns.append("effective rank")
    print(f"| | | {' | '.join(columns)} | runs |\n|---|---|" + "---|" * (len(columns) + 1))
    for name in SETS:
        rows = {
            METHODS[method]: [figures(case.task(case.encoder)) for case in cases(bench, method, name)]
            for method in given.methods
        }
        rows["random weights"] = [
            figures(case.task(random_encoder(case.encoder.card, 0))) for case in cases(bench, "skeletonclr", name)
        ]
        for label, found in rows.items():
            if found:
                cells = " | ".join(f"{mean(column):.1f}" for column in zip(*found, strict=True))
                print(f"| {SETS[name].title.split(',')[0]} | {label} | {cells} | {len(found)} |", flush=True)


if __name__ == "__main__":
    main()

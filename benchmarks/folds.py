"""docs/folds.md: the small recipes on the five folds of SBU Kinect Interaction, two persons a clip.

    python benchmarks/folds.py --data FOLDER --work FOLDER [--epochs 60] [--methods METHOD ...]
        [--only METHOD FOLD] [--remark TEXT]

One pretraining for each fold, on its training clips, labels unseen. What is done is not done again.
"""

import argparse
import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from statistics import mean

from results import spread

from methods import METHODS, first_stream, minutes
from skelact.data.prepare import prepare
from skelact.data.readers import reader
from skelact.data.store import Store
from skelact.evaluate.baseline import baseline
from skelact.evaluate.result import Result
from skelact.evaluate.run import evaluate_run

FOLDS = tuple(f"fold{number}" for number in range(5))
PAGE = Path(__file__).parents[1] / "docs" / "folds.md"
BATCH = 32
PROTOCOLS = ("knn", "linear")

RAW = {"logistic regression": "logistic", "1-NN standardised": "nearest", "1-NN": "nearest_metres"}


def train(method: str, fold: str, epochs: int, store: Path, work: Path) -> Path:
    run = work / "folds" / f"{method}-{epochs}-{fold}"
    command = [sys.executable, "-m", "skelact", "pretrain", f"{method}-small", "--run", str(run), "--store", str(store)]
    command += ["--split", fold, "--epochs", str(epochs), "--batch", str(BATCH), "--precision", "bf16"]
    subprocess.run(command, check=True)
    return run


def scored(protocol: str, run: Path, store: Path, fold: str) -> Result:
    result = evaluate_run(protocol, run, store, fold, 1, stream=first_stream(run), reuse=True)
    assert isinstance(result, Result)
    return result


def page(given: argparse.Namespace, store: Path, runs: dict[str, list[Path]]) -> str:
    found = {
        (method, protocol): [scored(protocol, run, store, fold) for run, fold in zip(of_method, FOLDS, strict=True)]
        for method, of_method in runs.items()
        for protocol in PROTOCOLS
    }
    config = json.loads((runs[given.methods[0]][0] / "config.json").read_text(encoding="utf-8"))
    machine = config["machine"]
    lines = [
        "# SBU Kinect Interaction, five folds",
        "",
        f"Written by `python benchmarks/folds.py --data FOLDER --work FOLDER --epochs {given.epochs} "
        f"--methods {' '.join(given.methods)}`.",
        "",
        f"- {datetime.now(UTC).date()}; {machine['processor']}, {machine['cores']} cores, no GPU, torch "
        f"{machine['torch']}, {machine['threads']} thread a run.",
        f"- 282 clips of two persons, 8 interactions; the published folds by pairs of people. Small recipes, joint "
        f"stream, {given.epochs} epochs, batch {BATCH}, `--precision bf16`; one pretraining a fold, seed 0. No number "
        "was chosen on this set.",
        "- Top 1 in per cent, mean ± standard deviation over the folds, last epoch. kNN is k = 20. Control: the "
        "stronger random encoder.",
        "",
        f"| | {' | '.join(PROTOCOLS)} | minutes a fold |",
        "|---|" + "---|" * (len(PROTOCOLS) + 1),
    ]
    for method in runs:
        cells = [spread([one.last.top1 for one in found[method, protocol]]) for protocol in PROTOCOLS]
        lines.append(
            f"| {METHODS[method]} | {' | '.join(cells)} | {mean(minutes(run)[0] for run in runs[method]):.1f} |"
        )
    controls = [spread([one.control.top1 for one in found[given.methods[0], protocol]]) for protocol in PROTOCOLS]
    lines += [f"| control | {' | '.join(controls)} | |", ""]
    raw = [baseline(Store.open(store), fold, heading=True) for fold in FOLDS]
    figures = [f"{said} {spread([getattr(one, kind) for one in raw])}" for said, kind in RAW.items()]
    lines.append(f"Without learned features, on raw poses turned to face one way: {', '.join(figures)}.")
    return "\n".join([*lines, *(["", given.remark] if given.remark else [])]) + "\n"


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--data", type=Path, required=True)
    arguments.add_argument("--work", type=Path, required=True)
    arguments.add_argument("--epochs", type=int, default=60)
    arguments.add_argument("--methods", nargs="+", choices=METHODS, default=["skeletonclr", "aimclr"])
    arguments.add_argument("--only", nargs=2, metavar=("METHOD", "FOLD"))
    arguments.add_argument("--remark", help="what a reader must know of the times, such as other work on the machine")
    given = arguments.parse_args()
    store = given.work / "stores" / "sbu"
    if not store.exists():
        prepare(reader("sbu"), given.data / "sbu-kinect", store, view="robust", frames=32, jobs=1)
    if given.only:
        train(*given.only, given.epochs, store, given.work)
        return
    runs = {
        method: [train(method, fold, given.epochs, store, given.work) for fold in FOLDS] for method in given.methods
    }
    PAGE.write_text(page(given, store, runs), encoding="utf-8")
    print(PAGE.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()

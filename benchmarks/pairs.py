"""What one switch does to accuracy and time: trainings in pairs, alike but for that.

    python benchmarks/pairs.py absent --work FOLDER [--epochs 8] [--seeds 3]
    python benchmarks/pairs.py precision --work FOLDER --store STORE --split SPLIT [--epochs 20] [--seeds 3]

absent: persons who are not there computed or left out of the network. precision: float32 or bf16. Without a store, on
the default synthetic one, where some actions are done by one person and some by two. Recipe skeletonclr-small; kNN
(k = 20) and linear evaluation of the last epoch. What is done is not done again.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path
from statistics import mean

from skelact.evaluation.results.outcome import Result
from skelact.evaluation.run import evaluate_run
from skelact.system.world import machine

SWITCHES = {
    "absent": (("--precision", "bf16", "--encoder.absent"), ("computed", "left_out")),
    "precision": (("--precision",), ("float32", "bf16")),
}
PROTOCOLS = ("knn", "linear")


def skelact(*words: str) -> None:
    subprocess.run([sys.executable, "-m", "skelact", *words], check=True)


def train(way: str, seed: int, given: argparse.Namespace) -> Path:
    run = given.work / f"{way}-{seed}"
    told = ["--store", str(given.store), "--split", given.split, "--epochs", str(given.epochs), "--seed", str(seed)]
    skelact("pretrain", "skeletonclr-small", "--run", str(run), *told, *SWITCHES[given.switch][0], way)
    return run


def seconds(run: Path) -> float:
    lines = map(json.loads, (run / "metrics.jsonl").read_text(encoding="utf-8").splitlines())
    return [line["seconds"] for line in lines if "seconds" in line][-1]


def top1(run: Path, protocol: str, given: argparse.Namespace) -> float:
    result = evaluate_run(protocol, run, given.store, given.split, 1, reuse=True)
    assert isinstance(result, Result)
    return result.last.top1


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("switch", choices=SWITCHES)
    arguments.add_argument("--work", type=Path, required=True)
    arguments.add_argument("--store", type=Path)
    arguments.add_argument("--split", default="xview")
    arguments.add_argument("--epochs", type=int, default=8)
    arguments.add_argument("--seeds", type=int, default=3)
    given = arguments.parse_args()
    if given.store is None:
        given.store = given.work / "people"
        if not given.store.exists():
            skelact("synthesize", "--out", str(given.store))
    ways = SWITCHES[given.switch][1]
    print(f"{machine()}; {given.store.name}, {given.split}, {given.epochs} epochs\n")
    print("| seed | " + " | ".join(f"{protocol}, {way}" for protocol in PROTOCOLS for way in ways) + " | time, ratio |")
    print("|---|" + "---|" * (len(PROTOCOLS) * len(ways) + 1))
    rows: list[list[float]] = []
    for seed in range(given.seeds):
        first, second = runs = [train(way, seed, given) for way in ways]
        rows.append([top1(run, protocol, given) for protocol in PROTOCOLS for run in runs])
        rows[-1].append(seconds(first) / seconds(second))
        print(f"| {seed} | " + " | ".join(f"{value:.1f}" for value in rows[-1]) + " |", flush=True)
    means = [mean(column) for column in zip(*rows, strict=True)]
    print("| mean | " + " | ".join(f"{value:.1f}" for value in means) + " |")


if __name__ == "__main__":
    main()

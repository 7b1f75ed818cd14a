"""The real recordings of docs/results.md: their stores, the pretrainings on them, and what those took."""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import mean, stdev
from typing import NamedTuple

from skelact.data.prepare import prepare
from skelact.data.readers import reader


class Set(NamedTuple):
    title: str
    folder: str
    """As its makers give it out."""
    splits: tuple[str, ...]
    batch: int
    """Clips a step of a network that learns their labels."""


SETS = {
    "utd": Set("UTD-MHAD xsub", "utd-mhad", ("xsub",), 32),
    "ucla": Set("NW-UCLA xview-clean", "nw-ucla", ("xview-clean",), 32),
    "sbu": Set("SBU Kinect Interaction, five folds", "sbu-kinect", tuple(f"fold{number}" for number in range(5)), 16),
}
POOLED = ("utd", "ucla")
"""The sets whose training clips are learned together."""


def stores(data: Path, work: Path, names: Sequence[str] = POOLED) -> dict[str, Path]:
    """The stores, prepared where they are not there yet."""
    paths = {name: work / "stores" / name for name in names}
    for name, path in paths.items():
        if not path.exists():
            prepare(reader(name), data / SETS[name].folder, path, preparation="robust", frames=32, jobs=1)
    return paths


def pretrain(run: Path, method: str, parts: dict[Path, str], *options: str) -> None:
    """Pretraining of a small recipe on the training clips of stores and splits, by the command a user would give."""
    command = [sys.executable, "-m", "skelact", "pretrain", f"{method}-small", "--run", str(run)]
    command += ["--precision", "bf16", *options]
    for store, split in parts.items():
        command += ["--store", str(store), "--split", split]
    subprocess.run(command, check=True)


class Trained(NamedTuple):
    """What a pretraining took."""

    minutes: float
    steps: int
    rates: list[float]
    """Clips per second, a number for each stretch of the log."""
    finished: bool


def trained(run: Path) -> Trained:
    lines = list(map(json.loads, (run / "metrics.jsonl").read_text(encoding="utf-8").splitlines()))
    timed = [line for line in lines if "seconds" in line]
    finished = lines[-1]["epoch"] + 1 == configuration(run)["config"]["epochs"] and "knn" in lines[-1]
    return Trained(timed[-1]["seconds"] / 60, timed[-1]["step"], [line["clips_per_second"] for line in timed], finished)


def there(run: Path) -> bool:
    """Whether a run is there and finished."""
    return (run / "metrics.jsonl").exists() and trained(run).finished


def configuration(run: Path) -> dict:
    return json.loads((run / "config.json").read_text(encoding="utf-8"))


def spread(values: Sequence[float]) -> str:
    """Mean ± standard deviation."""
    if not values:
        return "not run"
    return f"{mean(values):.1f}" + (f" ± {stdev(values):.1f}" if len(values) > 1 else "")

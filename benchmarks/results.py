"""docs/results.md: what the small-data recipes learn on real recordings, three seeds each, beside random weights.

    python benchmarks/results.py --data FOLDER --work FOLDER [--seeds 3] [--train-only METHOD SEED] [--finished-only]
        [--remark TEXT]

FOLDER of the data holds `utd-mhad` and `nw-ucla` as their makers give them out. Everything is kept under the work
folder and gone on with from there; the runs may also be trained before, several at a time, with --train-only.
--finished-only makes the page of those that are finished already, and says how many there are.
"""

import argparse
import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from statistics import mean, median, stdev

from skelact.data.prepare import prepare
from skelact.data.readers import reader
from skelact.data.store import Store
from skelact.evaluate.baseline import baseline
from skelact.evaluate.run import evaluate_run
from skelact.report.figure import Bar, result_bars

SETS = {"utd": ("utd-mhad", "xsub", "UTD-MHAD xsub"), "ucla": ("nw-ucla", "xview-clean", "NW-UCLA xview-clean")}
METHODS = {"skeletonclr": "SkeletonCLR", "aimclr": "AimCLR"}
PROTOCOLS = ("knn", "linear")
PAGE = Path(__file__).parents[1] / "docs" / "results.md"
PICTURE = PAGE.parent / "images" / "results.svg"


def stores(data: Path, work: Path) -> dict[str, Path]:
    """The two stores, prepared where they are not there yet."""
    paths = {name: work / "stores" / name for name in SETS}
    for name, path in paths.items():
        if not path.exists():
            prepare(reader(name), data / SETS[name][0], path, view="robust", frames=32, jobs=1)
    return paths


def train(method: str, seed: int, paths: dict[str, Path], work: Path) -> Path:
    """One pretraining on the pooled training clips of both stores, by the command that a user would give."""
    run = work / f"{method}-small-{seed}"
    command = [sys.executable, "-m", "skelact", "pretrain", f"{method}-small", "--run", str(run)]
    command += ["--precision", "bf16", "--seed", str(seed)]
    for name, path in paths.items():
        command += ["--store", str(path), "--split", SETS[name][1]]
    subprocess.run(command, check=True)
    return run


def finished(run: Path) -> bool:
    """Whether the run's last line was written after its last epoch."""
    file = run / "metrics.jsonl"
    if not file.exists():
        return False
    epochs = json.loads((run / "config.json").read_text(encoding="utf-8"))["config"]["epochs"]
    last = json.loads(file.read_text(encoding="utf-8").splitlines()[-1])
    return last["epoch"] + 1 == epochs and "knn" in last


def measure(run: Path, paths: dict[str, Path]) -> dict[tuple[str, str], dict]:
    """Both protocols on both sets, from the result files that `skelact evaluate` writes."""
    results = {}
    for name, path in paths.items():
        for protocol in PROTOCOLS:
            file = run / "evaluate" / f"{protocol}-{path.name}-{SETS[name][1]}.json"
            if not file.exists():
                evaluate_run(protocol, run, path, SETS[name][1], seeds=3)
            results[name, protocol] = json.loads(file.read_text(encoding="utf-8"))
    return results


def spread(values: list[float]) -> str:
    return f"{mean(values):.1f}" + (f" ± {stdev(values):.1f}" if len(values) > 1 else "")


def section(name: str, path: Path, found: dict[str, list[dict]]) -> list[str]:
    title, split = SETS[name][2], SETS[name][1]
    any_knn = found["skeletonclr"][0][name, "knn"]
    raw = {heading: baseline(Store.open(path), split, heading) for heading in (True, False)}
    lines = [
        f"## {title}",
        "",
        f"{any_knn['train_clips']} training and {any_knn['test_clips']} test clips of {any_knn['classes']} classes "
        f"({any_knn['rule']}). Top-1 accuracy in percent.",
        "",
        "| | kNN, k = 20 | kNN, k = 1 | kNN, k = 20, standardised | linear, last epoch | linear, best epoch |",
        "|---|---|---|---|---|---|",
    ]
    for method, label in METHODS.items():
        knn = [results[name, "knn"] for results in found[method]]
        linear = [results[name, "linear"] for results in found[method]]
        cells = [
            spread([r["last"]["top1"] for r in knn]),
            spread([r["by_k"]["1"]["top1"] for r in knn]),
            spread([r["standardised"]["top1"] for r in knn]),
            spread([r["last"]["top1"] for r in linear]),
            spread([r["best"]["top1"] for r in linear]),
        ]
        lines.append(f"| {label} | {' | '.join(cells)} |")
    knn, linear = (found["skeletonclr"][0][name, protocol]["control"] for protocol in PROTOCOLS)
    lines += [
        *(
            f"| random encoders, {kind} | {knn[kind]['top1']:.1f} | | | {linear[kind]['top1']:.1f} | |"
            for kind in ("plain", "standardised")
        ),
        "",
        "Without learned features, on raw poses (32 frames, hips at zero): "
        + "; ".join(
            f"{'turned to face one way' if heading else 'as recorded'}: logistic regression {b.logistic:.1f}, "
            f"1-NN standardised {b.nearest:.1f}, 1-NN in metres {b.nearest_metres:.1f}"
            for heading, b in raw.items()
        )
        + ".",
        "",
    ]
    for method, label in METHODS.items():
        knn_gain = mean(r[name, "knn"]["last"]["top1"] - r[name, "knn"]["control"]["top1"] for r in found[method])
        best = max(mean(r[name, p]["last"]["top1"] for r in found[method]) for p in PROTOCOLS)
        gap = best - raw[True].logistic
        lines.append(
            f"- {label}: kNN {abs(knn_gain):.1f} points {'above' if knn_gain > 0 else 'below'} the stronger control; "
            f"its better protocol {abs(gap):.1f} points {'above' if gap > 0 else 'below'} logistic regression on "
            "turned poses."
        )
    return [*lines, ""]


def times(work: Path, found: dict[str, list[dict]]) -> list[str]:
    lines = ["## Time", "", "| | steps | wall time of each seed, minutes | median clips/s |", "|---|---|---|---|"]
    for method, label in METHODS.items():
        minutes, rates, steps = [], [], 0
        for seed in range(len(found[method])):
            text = (work / f"{method}-small-{seed}" / "metrics.jsonl").read_text(encoding="utf-8")
            training = [line for line in map(json.loads, text.splitlines()) if "seconds" in line]
            minutes.append(training[-1]["seconds"] / 60)
            rates += [line["clips_per_second"] for line in training]
            steps = training[-1]["step"]
        lines.append(f"| {label} | {steps} | {', '.join(f'{m:.1f}' for m in minutes)} | {median(rates):.0f} |")
    return [*lines, ""]


def page(work: Path, paths: dict[str, Path], found: dict[str, list[dict]]) -> str:
    seeds = ", ".join(f"{label} {len(found[method])}" for method, label in METHODS.items())
    runs = {
        method: json.loads((work / f"{method}-small-0" / "config.json").read_text(encoding="utf-8"))
        for method in METHODS
    }
    epochs = ", ".join(f"{label} {runs[method]['config']['epochs']} epochs" for method, label in METHODS.items())
    numbers = runs["aimclr"]["config"]
    one = found["aimclr"][0]["utd", "knn"]
    machine, repeats = one["machine"], one["seeds"]
    lines = [
        "# Results on real recordings",
        "",
        "Written by `python benchmarks/results.py --data FOLDER --work FOLDER`. "
        "[Every method at equal epochs](compared.md), [speed](performance.md).",
        "",
        f"- Date: {datetime.now(UTC).date()}. Machine: {machine['processor']}, {machine['cores']} cores, no GPU; torch "
        f"{machine['torch']}, Python {machine['python']}; {runs['aimclr']['machine']['threads']} thread a run.",
        f"- Recipes `skeletonclr-small`, `aimclr-small`, joint stream, `--precision bf16`: {epochs} of "
        f"{runs['aimclr']['train_clips']} clips, the training clips of both sets pooled, labels unseen; view "
        f"{numbers['view']}, {numbers['frames']} frames, batch {numbers['batch']}.",
        f"- Seeds of pretraining: {seeds}. Mean ± standard deviation over them, always the last epoch of pretraining. "
        f"Each linear figure of a seed is the mean of {repeats} classifiers. Random encoders: mean over {repeats}.",
        "- kNN is cosine on h with weighted votes. `best epoch` picks the test epoch as published scores do.",
        "- The learning rate was chosen on training clips alone (`benchmarks/choose.py`, table in "
        "[training](training.md#small-data-and-the-warnings)); that NNM begins in the last sixth of a run was chosen "
        "earlier by looking at kNN on these test clips, so it may flatter AimCLR a little.",
        "",
    ]
    for name, path in paths.items():
        lines += section(name, path, found)
    return "\n".join(lines + times(work, found)).rstrip() + "\n"


def picture(found: dict[str, list[dict]]) -> str:
    bars = []
    for name, (_, _, title) in SETS.items():
        for method, label in METHODS.items():
            knn = [results[name, "knn"] for results in found[method]]
            values = [result["last"]["top1"] for result in knn]
            bars.append(Bar(f"{label}, {title.split()[0]}", mean(values), mean(r["control"]["top1"] for r in knn)))
    return result_bars(bars)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--data", type=Path, required=True)
    arguments.add_argument("--work", type=Path, required=True)
    arguments.add_argument("--seeds", type=int, default=3)
    arguments.add_argument("--finished-only", action="store_true")
    arguments.add_argument("--remark", help="what a reader must know of the times, such as other work on the machine")
    arguments.add_argument("--train-only", nargs=2, metavar=("METHOD", "SEED"))
    given = arguments.parse_args()
    paths = stores(given.data, given.work)
    if given.train_only:
        train(given.train_only[0], int(given.train_only[1]), paths, given.work)
        return
    found = {
        method: [
            measure(train(method, seed, paths, given.work), paths)
            for seed in range(given.seeds)
            if not given.finished_only or finished(given.work / f"{method}-small-{seed}")
        ]
        for method in METHODS
    }
    text = page(given.work, paths, found) + (f"\n{given.remark}\n" if given.remark else "")
    PAGE.write_text(text, encoding="utf-8")
    PICTURE.parent.mkdir(exist_ok=True)
    PICTURE.write_text(picture(found), encoding="utf-8")
    print(PAGE.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()

"""docs/compared.md: every method at equal width and equal epochs, by several protocols, beside its control.

    python benchmarks/methods.py --data FOLDER --work FOLDER [--epochs 20] [--tune-epochs 10] [--seeds 1]
        [--methods METHOD ...] [--once METHOD ...] [--only METHOD SEED] [--remark TEXT]

As benchmarks/results.py, whose stores in the work folder are used, but with the epochs of all recipes cut alike, so
that none has the length it asks for. Fine-tuning is of the joint stream on UTD-MHAD. What is done is not done again.
"""

import argparse
import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from statistics import mean
from typing import Any

from results import SETS, spread, stores

from skelact.encoders.file import encoder_file, streams_of
from skelact.evaluate.finetune import FinetuneConfig, SemiConfig, SupervisedConfig
from skelact.evaluate.fuse import fuse
from skelact.evaluate.result import Result
from skelact.evaluate.run import evaluate_run

METHODS = {
    "skeletonclr": "SkeletonCLR",
    "aimclr": "AimCLR",
    "skeattnclr": "SkeAttnCLR",
    "crossclr": "CrosSCLR, joint",
    "aimclr-3s": "3s-AimCLR§, joint",
}
THREE_STREAMS = ("crossclr", "aimclr-3s")
PAGE = Path(__file__).parents[1] / "docs" / "compared.md"
FROZEN = ("knn", "linear")
REPEATS = 3
"""Classifiers and random encoders of the protocols on frozen features; those that train the network have one."""


def train(method: str, seed: int, epochs: int, paths: dict[str, Path], work: Path) -> Path:
    """Pretraining on the pooled training clips of both stores, by the command that a user would give."""
    run = work / f"{method}-{epochs}-{seed}"
    command = [sys.executable, "-m", "skelact", "pretrain", f"{method}-small", "--run", str(run)]
    command += ["--precision", "bf16", "--seed", str(seed), "--epochs", str(epochs)]
    for name, path in paths.items():
        command += ["--store", str(path), "--split", SETS[name][1]]
    subprocess.run(command, check=True)
    return run


def scored(
    protocol: str, run: Path, store: Path, split: str, seeds: int, recipe: Any = None, stream: Any = None
) -> Result:
    """One evaluation by accuracy; what is there already is read."""
    result = evaluate_run(protocol, run, store, split, seeds, recipe, stream=stream, reuse=True)
    assert isinstance(result, Result)
    return result


def frozen(run: Path, paths: dict[str, Path]) -> dict[str, Any]:
    """Results of both protocols on both sets; of a run of several streams also each stream and all fused."""
    found: dict[str, Any] = {}
    for name, path in paths.items():
        for protocol in FROZEN:
            results = {
                stream: scored(protocol, run, path, SETS[name][1], REPEATS, stream=stream)
                for stream in streams_of(run) or (None,)
            }
            first = results.get("joint") or results[None]
            found[f"{name} {protocol}"] = (first.last.top1, first.control.top1)
            if len(results) > 1:
                files = [run / "evaluate" / f"{result.file_name}.json" for result in results.values()]
                fused, _ = fuse(files)
                each = {stream: result.last.top1 for stream, result in results.items()}
                found[f"{name} {protocol} streams"] = each | {"fused": fused.last.top1}
    return found


def tuned(run: Path, store: Path, split: str, epochs: int) -> dict[str, Any]:
    """semi 10 % and finetune, the rate divided by ten at 40 and 67 % of the epochs, as published.

    semi has few clips an epoch, so it takes smaller batches and six times the epochs.
    """

    def numbers(epochs: int, batch: int) -> dict[str, Any]:
        return {"epochs": epochs, "milestones": (epochs * 2 // 5, epochs * 2 // 3), "batch": batch}

    found = {}
    recipes = (("semi", SemiConfig(**numbers(6 * epochs, 16))), ("finetune", FinetuneConfig(**numbers(epochs, 32))))
    for protocol, recipe in recipes:
        result = scored(protocol, run, store, split, 1, recipe, first_stream(run))
        found[protocol] = (result.last.top1, result.control.top1)
    return found


def first_stream(run: Path) -> Any:
    return "joint" if encoder_file(run, "joint").exists() else None


def supervised(run: Path, store: Path, split: str, epochs: int) -> float:
    """The same network from random weights, on all labels."""
    recipe = SupervisedConfig(epochs=epochs, milestones=(epochs // 2, epochs * 4 // 5), batch=32, lr=0.05)
    return scored("supervised", run, store, split, 1, recipe).last.top1


def minutes(run: Path) -> tuple[float, int]:
    """Wall time and steps of a pretraining."""
    lines = map(json.loads, (run / "metrics.jsonl").read_text(encoding="utf-8").splitlines())
    last = [line for line in lines if "seconds" in line][-1]
    return last["seconds"] / 60, last["step"]


def table(found: dict[str, list[dict[str, Any]]], runs: dict[str, list[Path]], from_nothing: float) -> list[str]:
    keys = [f"{name} {protocol}" for name in SETS for protocol in FROZEN] + ["semi", "finetune"]
    lines = [
        f"| | {' | '.join(f'{SETS[name][2]}, {p}' for name in SETS for p in FROZEN)} | UTD-MHAD, semi 10 % "
        "| UTD-MHAD, finetune | minutes | steps |",
        "|---|" + "---|" * (len(keys) + 2),
    ]
    for method in found:
        cells = [spread([one[key][0] for one in found[method]]) for key in keys]
        times = [minutes(run) for run in runs[method]]
        lines.append(
            f"| {METHODS[method]} | {' | '.join(cells)} | {', '.join(f'{t:.1f}' for t, _ in times)} | {times[0][1]:,} |"
        )
    controls = [max(mean(one[key][1] for one in of_method) for of_method in found.values()) for key in keys]
    lines.append(f"| control | {' | '.join(f'{control:.1f}' for control in controls)} | | |")
    lines.append(f"| supervised |{' |' * (len(keys) - 1)} {from_nothing:.1f} | | |")
    return lines


def below(found: dict[str, list[dict[str, Any]]]) -> list[str]:
    """Where a method is not above its control, or not above SkeletonCLR."""
    said = []
    for method, of_method in found.items():
        label = METHODS[method]
        for key in [each for each in of_method[0] if not each.endswith("streams")]:
            value, control = (mean(one[key][place] for one in of_method) for place in (0, 1))
            plain = mean(one[key][0] for one in found["skeletonclr"])
            if value <= control:
                said.append(f"- {label}, {key}: {value:.1f} does not beat its control, {control:.1f}.")
            elif method != "skeletonclr" and value <= plain:
                said.append(f"- {label}, {key}: {value:.1f} does not beat SkeletonCLR, {plain:.1f}.")
    return said


def evaluated(run: Path, paths: dict[str, Path], tune_epochs: int) -> dict[str, Any]:
    return frozen(run, paths) | tuned(run, paths["utd"], SETS["utd"][1], tune_epochs)


def page(given: argparse.Namespace, runs: dict[str, list[Path]], paths: dict[str, Path]) -> str:
    found = {
        method: [evaluated(run, paths, given.tune_epochs) for run in of_method] for method, of_method in runs.items()
    }
    from_nothing = supervised(runs["aimclr"][0], paths["utd"], SETS["utd"][1], given.tune_epochs)
    config = json.loads((runs["aimclr"][0] / "config.json").read_text(encoding="utf-8"))
    machine = config["machine"]
    once = f" --once {' '.join(given.once)}" if given.once else ""
    seeds = f"Seeds of pretraining: {given.seeds}{''.join(f', {METHODS[each]} 1' for each in given.once)}; ± is their "
    seeds += "standard deviation."
    lines = [
        "# Methods compared on real recordings",
        "",
        f"Written by `python benchmarks/methods.py --data FOLDER --work FOLDER --epochs {given.epochs} "
        f"--tune-epochs {given.tune_epochs} --seeds {given.seeds} --methods {' '.join(given.methods)}{once}`. "
        "[Results](results.md) has SkeletonCLR and AimCLR at the length that their recipes ask for.",
        "",
        f"- {datetime.now(UTC).date()}; {machine['processor']}, {machine['cores']} cores, no GPU, torch "
        f"{machine['torch']}, {machine['threads']} thread a run.",
        f"- Small recipes cut to {given.epochs} epochs of {config['train_clips']} clips, the training clips of both "
        f"sets pooled, labels unseen; width {config['config']['encoder']['width']}, {config['config']['frames']} "
        f"frames, `--precision bf16`; always the last epoch. {seeds}",
        f"- Top 1 in per cent. kNN is k = 20; linear is the mean of {REPEATS} classifiers. finetune: one seed, "
        f"{given.tune_epochs} epochs, batch 32; semi: one seed, {6 * given.tune_epochs} epochs, batch 16; published "
        "are 150 epochs.",
        "- Control: the stronger random encoder for kNN and linear, the same training from random weights for semi and "
        "finetune, each the highest of those run. supervised: the same network from random weights, "
        f"{given.tune_epochs} epochs, lr 0.05.",
        "- No rate or length was chosen for methods of three streams, which take their single-stream method's, and no "
        "length for SkeAttnCLR.",
        "",
        *table(found, runs, from_nothing),
        "",
        *(below(found) or ["Every method beats its control and SkeletonCLR everywhere."]),
        "",
        "Methods of three streams learn them at once; their minutes are for all three. Each stream alone, and fused "
        "with weights 0.6 joint, 0.6 bone, 0.4 motion:",
        "",
        "| | | joint | motion | bone | fused |",
        "|---|---|---|---|---|---|",
    ]
    for method in [each for each in THREE_STREAMS if each in found]:
        label = METHODS[method].removesuffix(", joint")
        for key in [each for each in found[method][0] if each.endswith("streams")]:
            name, protocol, _ = key.split()
            cells = [spread([one[key][each] for one in found[method]]) for each in ("joint", "motion", "bone", "fused")]
            lines.append(f"| {label} | {SETS[name][2]}, {protocol} | {' | '.join(cells)} |")
    return "\n".join([*lines, *(["", given.remark] if given.remark else [])]) + "\n"


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--data", type=Path, required=True)
    arguments.add_argument("--work", type=Path, required=True)
    arguments.add_argument("--epochs", type=int, default=20)
    arguments.add_argument("--tune-epochs", type=int, default=10)
    arguments.add_argument("--seeds", type=int, default=1)
    arguments.add_argument("--methods", nargs="+", choices=METHODS, default=list(METHODS))
    arguments.add_argument("--once", nargs="+", choices=METHODS, default=[], help="these with the first seed only")
    arguments.add_argument("--only", nargs=2, metavar=("METHOD", "SEED"), help="train and evaluate this, write no page")
    arguments.add_argument("--remark", help="what a reader must know of the times, such as other work on the machine")
    given = arguments.parse_args()
    if not {"skeletonclr", "aimclr"} <= set(given.methods):
        arguments.error("--methods: the page needs skeletonclr, to compare with, and aimclr, for its settings")
    paths = stores(given.data, given.work)
    if given.only:
        method, seed = given.only
        evaluated(train(method, int(seed), given.epochs, paths, given.work), paths, given.tune_epochs)
        return
    seeds = {method: range(1 if method in given.once else given.seeds) for method in given.methods}
    runs = {
        method: [train(method, seed, given.epochs, paths, given.work) for seed in of_method]
        for method, of_method in seeds.items()
    }
    PAGE.write_text(page(given, runs, paths), encoding="utf-8")
    print(PAGE.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()

"""SkeletonCLR and AimCLR at the length that their small recipes ask for, three seeds: part of docs/results.md."""

from pathlib import Path
from statistics import mean, median
from typing import Any

from compared import FROZEN, SEEDS
from compared import METHODS as LABELS
from real import POOLED, SETS, configuration, pretrain, spread, there, trained

from skelact.data.store import Store
from skelact.evaluation.baseline import baseline
from skelact.evaluation.protocols.knn import KnnConfig
from skelact.evaluation.run import evaluate_run
from skelact.report.figure import Bar, result_bars

METHODS = {method: LABELS[method] for method in ("skeletonclr", "aimclr")}


def full_length(paths: dict[str, Path], work: Path, make: bool) -> tuple[list[str], str]:
    """The sections, and a picture (SVG) of kNN beside control. Without `make` what is there already is told."""
    runs: dict[str, list[Path]] = {}
    for method in METHODS:
        of_method = [work / f"{method}-small-{seed}" for seed in range(SEEDS)]
        for seed, run in enumerate(of_method):
            if make:
                parts = {paths[name]: SETS[name].splits[0] for name in POOLED}
                pretrain(run, method, parts, "--seed", str(seed))
        runs[method] = [run for run in of_method if there(run)]
    found = {
        method: [measure(run, paths, work / "controls") for run in of_method] for method, of_method in runs.items()
    }
    lines = ["## At the recipes' own length", "", *settings(runs), ""]
    for name in POOLED:
        lines += section(name, paths[name], found)
    return [*lines, *times(runs)], picture(found)


def measure(run: Path, paths: dict[str, Path], controls: Path) -> dict[tuple[str, str], Any]:
    """Both protocols on both sets, as `skelact evaluate` measures and keeps them."""
    return {
        (name, protocol): evaluate_run(
            protocol,
            run,
            paths[name],
            SETS[name].splits[0],
            seeds=SEEDS,
            recipe=KnnConfig(cap=False) if protocol == "knn" else None,
            reuse=True,
            controls=controls,
        )
        for name in POOLED
        for protocol in FROZEN
    }


def settings(runs: dict[str, list[Path]]) -> list[str]:
    configs = {method: configuration(of_method[0])["config"] for method, of_method in runs.items()}
    epochs = ", ".join(f"{label} {configs[method]['epochs']} epochs" for method, label in METHODS.items())
    seeds = ", ".join(f"{label} {len(runs[method])}" for method, label in METHODS.items())
    return [
        f"- Recipes `skeletonclr-small`, `aimclr-small` as they are: {epochs} of the training clips of both sets "
        f"pooled, batch {configs['aimclr']['batch']}, joint stream. Seeds of pretraining: {seeds}.",
        "- `best epoch` picks the test epoch as published scores do; every other figure is the last epoch's.",
        "- The learning rate was chosen on training clips alone (`benchmarks/choose.py`, table in "
        "[training](training.md#small-data-and-the-warnings)); that NNM begins in the last sixth of a run was chosen "
        "earlier by looking at kNN on these test clips, so it may flatter AimCLR a little.",
    ]


def section(name: str, path: Path, found: dict[str, list[dict[tuple[str, str], Any]]]) -> list[str]:
    raw = {heading: baseline(Store.open(path), SETS[name].splits[0], heading) for heading in (True, False)}
    lines = [
        f"### {SETS[name].title}",
        "",
        "| | kNN, k = 20 | kNN, k = 1 | kNN, k = 20, standardised | linear, last epoch | linear, best epoch |",
        "|---|---|---|---|---|---|",
    ]
    for method, label in METHODS.items():
        knn, linear = ([results[name, protocol] for results in found[method]] for protocol in FROZEN)
        columns = [
            [one.last.top1 for one in knn],
            [one.by_k[1].top1 for one in knn],
            [one.standardised.top1 for one in knn],
            [one.last.top1 for one in linear],
            [one.best.top1 for one in linear],
        ]
        lines.append(f"| {label} | {' | '.join(map(spread, columns))} |")
    knn, linear = (found["skeletonclr"][0][name, protocol].control for protocol in FROZEN)
    for kind in ("plain", "standardised"):
        floors = [getattr(control, kind).top1 for control in (knn, linear)]
        lines.append(f"| random encoders, {kind} | {floors[0]:.1f} | | | {floors[1]:.1f} | |")
    told = "; ".join(
        f"{'turned to face one way' if heading else 'as recorded'}: logistic regression {one.logistic:.1f}, "
        f"1-NN standardised {one.nearest:.1f}, 1-NN in metres {one.nearest_metres:.1f}"
        for heading, one in raw.items()
    )
    lines += ["", f"Raw poses (32 frames, hips at zero), nothing learned of them: {told}.", ""]
    for method, label in METHODS.items():
        gain = mean(one[name, "knn"].last.top1 - one[name, "knn"].control.top1 for one in found[method])
        best = max(mean(one[name, protocol].last.top1 for one in found[method]) for protocol in FROZEN)
        lines.append(
            f"- {label}: kNN {beside(gain)} the stronger control; its better protocol "
            f"{beside(best - raw[True].logistic)} logistic regression on turned poses."
        )
    return [*lines, ""]


def beside(points: float) -> str:
    return f"{abs(points):.1f} points {'above' if points > 0 else 'below'}"


def times(runs: dict[str, list[Path]]) -> list[str]:
    lines = ["| | steps | wall time of each seed, minutes | median clips/s |", "|---|---|---|---|"]
    for method, label in METHODS.items():
        took = [trained(run) for run in runs[method]]
        minutes = ", ".join(f"{one.minutes:.1f}" for one in took)
        rate = median(rate for one in took for rate in one.rates)
        lines.append(f"| {label} | {took[-1].steps:,} | {minutes} | {rate:.0f} |")
    return [*lines, ""]


def picture(found: dict[str, list[dict[tuple[str, str], Any]]]) -> str:
    bars = []
    for name in POOLED:
        for method, label in METHODS.items():
            knn = [results[name, "knn"] for results in found[method]]
            value, control = mean(one.last.top1 for one in knn), mean(one.control.top1 for one in knn)
            bars.append(Bar(f"{label}, {SETS[name].title.split()[0]}", value, control))
    return result_bars(bars)

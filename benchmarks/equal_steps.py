"""The sections of docs/results.md that compare the methods, from the results of compared.py."""

from collections.abc import Iterable, Sequence
from itertools import product
from pathlib import Path
from statistics import mean

from compared import FROZEN, METHODS, PROTOCOLS, SEEDS, STREAMS, TOGETHER, TUNED, Bench, Trial
from real import POOLED, SETS, spread, trained

from skelact.data.store import Store
from skelact.evaluation.baseline import baseline
from skelact.evaluation.fuse import fuse
from skelact.evaluation.results.outcome import Result
from skelact.report.figure import Bar, result_bars

COLUMNS = {"knn": "kNN", "linear": "linear", "semi": "semi 10 %", "finetune": "finetune"}
RAW = {"logistic regression": "logistic", "1-NN standardised": "nearest", "1-NN in metres": "nearest_metres"}


def minutes(found: Iterable[Result]) -> str:
    """Of those that did not compute their control too."""
    seconds = [one.seconds for one in found if one.control.taken_from]
    return f"{mean(seconds) / 60:.1f}" if seconds else ""


class Compared:
    """Every result there is of the trials, and what the page says of them."""

    def __init__(self, bench: Bench, trials: Sequence[Trial]) -> None:
        self.bench = bench
        self.results: dict[tuple[Trial, str, str], Result] = {}
        for trial in trials:
            for name in trial.tests:
                for protocol in PROTOCOLS if trial.stream == "joint" else FROZEN:
                    result = bench.results(trial, name, protocol)
                    if result is not None:
                        self.results[trial, name, protocol] = result

    def of(self, name: str, method: str, protocol: str) -> dict[Trial, Result]:
        """Results of the joint stream by pretraining."""
        return {
            trial: result
            for (trial, *what), result in self.results.items()
            if (trial.method, trial.stream, *what) == (method, "joint", name, protocol)
        }

    def top1(self, name: str, method: str, protocol: str) -> list[float]:
        return [one.last.top1 for one in self.of(name, method, protocol).values()]

    def control(self, name: str, protocol: str) -> list[float]:
        """Top 1 of the control, for each split; the highest where runs have several.

        Where the network learns, on one split, of each of several random encoders.
        """
        by_split: dict[str, float] = {}
        for method in METHODS:
            for one in self.of(name, method, protocol).values():
                by_split[one.split] = max(by_split.get(one.split, 0.0), one.control.top1)
        others = range(1, SEEDS) if protocol in TUNED and len(SETS[name].splits) == 1 else ()
        more = [self.bench.untrained(name, protocol, seed) for seed in others]
        return [*by_split.values(), *(one.last.top1 for one in more if one is not None)]

    def section(self, name: str) -> list[str]:
        """One set: every method by every protocol, control, supervised, raw poses."""
        methods = [method for method in METHODS if self.of(name, method, "knn")]
        first = next(iter(self.of(name, methods[0], "knn").values()))
        lines = [
            f"## {SETS[name].title}",
            "",
            f"{first.train_clips} training and {first.test_clips} test clips of {first.classes} classes"
            + (" in the first fold; each fold has its own pretraining." if len(SETS[name].splits) > 1 else "."),
            "",
            f"| | {' | '.join(COLUMNS.values())} | pretrainings | minutes of one | minutes of a finetune |",
            "|---|" + "---|" * (len(COLUMNS) + 3),
        ]
        for method in methods:
            cells = [spread(self.top1(name, method, protocol)) for protocol in PROTOCOLS]
            times = [trained(trial.run(self.bench.work)).minutes for trial in self.of(name, method, "knn")]
            tuning = minutes(self.of(name, method, "finetune").values())
            label = f"{METHODS[method]}, joint" if method in TOGETHER else METHODS[method]
            lines.append(f"| {label} | {' | '.join(cells)} | {len(times)} | {mean(times):.1f} | {tuning} |")
        cells = [spread(self.control(name, protocol)) for protocol in PROTOCOLS]
        lines.append(f"| control | {' | '.join(cells)} | | | |")
        scratch = self.supervised(name)
        lines.append(f"| supervised | | | | {spread([one.last.top1 for one in scratch])} | | | |")
        raw = [baseline(Store.open(self.bench.stores[name]), split, heading=True) for split in SETS[name].splits]
        figures = [f"{what} {spread([getattr(one, kind) for one in raw])}" for what, kind in RAW.items()]
        return [*lines, "", f"Raw poses turned to face one way, nothing learned of them: {', '.join(figures)}.", ""]

    def supervised(self, name: str, stream: str | None = None) -> list[Result]:
        """The network of SkeletonCLR's first run, from random weights; a training for each split."""
        found = []
        for number, split in enumerate(SETS[name].splits):
            run = Trial("skeletonclr", "joint", "sbu" if name == "sbu" else "pooled", number).run(self.bench.work)
            found.append(self.bench.scored("supervised", run, name, split, 1, stream))
        return [one for one in found if one is not None]

    def below(self) -> list[str]:
        """Where a method does not beat its control; then all beside SkeletonCLR, pretraining by pretraining."""
        lines = []
        for name, method, protocol in product(SETS, METHODS, PROTOCOLS):
            found = self.top1(name, method, protocol)
            if found and mean(found) <= (floor := mean(self.control(name, protocol))):
                what = f"{METHODS[method]}, {SETS[name].title.split(',')[0]}, {COLUMNS[protocol]}"
                lines.append(f"- {what}: {mean(found):.1f} does not beat its control, {floor:.1f}.")
        lines += [
            *([] if lines else ["Every method beats its control everywhere."]),
            "",
            "Points above SkeletonCLR with the same seed or fold, mean ± standard deviation (in how many it is above):",
            "",
            f"| | | {' | '.join(COLUMNS.values())} |",
            "|---|---|" + "---|" * len(COLUMNS),
        ]
        for name, method in product(SETS, list(METHODS)[1:]):
            if self.of(name, method, "knn"):
                cells = [self.gain(name, method, protocol) for protocol in PROTOCOLS]
                lines.append(f"| {METHODS[method]} | {SETS[name].title.split(',')[0]} | {' | '.join(cells)} |")
        return lines

    def gain(self, name: str, method: str, protocol: str) -> str:
        """Differences to SkeletonCLR, in words."""
        plain = {trial.number: one.last.top1 for trial, one in self.of(name, "skeletonclr", protocol).items()}
        found = {trial.number: one.last.top1 for trial, one in self.of(name, method, protocol).items()}
        points = [found[number] - plain[number] for number in found if number in plain]
        if not points:
            return "not run"
        return f"{spread(points)} ({sum(point > 0 for point in points)} of {len(points)})"

    def picture(self, protocol: str) -> str:
        """A bar for each set and method, with the mark of its control (SVG)."""
        return result_bars(
            [
                Bar(
                    f"{METHODS[method]}, {SETS[name].title.split()[0]}", mean(found), mean(self.control(name, protocol))
                )
                for name in SETS
                for method in METHODS
                if (found := self.top1(name, method, protocol))
            ]
        )

    def streams(self) -> list[str]:
        """Each stream alone and all fused, of every method whose three streams are there."""
        lines = ["| | | joint | motion | bone | fused | pretrainings |", "|---|---|---|---|---|---|---|"]
        for method in METHODS:
            for name in SETS:
                for protocol in FROZEN:
                    trials = self.of(name, method, protocol)
                    rows = [row for trial in trials if (row := self.three(trial, name, protocol))]
                    if rows:
                        cells = [spread(column) for column in zip(*rows, strict=True)]
                        title = f"{SETS[name].title.split(',')[0]}, {COLUMNS[protocol]}"
                        lines.append(f"| {METHODS[method]} | {title} | {' | '.join(cells)} | {len(rows)} |")
        run = Trial("skeletonclr", "joint", "pooled", 0).run(self.bench.work)
        for name in POOLED:
            alone = [one for stream in (None, *STREAMS[1:]) for one in self.supervised(name, stream)]
            if len(alone) == len(STREAMS):
                cells = [f"{top1:.1f}" for top1 in with_fused([run] * len(STREAMS), alone)]
                lines.append(f"| supervised | {SETS[name].title} | {' | '.join(cells)} | |")
        return [*lines, ""]

    def three(self, trial: Trial, name: str, protocol: str) -> list[float]:
        """Top 1 of a joint trial, of its two other streams and of all fused; empty where one is not there."""
        trials = [trial._replace(stream=stream) for stream in STREAMS]
        results = {one: self.results[one, name, protocol] for one in trials if (one, name, protocol) in self.results}
        if len(results) < len(STREAMS):
            return []
        return with_fused([one.run(self.bench.work) for one in results], list(results.values()))


def with_fused(runs: Sequence[Path], results: Sequence[Result]) -> list[float]:
    """Top 1 of each stream, and of their scores fused."""
    files = [run / "evaluate" / f"{one.file_name}.json" for run, one in zip(runs, results, strict=True)]
    return [*(one.last.top1 for one in results), fuse(files)[0].last.top1]

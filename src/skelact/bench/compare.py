"""Times the variants of a work in turn: first the plain one, which ratios refer to, then ours."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import Any, Literal

import torch

from skelact.config import Config
from skelact.system.allocator import kept_memory


@dataclass(frozen=True)
class Part:
    """Something that can be run and timed repeatedly."""

    run: Callable[[], Any]
    times: float = 1.0
    """How many such runs the work needs. Other than 1: the time of the work is extrapolated."""


@dataclass(frozen=True)
class Variant:
    """One way of doing a work. Allocates nothing before `build`, so that a process can hold one variant only."""

    name: str
    build: Callable[[], tuple[Part, ...]]
    precision: Literal["float32", "bf16"] = "float32"
    keeps_memory: bool = False
    """Run within `kept_memory`, as our commands do. Each turn then begins with an untimed run."""


@dataclass(frozen=True)
class Comparison:
    """A work with its plain variant and ours."""

    work: str
    title: str
    unit: str
    """What `amount` counts: clips, files, queries."""
    amount: int
    plain: Variant
    ours: tuple[Variant, ...]
    flop: Callable[[], float] | None = None
    """Arithmetic operations of the plain variant. Every variant's share of the ceiling uses this number."""
    bytes: int | None = None
    """Bytes that every variant must read and write."""
    agreement: Callable[[], dict[str, float]] | None = None
    """Differences between our results and the plain ones, by name."""

    @property
    def variants(self) -> tuple[Variant, ...]:
        return (self.plain, *self.ours)


class Spread(Config):
    """Median, lowest and highest value over the rounds."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: list[float]) -> "Spread":
        return cls(median=median(values), low=min(values), high=max(values))


def seconds(run: Callable[[], Any], device: torch.device, repeats: int = 1) -> float:
    """Seconds of one run, as the mean of `repeats` runs without a pause. On a GPU, measured by its clock."""
    if device.type == "cuda":
        begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        torch.cuda.synchronize(device)
        begin.record()
        for _ in range(repeats):
            run()
        end.record()
        end.synchronize()
        return begin.elapsed_time(end) / 1000 / repeats
    start = time.perf_counter()
    for _ in range(repeats):
        run()
    return (time.perf_counter() - start) / repeats


def repeats_for(run: Callable[[], Any], device: torch.device, least: float) -> int:
    """Number of runs that together take `least` seconds. Runs once or twice to warm up."""
    once = seconds(run, device)
    if once < 1:  # the first run also did one-time work
        once = seconds(run, device)
    return max(1, math.ceil(least / max(once, 1e-6)))


@dataclass(frozen=True)
class Times:
    """Seconds that a variant took for the whole work, in every round."""

    rounds: list[float]
    extrapolated: bool


def interleaved(
    comparison: Comparison, rounds: int, least: float, device: torch.device, say: Callable[[str], None]
) -> list[Times]:
    """Times of every variant. Each has its turn in every round, so that a slowdown of the machine affects all."""
    say(f"{comparison.title}: warming up")
    built = [variant.build() for variant in comparison.variants]
    repeats = [[repeats_for(part.run, device, least) for part in parts] for parts in built]
    taken: list[list[float]] = [[] for _ in built]
    for number in range(rounds):
        for variant, parts, counts, times in zip(comparison.variants, built, repeats, taken, strict=True):
            say(f"{comparison.title}: round {number + 1} of {rounds}, {variant.name}")
            times.append(_turn(variant, parts, counts, device))
    return [
        Times(times, extrapolated=any(part.times != 1 for part in parts))
        for times, parts in zip(taken, built, strict=True)
    ]


def _turn(variant: Variant, parts: tuple[Part, ...], repeats: list[int], device: torch.device) -> float:
    """Seconds for the work, for one variant in one round."""
    total = 0.0
    for part, count in zip(parts, repeats, strict=True):
        with kept_memory(variant.keeps_memory) as kept:
            if kept:  # the last turn returned free memory to the system when it ended
                part.run()
            total += part.times * seconds(part.run, device, count)
    return total

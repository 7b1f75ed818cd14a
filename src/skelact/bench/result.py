"""Results of `skelact bench`, their JSON and their table."""

import sys
from typing import Any

from rich.console import Console
from rich.table import Table

from skelact.bench.ceilings import Ceilings
from skelact.bench.compare import Comparison, Spread, Times
from skelact.bench.config import BenchConfig
from skelact.config import Config
from skelact.system.terminal import Terminal


class Row(Config):
    """Result of one variant."""

    name: str
    precision: str
    seconds: Spread
    """Seconds for the whole work."""
    rounds: tuple[float, ...]
    """Seconds in each round."""
    extrapolated: bool
    """Whether the time is extrapolated from a smaller run."""
    rate: float
    """Amount per second, at the median time."""
    arithmetic_share: float | None = None
    """Arithmetic of the plain variant per second of this one, as a share of the ceiling."""
    copy_share: float | None = None
    peak_bytes: int | None = None
    ratio: Spread | None = None
    """Speed relative to the plain variant, round by round; None for the plain variant itself."""


class BenchResult(Config):
    """Results of one comparison."""

    work: str
    title: str
    unit: str
    amount: int
    flop: float | None = None
    bytes: int | None = None
    rows: tuple[Row, ...]
    agreement: dict[str, float]


class Report(Config):
    """All results of one `skelact bench`, with machine and settings."""

    skelact: str
    date: str
    machine: dict[str, Any]
    device: str
    settings: dict[str, str]
    """Environment variables that affect allocator, threads or native code."""
    native: str
    """"used", or why native code was not used."""
    load_before: float | None = None
    """Load average of the last minute, before measuring."""
    load_after: float | None = None
    warnings: tuple[str, ...]
    config: BenchConfig
    ceilings: Ceilings
    measured: tuple[BenchResult, ...]


def result_of(comparison: Comparison, taken: list[Times], peaks: list[int | None], best: Ceilings) -> BenchResult:
    """Results of a comparison from times and peak memory of its variants, the plain one first."""
    flop = comparison.flop() if comparison.flop else None
    rows = []
    for index, (variant, times) in enumerate(zip(comparison.variants, taken, strict=True)):
        spread = Spread.of(times.rounds)
        ratios = [plain / ours for plain, ours in zip(taken[0].rounds, times.rounds, strict=True)]
        arithmetic = best.arithmetic(variant.precision)
        rows.append(
            Row(
                name=variant.name,
                precision=variant.precision,
                seconds=spread,
                rounds=tuple(times.rounds),
                extrapolated=times.extrapolated,
                rate=comparison.amount / spread.median,
                arithmetic_share=flop / spread.median / arithmetic if flop else None,
                copy_share=comparison.bytes / spread.median / best.copy_rate if comparison.bytes else None,
                peak_bytes=peaks[index],
                ratio=Spread.of(ratios) if index else None,
            )
        )
    return BenchResult(
        work=comparison.work,
        title=comparison.title,
        unit=comparison.unit,
        amount=comparison.amount,
        flop=flop,
        bytes=comparison.bytes,
        rows=tuple(rows),
        agreement=comparison.agreement() if comparison.agreement else {},
    )


def show(report: Report, console: Console | None = None) -> None:
    """Print the tables of a report (default: to standard output)."""
    console = console or Terminal(width=None if sys.stdout.isatty() else 150, highlight=False, markup=False)
    best, machine = report.ceilings, report.machine
    console.print(
        f"{machine['processor']}, {machine['cores']} cores, {machine['threads']} threads, on {report.device}; "
        f"torch {machine['torch']}, skelact {report.skelact}, {report.date}"
    )
    console.print(
        f"ceilings: float32 convolution {best.float32_convolution / 1e9:.0f}, product "
        f"{best.float32_product / 1e9:.0f}; bf16 convolution {best.bf16_convolution / 1e9:.0f}, product "
        f"{best.bf16_product / 1e9:.0f} GFLOP/s; copy {best.copy_rate / 1e9:.1f} GB/s"
    )
    console.print(f"native code: {report.native}")
    for one in report.measured:
        console.print(_table(one))
        for what, value in one.agreement.items():
            console.print(f"  {what}: {value:.2g}")
    for warning in report.warnings:
        console.print("[yellow]warning:[/yellow]", end=" ", markup=True)
        console.print(warning)


def _table(one: BenchResult) -> Table:
    made = Table(title=one.title, title_justify="left")
    made.add_column("variant", no_wrap=True)
    for name in ("seconds", f"{one.unit}/s", "of arithmetic", "of copy", "peak", "times the plain"):
        made.add_column(name, justify="right", no_wrap=True)
    for row in one.rows:
        made.add_row(
            row.name,
            ("≈ " if row.extrapolated else "") + _spread(row.seconds),
            f"{row.rate:,.0f}" if row.rate >= 100 else f"{row.rate:.3g}",
            _share(row.arithmetic_share),
            _share(row.copy_share),
            f"{row.peak_bytes / 2**30:.2f} GiB" if row.peak_bytes is not None else "",
            f"{_spread(row.ratio)} x" if row.ratio else "",
        )
    if any(row.extrapolated for row in one.rows):
        made.caption = "≈ extrapolated from a smaller run (docs/performance.md)"
    return made


def _spread(spread: Spread) -> str:
    return f"{_number(spread.median)} ({_number(spread.low)}..{_number(spread.high)})"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"


def _share(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.1f} %"

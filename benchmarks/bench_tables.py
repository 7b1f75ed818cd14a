"""The tables of docs/performance.md from what `skelact bench --json FILE` wrote.

python benchmarks/bench_tables.py build/bench.json build/bench-allocator.json
"""

import sys
from pathlib import Path

from skelact.bench.compare import Spread
from skelact.bench.result import BenchResult, Report, Row

HEAD = "| work | variant | seconds | a second | of arithmetic | peak | times the plain |\n|---|---|---|---|---|---|---|"


def number(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"


def spread(found: Spread) -> str:
    return f"{number(found.median)} ({number(found.low)}..{number(found.high)})"


def line(one: BenchResult, row: Row) -> str:
    return " | ".join(
        (
            f"| {one.title}" if row is one.rows[0] else "| ",
            row.name,
            ("≈ " if row.extrapolated else "") + spread(row.seconds),
            f"{number(row.rate)} {one.unit}",
            f"{100 * row.arithmetic_share:.0f} %" if row.arithmetic_share is not None else "",
            f"{row.peak_bytes / 2**30:.2f} GiB" if row.peak_bytes is not None else "",
            f"**{number(row.ratio.median)}** {spread(row.ratio).split(maxsplit=1)[1]} |" if row.ratio else "|",
        )
    )


def section(report: Report) -> str:
    best, on = report.ceilings, report.machine
    lines = [
        f"{on['processor']}, {on['cores']} cores, {on['threads']} threads, {report.device}, torch {on['torch']}, "
        f"{report.date}; load {report.load_before:.2f} before, {report.load_after:.2f} after; ceilings: float32 "
        f"{best.arithmetic('float32') / 1e9:.0f}, bf16 {best.arithmetic('bf16') / 1e9:.0f} GFLOP/s, copy "
        f"{best.copy_rate / 1e9:.0f} GB/s"
        + "".join(
            f"; `{name}={value}`" for name, value in report.settings.items() if name.startswith(("MALLOC_", "OMP_"))
        ),
        "",
        HEAD,
        *(line(one, row) for one in report.measured for row in one.rows),
        "",
    ]
    agreement = [f"{what} {value:.2g}" for one in report.measured for what, value in one.agreement.items()]
    return "\n".join(
        [*lines, "Differences to the plain result: " + "; ".join(agreement) + ".\n"] if agreement else lines
    )


def main() -> None:
    for path in sys.argv[1:]:
        print(section(Report.model_validate_json(Path(path).read_text(encoding="utf-8"))))


if __name__ == "__main__":
    main()

"""Runs `skelact bench`: ceilings, then each work in interleaved rounds, then the memory of each variant."""

import os
import tempfile
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import torch

from skelact import __version__
from skelact.bench.ceilings import ceilings
from skelact.bench.compare import Comparison, interleaved
from skelact.bench.config import WORKS, BenchConfig
from skelact.bench.memory import peak_bytes
from skelact.bench.result import BenchResult, Report, result_of
from skelact.bench.works import comparisons, device_for
from skelact.system import native, processor
from skelact.system.world import SkelactError, machine

QUIET = 0.3
"""Above this load average there is a warning: other programs are running."""
ENOUGH_ROUNDS = 5
LARGEST_ERROR = 1e-3
"""Largest relative L2 error of float32 gradients and features without a warning."""
_SETTINGS = (
    *("MALLOC_", "GLIBC_TUNABLES", "LD_PRELOAD", "OMP_", "KMP_", "MKL_", "ONEDNN_"),
    *("PYTORCH_", "TORCH", "SKELACT_"),
)


def bench(works: Sequence[str], config: BenchConfig, say: Callable[[str], None] = lambda text: None) -> Report:
    """Measure `works` (default: all) and report progress to `say`. SkelactError for an unknown work."""
    unknown = [work for work in works if work not in WORKS]
    if unknown:
        raise SkelactError(f"unknown work {unknown[0]!r}: expected one of {', '.join(WORKS)}")
    before = _load()
    device = device_for(config)
    say("ceilings of this machine")
    best = ceilings(config.ceiling, config.least_seconds, device)
    found: list[BenchResult] = []
    with tempfile.TemporaryDirectory() as folder:
        for work in works or WORKS:
            for number, comparison in enumerate(comparisons(work, config, device, Path(folder))):
                taken = interleaved(comparison, config.rounds, config.least_seconds, device, say)
                peaks = _peaks(config, comparison, number, say)
                say(f"{comparison.title}: agreement")
                found.append(result_of(comparison, taken, peaks, best))
    return Report(
        skelact=__version__,
        date=datetime.now(UTC).isoformat(timespec="seconds"),
        machine=machine(),
        device=str(device),
        settings={name: value for name, value in sorted(os.environ.items()) if name.startswith(_SETTINGS)},
        native=native.state(),
        load_before=before,
        load_after=_load(),
        warnings=tuple(_warnings(config, before, found, device)),
        config=config,
        ceilings=best,
        measured=tuple(found),
    )


def _peaks(config: BenchConfig, comparison: Comparison, number: int, say: Callable[[str], None]) -> list[int | None]:
    peaks: list[int | None] = []
    for index, variant in enumerate(comparison.variants):
        say(f"{comparison.title}: memory of {variant.name}")
        peaks.append(peak_bytes(config, comparison.work, number, index) if config.memory else None)
    return peaks


def _load() -> float | None:
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else None


def _warnings(config: BenchConfig, load: float | None, found: list[BenchResult], device: torch.device) -> list[str]:
    warnings = []
    if slow := processor.doubt("bf16", device):
        warnings.append(slow)
    if load is not None and load > QUIET:
        warnings.append(
            f"the load average was {load:.2f} before measuring (expected at most {QUIET}): other programs were "
            f"running, so times, ratios and ceilings are not reliable"
        )
    if config.rounds < ENOUGH_ROUNDS:
        warnings.append(f"medians of {config.rounds} rounds; expected at least {ENOUGH_ROUNDS}")
    for one in found:
        for what, value in one.agreement.items():
            if "float32" in what and not value < LARGEST_ERROR:
                warnings.append(f"{one.work}: {what} is {value:.2g}; expected below {LARGEST_ERROR:g}")
    return warnings

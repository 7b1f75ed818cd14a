"""Reading damaged files in child processes with limits on time and memory, and what came of it."""

import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

FORMATS = (
    *("ntu", "ucla", "utd", "sbu", "pku", "msr", "utkinect", "florence", "kard", "bvh"),
    *("arrays", "position", "ctrgcn", "pyskl"),
)
HOSTILE_FORMATS = ("pyskl", "position")
"""Formats that hold pickles."""
SLACK = 64 * 2**20
"""Bytes of memory that a file may take beyond twice its size."""
LIMIT, START = 60.0, 300.0
"""Seconds that a file, and the start of a child, may take on a busy machine."""


@dataclass
class Found:
    """What came of the tasks of one format."""

    tasks: int = 0
    read: int = 0
    refused: int = 0
    signals: list[str] = field(default_factory=list)
    hangs: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    """Exceptions that are no SkelactError, and messages that name no file or do not print."""
    over: list[str] = field(default_factory=list)
    """Files that took more memory than they may."""
    slowest: float = 0.0
    peak: int = 0
    """Bytes of memory beyond twice the file's size, at most."""

    @property
    def clean(self) -> bool:
        return not (self.signals or self.hangs or self.faults or self.over)

    @property
    def troubles(self) -> list[str]:
        return [*self.signals, *self.hangs, *self.faults, *self.over]


def run(tasks: Sequence[str], limit: float = LIMIT) -> dict[str, Found]:
    """Results by format, the first word of each task; a child that dies or hangs is followed by a new one."""
    found: dict[str, Found] = {task.split()[0]: Found() for task in tasks}
    left = list(tasks)
    while left:
        left = left[_one_child(left, found, limit) :]
    return found


def _one_child(tasks: Sequence[str], found: dict[str, Found], limit: float) -> int:
    """How many tasks a child did until it ended."""
    here = Path(__file__).parent
    with tempfile.TemporaryDirectory() as folder:
        child = subprocess.Popen(
            [sys.executable, str(here / "fuzz_child.py"), folder],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"OMP_NUM_THREADS": "1"},
        )
        assert child.stdin
        lines: queue.Queue[str] = queue.Queue()
        complaints: list[str] = []
        threads = [
            threading.Thread(target=_feed, args=(child, tasks), daemon=True),
            threading.Thread(target=_collect, args=(child.stdout, lines.put), daemon=True),
            threading.Thread(target=_collect, args=(child.stderr, complaints.append), daemon=True),
        ]
        for thread in threads:
            thread.start()
        try:
            if not _next(lines, child, START):
                child.kill()
                raise RuntimeError(f"the child did not start: {''.join(complaints)[-2000:]}")
            done = 0
            for task in tasks:
                if not _next(lines, child, START):  # that it begins
                    raise RuntimeError(f"the child ended between two tasks: {''.join(complaints)[-2000:]}")
                one, done = found[task.split()[0]], done + 1
                one.tasks += 1
                told = _next(lines, child, limit)
                if told is None and child.poll() is None:
                    one.hangs.append(f"{task}: no end after {limit:g} s")
                    break
                if told is None:
                    one.signals.append(f"{task}: ended with status {child.wait()}")
                    break
                _count(one, task, told)
            return done
        finally:
            child.kill()
            child.wait()
            for thread in threads:
                thread.join()
            for pipe in (child.stdin, child.stdout, child.stderr):
                if pipe:
                    try:
                        pipe.close()
                    except BrokenPipeError:
                        continue


def _count(one: Found, task: str, told: dict) -> None:
    outcome, beyond = told["outcome"], told["peak"] - 2 * told["size"]
    one.read += outcome == "read"
    one.refused += outcome.startswith("refused")
    if outcome.startswith("fault"):
        one.faults.append(f"{task}: {outcome}")
    if beyond > SLACK:
        one.over.append(f"{task}: {told['peak']} bytes of memory for a file of {told['size']}")
    one.slowest, one.peak = max(one.slowest, told["seconds"]), max(one.peak, beyond)


def _feed(child: subprocess.Popen, tasks: Sequence[str]) -> None:
    try:
        for task in tasks:
            child.stdin.write(task + "\n")  # type: ignore[union-attr]
        child.stdin.close()  # type: ignore[union-attr]
    except (BrokenPipeError, ValueError):
        return


def _collect(pipe: Iterator[str], take) -> None:
    for line in pipe:
        take(line)


def _next(lines: queue.Queue[str], child: subprocess.Popen, limit: float) -> dict | None:
    """The next line of the child; None if it has died, or writes none within so many seconds."""
    waited = 0.0
    while waited < limit:
        try:
            return json.loads(lines.get(timeout=0.5))
        except queue.Empty:
            waited += 0.5
            if child.poll() is not None and lines.empty():
                return None
    return None


def tasks_of(formats: Sequence[str], mutations: int, seed: int = 0) -> list[str]:
    """So many tasks in all, the formats one after another."""
    share = -(-mutations // len(formats))
    return [f"{name} {number}" for name in formats for number in range(seed, seed + share)][:mutations]


def table(found: dict[str, Found]) -> str:
    heads = ("format", "files", "read", "refused", "signals", "hangs", "faults", "memory", "slowest s", "MB beyond 2x")
    lines = ["".join(f"{head:>14}" for head in heads)]
    for name, one in found.items():
        counts = (one.tasks, one.read, one.refused, *map(len, (one.signals, one.hangs, one.faults, one.over)))
        numbers = (*counts, f"{one.slowest:.2f}", f"{one.peak / 2**20:.1f}")
        lines.append("".join(f"{value:>14}" for value in (name[:13], *numbers)))
    return "\n".join(lines)

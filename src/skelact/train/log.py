"""What a run tells: JSON lines, TensorBoard, a progress bar."""

import json
import math
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from skelact.world import atomic_file


class Log:
    """Metrics of one run, from step `start` on; what an earlier process wrote beyond it is dropped, as it is redone."""

    def __init__(self, folder: Path, start: int, total: int, console: Console):
        self._lines = folder / "metrics.jsonl"
        self._keep_before(start)
        self._file = open(self._lines, "a", encoding="utf-8")  # noqa: SIM115 (closed by __exit__)
        self._board = _board(folder / "tensorboard", start, console)
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("steps  {task.fields[rate]}"),
            TimeElapsedColumn(),
            TextColumn("elapsed,"),
            TimeRemainingColumn(),
            TextColumn("left"),
            console=console,
        )
        self._task = self._bar.add_task("training", total=total, completed=start, rate="")

    def __enter__(self) -> "Log":
        self._bar.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._bar.stop()
        self._file.close()
        if self._board is not None:
            self._board.close()

    def write(self, step: int, epoch: int, values: dict[str, Any]) -> None:
        """One line of metrics; numbers that are not finite become null, which is valid JSON."""
        clean = {key: None if isinstance(v, float) and not math.isfinite(v) else v for key, v in values.items()}
        self._file.write(json.dumps({"step": step, "epoch": epoch, **clean}) + "\n")
        self._file.flush()
        if self._board is not None:
            for key, value in clean.items():
                if isinstance(value, int | float):
                    self._board.add_scalar(key, value, step)

    def advance(self, step: int, description: str, rate: str) -> None:
        """Move the progress bar to `step`."""
        self._bar.update(self._task, completed=step, description=description, rate=rate)

    def say(self, text: str) -> None:
        """A message above the progress bar."""
        self._bar.console.print(text, highlight=False)

    def _keep_before(self, start: int) -> None:
        if not self._lines.exists():
            return
        kept = []
        for line in self._lines.read_text(encoding="utf-8").splitlines() if start else []:
            try:
                if json.loads(line)["step"] <= start:
                    kept.append(line + "\n")
            except (json.JSONDecodeError, KeyError, TypeError):
                continue  # the line that a killed process left unfinished
        with atomic_file(self._lines) as temporary:
            temporary.write_text("".join(kept), encoding="utf-8")


class Silence(Log):
    """What a process other than the first tells: nothing."""

    def __init__(self) -> None:
        pass

    def __enter__(self) -> "Log":
        return self

    def __exit__(self, *error: object) -> None:
        pass

    def write(self, step: int, epoch: int, values: dict[str, Any]) -> None:
        """Nothing."""

    def advance(self, step: int, description: str, rate: str) -> None:
        """Nothing."""

    def say(self, text: str) -> None:
        """Nothing."""


def _board(folder: Path, start: int, console: Console) -> Any:
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        text = "TensorBoard is not installed (pip install tensorboard): metrics.jsonl only"
        console.print(text, markup=False)
        return None
    return SummaryWriter(str(folder), purge_step=start + 1)

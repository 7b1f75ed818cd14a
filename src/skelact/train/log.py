"""The log of a run: JSON lines, TensorBoard, a progress bar."""

import contextlib
import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from skelact.world import SkelactError, write_bytes


class Log:
    """Metrics of one run, from step `start` on; what an earlier process wrote beyond it is dropped, as it is redone."""

    def __init__(self, folder: Path, start: int, total: int, console: Console):
        self._lines = folder / "metrics.jsonl"
        self._keep_before(start)
        # Without a buffer, a full disk is an error at once, and not again when the file is closed.
        self._file = open(self._lines, "ab", buffering=0)  # noqa: SIM115 (closed by __exit__)
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
            with self._explained(self._lines.parent / "tensorboard"):
                self._board.close()

    def write(self, step: int, epoch: int, values: dict[str, Any]) -> None:
        """One line of metrics; numbers that are not finite become null, which is valid JSON.

        SkelactError where it cannot be written, as on a full disk.
        """
        clean = {key: None if isinstance(v, float) and not math.isfinite(v) else v for key, v in values.items()}
        with self._explained(self._lines):
            line = (json.dumps({"step": step, "epoch": epoch, **clean}) + "\n").encode()
            while line:
                line = line[self._file.write(line) :]
        if self._board is not None:
            with self._explained(self._lines.parent / "tensorboard"):
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
        if not self._lines.is_file():
            raise SkelactError(f"{self._lines}: expected the log of this run, found no file; move it away")
        kept = []
        for line in self._lines.read_bytes().split(b"\n") if start else []:
            try:
                if json.loads(line.decode("utf-8"))["step"] <= start:
                    kept.append(line + b"\n")
            except (ValueError, LookupError, TypeError, RecursionError):
                continue  # the line that a killed process left unfinished, or a damaged one
        write_bytes(self._lines, b"".join(kept))

    @staticmethod
    @contextlib.contextmanager
    def _explained(path: Path) -> Iterator[None]:
        """Inside, an OSError, as of a full disk, is a SkelactError that names the file."""
        try:
            yield
        except OSError as error:
            raise SkelactError(f"{path}: not written: {error.strerror or error}") from error


class Silence(Log):
    """The log of a process other than the first: nothing."""

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

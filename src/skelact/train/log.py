"""The log of a run: JSON lines, TensorBoard, a progress bar."""

import contextlib
import json
import math
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from skelact.data.progress import RateColumn
from skelact.runs import RunFolder
from skelact.system.world import SkelactError, write_bytes

_CRC = b', "crc32": "%08x"}'


def written(values: dict[str, Any]) -> bytes:
    """A line of the log: a JSON object of at least one value, at its end the CRC-32 of all that stands before."""
    start = json.dumps(values).removesuffix("}").encode()
    return start + _CRC % zlib.crc32(start) + b"\n"


def read(line: bytes) -> dict[str, Any]:
    """The values of a line, given without its line break. Lines of earlier versions have no CRC-32 and are accepted.

    ValueError: the line is damaged, or no line of a log.
    """
    try:
        values = json.loads(line.decode("utf-8"))
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if not isinstance(values, dict) or type(values.get("step")) is not int:
        raise ValueError("expected an object with a whole number 'step'")
    start = line[: -len(_CRC % 0)]
    if values.pop("crc32", None) is not None and line != start + _CRC % zlib.crc32(start):
        raise ValueError("damaged: not as it was written (its crc32 is another)")
    return values


class Log:
    """Metrics of one run. Lines after step `start` are dropped, because those steps are trained again."""

    def __init__(self, folder: Path, start: int, total: int, console: Console):
        self._run = RunFolder(folder)
        self._lines = self._run.log
        self._keep_before(start, console)
        # Without a buffer, a full disk is an error at once, and not again when the file is closed.
        self._file = open(self._lines, "ab", buffering=0)  # noqa: SIM115 (closed by __exit__)
        self._board = _board(self._run, start, console)
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("steps "),
            RateColumn(),
            TimeElapsedColumn(),
            TextColumn("elapsed,"),
            TimeRemainingColumn(),
            TextColumn("left"),
            console=console,
        )
        self._task = self._bar.add_task("training", total=total, completed=start, rate=0.0)

    def __enter__(self) -> "Log":
        self._bar.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._bar.stop()
        self._file.close()
        if self._board is not None:
            with self._explained(self._run.tensorboard):
                self._board.close()

    def write(self, step: int, epoch: int, values: dict[str, Any]) -> None:
        """One line of metrics; numbers that are not finite become null, which is valid JSON.

        SkelactError where it cannot be written, as on a full disk.
        """
        clean = {key: None if isinstance(v, float) and not math.isfinite(v) else v for key, v in values.items()}
        with self._explained(self._lines):
            line = written({"step": step, "epoch": epoch, **clean})
            while line:
                line = line[self._file.write(line) :]
        if self._board is not None:
            with self._explained(self._run.tensorboard):
                for key, value in clean.items():
                    if isinstance(value, int | float):
                        self._board.add_scalar(key, value, step)

    def advance(self, step: int, description: str, rate: float) -> None:
        """Move the progress bar to `step`; `rate` is in clips a second."""
        self._bar.update(self._task, completed=step, description=description, rate=rate)

    def say(self, text: str) -> None:
        """A message above the progress bar."""
        self._bar.console.print(text, highlight=False)

    def _keep_before(self, start: int, console: Console) -> None:
        if not self._lines.exists():
            return
        if not self._lines.is_file():
            raise SkelactError(f"{self._lines}: expected the log of this run, found no file; move it away")
        kept, damaged = [], []
        *whole, unfinished = self._lines.read_bytes().split(b"\n") if start else [b""]
        for number, line in enumerate((*whole, unfinished), start=1):
            try:
                if read(line)["step"] <= start:
                    kept.append(line + b"\n")
            except ValueError:
                if number <= len(whole):  # else what a killed process left
                    damaged.append(str(number))
        if damaged:
            shown = ", ".join(damaged[:5]) + (", ..." if len(damaged) > 5 else "")
            console.print(f"{self._lines}: damaged lines are left out: {shown}", markup=False)
        write_bytes(self._lines, b"".join(kept))

    @staticmethod
    @contextlib.contextmanager
    def _explained(path: Path) -> Iterator[None]:
        """Turns an OSError, such as a full disk, into a SkelactError that names the file."""
        try:
            yield
        except OSError as error:
            raise SkelactError(f"{path}: not written: {error.strerror or error}") from error


class Silence(Log):
    """The log of every process but the first: writes nothing."""

    def __init__(self) -> None:
        pass

    def __enter__(self) -> "Log":
        return self

    def __exit__(self, *error: object) -> None:
        pass

    def write(self, step: int, epoch: int, values: dict[str, Any]) -> None:
        """Does nothing."""

    def advance(self, step: int, description: str, rate: float) -> None:
        """Does nothing."""

    def say(self, text: str) -> None:
        """Does nothing."""


def _board(run: RunFolder, start: int, console: Console) -> Any:
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        text = f"TensorBoard is not installed (pip install tensorboard): {run.log.name} only"
        console.print(text, markup=False)
        return None
    return SummaryWriter(str(run.tensorboard), purge_step=start + 1)

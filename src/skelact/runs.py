"""A run folder: where everything that belongs to a run lies, and what its configuration says."""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from skelact import __version__
from skelact.config import OLD_NAMES, STREAMS, Stream
from skelact.system.alone import alone
from skelact.system.world import machine, read_json, write_json


@dataclass(frozen=True)
class RunFolder:
    """The files of a run, whether they are there or not. Results about an encoder file lie in a folder alike, without
    a configuration."""

    path: Path

    @property
    def config(self) -> Path:
        """What the run is, in JSON: a folder without it is no run."""
        return self.path / "config.json"

    @property
    def is_run(self) -> bool:
        """Whether there is a run in the folder."""
        return self.config.is_file()

    @property
    def checkpoint(self) -> Path:
        """The whole state of the training."""
        return self.path / "checkpoints" / "last.pt"

    @property
    def log(self) -> Path:
        """Losses and what else was measured in training, an object in JSON a line."""
        return self.path / "metrics.jsonl"

    @property
    def tensorboard(self) -> Path:
        """Folder of the same log for TensorBoard."""
        return self.path / "tensorboard"

    @property
    def results(self) -> Path:
        """Folder of evaluations."""
        return self.path / "evaluate"

    @property
    def features(self) -> Path:
        """Folder of features, which are kept so that they need not be computed again."""
        return self.path / "features"

    @property
    def lock(self) -> Path:
        """Locked while a process trains in the folder, and gone when none does."""
        return self.path / ".skelact.lock"

    def encoder(self, stream: Stream | None = None) -> Path:
        """The encoder; with `stream`, that of one stream where the run learned several together."""
        return self.path / (f"encoder-{stream}.safetensors" if stream else "encoder.safetensors")

    @property
    def streams(self) -> tuple[Stream, ...]:
        """Streams that the run learned together, an encoder file each; empty for a run of one encoder."""
        return tuple(stream for stream in STREAMS if self.encoder(stream).exists())

    def has_encoder(self, path: Path) -> bool:
        """Whether `path` is one of the run's own encoders."""
        return self.is_run and path in {self.encoder(stream) for stream in (None, *STREAMS)}

    def subset(self, result: str, seed: int) -> Path:
        """The clips that kept their label for a seed of the result of that name."""
        return self.results / f"{result}-seed{seed}.csv"

    def alone(self) -> AbstractContextManager[None]:
        """Inside, no other process is let into the folder, which is made. SkelactError where another one is in it."""
        return alone(self.path, self.lock)

    def read_config(self) -> dict[str, Any]:
        """What `config` holds, of this version or an earlier one, under the names of this one.

        SkelactError: not readable, not a JSON object, not as it was sealed.
        """
        values = read_json(self.config)
        inner = values.get("config")
        if isinstance(inner, dict):
            values["config"] = {
                OLD_NAMES[name] if name in OLD_NAMES and OLD_NAMES[name] not in inner else name: held
                for name, held in inner.items()
            }
        return values

    def write_config(self, values: dict[str, Any]) -> None:
        """Write `config`: these values, and with what, when and on which machine the run was started. SkelactError
        where it cannot be written."""
        started = datetime.now(UTC).isoformat(timespec="seconds")
        write_json(
            self.config, {"skelact": __version__, "started": started, "machine": machine(), **values}, sealed=True
        )

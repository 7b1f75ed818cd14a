"""Reading a run folder: configuration, log and evaluations, all checked."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, Integer, Shaped

from skelact.evaluation.reading import read_result
from skelact.evaluation.results.files import read_scores
from skelact.evaluation.results.identity import expect_run
from skelact.evaluation.results.outcome import Classified, Evaluation
from skelact.runs import RunFolder
from skelact.system.terminal import tell
from skelact.system.world import SkelactError
from skelact.train.log import read


@dataclass(frozen=True)
class Predictions:
    """What the npz beside an evaluation holds for the n test clips."""

    names: Shaped[np.ndarray, "n"]
    labels: Integer[np.ndarray, "n"]
    scores: Float[np.ndarray, "n k"]

    @cached_property
    def best(self) -> np.ndarray:
        """Predicted class of each clip."""
        return self.scores.argmax(axis=1)


@dataclass(frozen=True)
class Run:
    """One run folder."""

    path: Path
    name: str
    config: dict[str, Any]
    metrics: tuple[dict[str, Any], ...]
    evaluations: dict[Path, Evaluation]

    @property
    def stages(self) -> list[Any]:
        """Configurations of its stages, in order."""
        first = self.config.get("config") or {}
        return [first, *(first.get("then") or ())]

    def predictions(self, file: Path) -> Predictions | None:
        """The class scores beside the evaluation `file`, or None where there are none; a SkelactError for damaged
        ones."""
        beside = file.with_suffix(".npz")
        if not beside.exists() or not isinstance(self.evaluations.get(file), Classified):
            return None
        return Predictions(*read_scores(beside))


def read_run(path: Path) -> Run:
    """Read a run folder; a SkelactError names the file and the key that is missing or wrong."""
    expect_run(path)
    if not path.is_dir():
        raise SkelactError(f"{path}: expected a run folder, found a file")
    run = RunFolder(path)
    if not run.config.exists():
        raise SkelactError(f"{path}: not a run folder: it has no {run.config.name}")
    config = run.read_config()
    _check(run.config, config)
    files = sorted(run.results.glob("*.json"))
    name = path.resolve().name
    return Run(path, name, config, tuple(_lines(run.log)), {file: read_result(file) for file in files})


_TYPES: dict[str, tuple[type, ...]] = {
    "config": (dict,),
    "config.method": (dict,),
    "config.method.name": (str,),
    "config.method.streams": (list,),
    "config.method.bank": (int,),
    "config.stream": (str,),
    "config.then": (list,),
    "machine": (dict,),
    "stores": (list,),
}
"""Types of the settings that the page uses; other settings are only shown."""


def _check(path: Path, config: dict[str, Any]) -> None:
    """SkelactError for a value of another type than a run writes."""
    held: dict[str, Any] = {}
    for key in _TYPES:
        above, _, last = key.rpartition(".")
        held[key] = (held[above] if above else config).get(last) if above == "" or held[above] is not None else None
        if held[key] is not None and not isinstance(held[key], _TYPES[key]):
            wanted, found = _TYPES[key][0].__name__, type(held[key]).__name__
            raise SkelactError(f"{path}: key '{key}': expected {wanted}, found {found}")
    if (held["config.method.bank"] or 0) < 0:
        raise SkelactError(f"{path}: key 'config.method.bank': expected at least 0, found {held['config.method.bank']}")
    for index, store in enumerate(held["stores"] or []):
        if not isinstance(store, dict) or not all(isinstance(store.get(key, ""), str) for key in ("path", "split")):
            raise SkelactError(f"{path}: key 'stores[{index}]': expected an object with path and split, found another")
    for number, stage in enumerate(held["config.then"] or []):
        if not isinstance(stage, dict) or not isinstance(stage.get("epochs", 0), int):
            raise SkelactError(
                f"{path}: key 'config.then[{number}]': expected a stage with a whole number of epochs, found another"
            )
    if not all(isinstance(stream, str) for stream in held["config.method.streams"] or []):
        raise SkelactError(f"{path}: key 'config.method.streams': expected names of streams, found others")


def _lines(path: Path) -> list[dict[str, Any]]:
    """One object per line. The last line may be incomplete, because the run may still be training."""
    if not path.exists():
        return []
    if not path.is_file():
        raise SkelactError(f"{path}: expected the log of a run, found no file")
    lines = path.read_bytes().split(b"\n")
    unfinished = lines.pop()
    objects = []
    for number, line in enumerate(lines + [unfinished] * bool(unfinished), start=1):
        try:
            objects.append(read(line))
        except ValueError as error:
            if number > len(lines):
                tell(f"{path}:{number}: the last line is incomplete and is left out")
                break
            raise SkelactError(f"{path}:{number}: cannot be read as JSON: {error}; found {line[:80]!r}") from error
    return objects

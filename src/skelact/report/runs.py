"""What a run folder says: its configuration, its log and its evaluations, read once and checked."""

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, Integer, Shaped

from skelact.evaluate.identity import expect_run
from skelact.evaluate.result import AnyResult, Fused, Result, read_result, read_scores
from skelact.world import SkelactError, read_json


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
    evaluations: dict[Path, AnyResult]

    def predictions(self, file: Path) -> Predictions | None:
        """The class scores beside the evaluation `file`, or None where there are none; a SkelactError for damaged
        ones."""
        beside = file.with_suffix(".npz")
        if not beside.exists() or not isinstance(self.evaluations.get(file), Result | Fused):
            return None
        return Predictions(*read_scores(beside))


def read_run(path: Path) -> Run:
    """Read a run folder; a SkelactError names the file and the key that is missing or wrong."""
    expect_run(path)
    if not path.is_dir():
        raise SkelactError(f"{path}: expected a run folder, found a file")
    if not (path / "config.json").exists():
        raise SkelactError(f"{path}: not a run folder: it has no config.json")
    config = _config(path / "config.json")
    files = sorted((path / "evaluate").glob("*.json"))
    name = path.resolve().name
    return Run(path, name, config, tuple(_lines(path / "metrics.jsonl")), {file: read_result(file) for file in files})


def _config(path: Path) -> dict[str, Any]:
    """A run's configuration, whose parts are of the kinds that the page looks into."""
    config = read_json(path)
    for key, kind in (("config", dict), ("machine", dict), ("stores", list)):
        if not isinstance(config.get(key) or kind(), kind):
            raise SkelactError(f"{path}: key {key!r}: expected a JSON {kind.__name__}, found {config[key]!r:.80}")
    for store in config.get("stores") or []:
        if not isinstance(store, dict):
            raise SkelactError(f"{path}: key 'stores': expected an object a store, found {store!r:.80}")
    return config


def _lines(path: Path) -> list[dict[str, Any]]:
    """One object a line; the last line may be cut off, for the run may be going on."""
    if not path.exists():
        return []
    try:
        lines = path.read_bytes().decode("utf-8").split("\n")
    except UnicodeDecodeError as error:
        raise SkelactError(f"{path}: expected text in UTF-8: {error}") from error
    lines = lines[:-1] if lines[-1] == "" else lines
    objects = []
    for place, line in enumerate(lines, start=1):
        try:
            entry = json.loads(line)
        except (ValueError, RecursionError) as error:
            if place == len(lines):
                break
            raise SkelactError(f"{path}:{place}: cannot be read as JSON: {error}") from error
        if not isinstance(entry, dict) or not isinstance(entry.get("step"), int):
            raise SkelactError(f"{path}:{place}: expected an object with a whole number 'step', found {line[:80]}")
        objects.append(entry)
    return objects

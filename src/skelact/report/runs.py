"""What a run folder says: its configuration, its log and its evaluations, read once and checked."""

import json
import zipfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, Integer, Shaped

from skelact.evaluate.result import AnyResult, Fused, Result, read_result
from skelact.world import SkelactError


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
        try:
            with open(beside, "rb") as opened, np.load(opened, allow_pickle=False) as arrays:
                names, labels, scores = (arrays[key] for key in ("names", "labels", "scores"))
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
            raise SkelactError(f"{beside}: expected arrays names, labels and scores: {error}") from error
        if scores.ndim != 2 or not len(names) == len(labels) == len(scores):
            raise SkelactError(
                f"{beside}: expected one name, label and row of scores a clip, "
                f"found {len(names)} names, {len(labels)} labels and scores of shape {scores.shape}"
            )
        return Predictions(names, labels, scores)


def read_run(path: Path) -> Run:
    """Read a run folder; a SkelactError names the file and the key that is missing or wrong."""
    if not path.is_dir():
        raise SkelactError(f"{path}: no such run folder")
    if not (path / "config.json").exists():
        raise SkelactError(f"{path}: not a run folder: it has no config.json")
    config = _json(path / "config.json")
    files = sorted((path / "evaluate").glob("*.json"))
    name = path.resolve().name
    return Run(path, name, config, tuple(_lines(path / "metrics.jsonl")), {file: read_result(file) for file in files})


def _json(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise SkelactError(f"{path}: cannot be read as JSON: {error}") from error
    if not isinstance(value, dict):
        raise SkelactError(f"{path}: expected a JSON object, found {type(value).__name__}")
    return value


def _lines(path: Path) -> list[dict[str, Any]]:
    """One object a line; the last line may be cut off, for the run may be going on."""
    if not path.exists():
        return []
    lines = path.read_text(encoding="utf-8").splitlines()
    objects = []
    for place, line in enumerate(lines, start=1):
        try:
            entry = json.loads(line)
        except json.JSONDecodeError as error:
            if place == len(lines):
                break
            raise SkelactError(f"{path}:{place}: cannot be read as JSON: {error}") from error
        if not isinstance(entry, dict) or "step" not in entry:
            raise SkelactError(f"{path}:{place}: expected an object with the key 'step', found {line[:80]}")
        objects.append(entry)
    return objects

"""The JSON file of a result, and the files beside it."""

from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from jaxtyping import Int64, Shaped
from pydantic import ValidationError

from skelact.evaluation.arrays import read_arrays, write_arrays
from skelact.evaluation.results.outcome import Evaluation
from skelact.evaluation.results.table import FEW
from skelact.system.world import SkelactError, write_json

Kind = TypeVar("Kind", bound=Evaluation)


def without_idle_top5(result: Kind) -> Kind:
    """The result without top 5 if there are five classes or fewer, where it is always 100 %."""
    if result.classes > FEW:
        return result
    return type(result).model_validate(_idle_top5(result.model_dump()))


def _idle_top5(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: None if key == "top5" else _idle_top5(inner) for key, inner in value.items()}
    return type(value)(map(_idle_top5, value)) if isinstance(value, tuple | list) else value


def write_result(
    result: Evaluation,
    folder: Path,
    names: np.ndarray,
    labels: Int64[np.ndarray, "n"],
    scores: Shaped[np.ndarray, "n ..."],
    what: str = "scores",
    stem: str = "",
) -> Path:
    """Write the values of every test clip, under the name `what`, then the result. Gives the path of the JSON file.

    `stem` names the files (default: the result's own name).
    """
    stem = stem or result.file_name
    arrays: dict[str, Any] = {"names": names, "labels": labels, what: scores}
    write_arrays(folder / f"{stem}.npz", arrays)
    path = folder / f"{stem}.json"
    write_json(path, result.model_dump(mode="json"), sealed=True)
    return path


def as_kind(values: dict[str, Any], kind: type[Kind], path: Path) -> Kind:
    """A result of this kind from what its file holds; unknown keys are ignored.

    SkelactError, naming the file: a key that is missing or wrong.
    """
    try:
        return kind.model_validate({key: value for key, value in values.items() if key in kind.model_fields})
    except ValidationError as error:
        faults = "; ".join(f"key '{'.'.join(map(str, fault['loc']))}': {fault['msg']}" for fault in error.errors())
        raise SkelactError(f"{path}: not an evaluation: {faults}") from error


def read_scores(path: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Names, labels and class scores (n, classes) of the test clips, from the .npz beside a result by accuracy.

    SkelactError: no such file, damaged, not one name, label and row of scores a clip.
    """
    names, labels, scores = read_arrays(Path(path), ("names", "labels", "scores"))
    if (names.ndim, labels.ndim, scores.ndim) != (1, 1, 2) or not len(names) == len(labels) == len(scores):
        raise SkelactError(
            f"{path}: expected one name, label and row of scores a clip, "
            f"found names of shape {names.shape}, labels of {labels.shape} and scores of {scores.shape}"
        )
    return names, labels, scores

"""Sharing controls between runs: they depend on the network's shape, the clips and the protocol, not on weights."""

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from jaxtyping import Int64
from pydantic import ValidationError

from skelact import __version__
from skelact.config import Config
from skelact.evaluation.case import Case
from skelact.evaluation.results.outcome import Control, short
from skelact.system.world import SkelactError, read_json, write_json

Rows = Mapping[int, Int64[np.ndarray, "n"]]
"""Training rows of each seed."""


def shared(case: Case, recipe: Config, rows: Rows, make: Callable[[], Control]) -> Control:
    """The control of a protocol, from the case's folder of controls if it is there, else computed and stored there.

    Without a folder it is computed. SkelactError: a file there is damaged, or does not match its name.
    """
    if case.controls is None:
        return make()
    identity = _identity(case, recipe, rows)
    digest = hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:16]
    path = (
        case.controls / f"{short(case.store.name)}-{type(recipe).__name__.removesuffix('Config').lower()}-{digest}.json"
    )
    if not path.exists():
        made = make()
        case.controls.mkdir(parents=True, exist_ok=True)
        write_json(path, {"identity": identity, "control": made.model_dump(mode="json")}, sealed=True)
        return made
    values = read_json(path)
    if values.get("identity") != identity:
        raise SkelactError(f"{path}: expected the control that its name says, found another; remove the file")
    try:
        return Control.model_validate(values.get("control")).model_copy(update={"taken_from": path.name})
    except ValidationError as error:
        raise SkelactError(f"{path}: the control in it is damaged, remove the file: {error}") from error


def _identity(case: Case, recipe: Config, rows: Rows) -> dict[str, Any]:
    """Everything that a control depends on, except the processor's rounding."""
    card = case.encoder.card.model_copy(update={"classes": (), "method": "", "origin": ""})
    of_clips = {"units", "learned_from", "frame_rate", "seconds"}  # their hash stands below
    shape = card.model_dump(mode="json", exclude=of_clips)
    return {
        "skelact": __version__,
        "torch": torch.__version__,
        "device": case.device.type,
        "network": shape,
        "recipe": {type(recipe).__name__: recipe.model_dump(mode="json")},
        "clips": case.prepared.hash,
        **({"scale": case.scale} if case.scale != 1 else {}),
        "train": {str(seed): _hash(case, of_seed) for seed, of_seed in rows.items()},
        "test": _hash(case, case.rows.test),
    }


def _hash(case: Case, rows: Int64[np.ndarray, "n"]) -> str:
    """SHA-256 of clips and of the labels that they have."""
    labelled = np.stack([rows, case.labels[rows]]).astype("<i8")
    return hashlib.sha256(labelled.tobytes()).hexdigest()

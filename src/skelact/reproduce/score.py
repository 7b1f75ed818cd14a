"""What the encoders of one line score: each evaluated once, kept in its run, and fused where there are several."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from rich.console import Console
from rich.markup import escape

from skelact.data.store import Store
from skelact.encoders.file import load_encoder
from skelact.evaluation.features import encoder_hash
from skelact.evaluation.fuse import fuse
from skelact.evaluation.protocols import protocol_named
from skelact.evaluation.run import evaluate_run, results_folder
from skelact.runs import RunFolder
from skelact.system.world import read_json


class Score(NamedTuple):
    """Top 1 in per cent; what fused scores do not have is None."""

    last: float
    best: float | None
    std: float | None
    control: float | None


class Task(NamedTuple):
    """What all lines of a table share."""

    store: Path
    split: str
    seeds: int
    controls: Path
    """Folder of the controls that its lines share."""


def evaluated(encoder: Path, protocol: str, recipe: Any, task: Task, console: Console) -> Path:
    """The result file of an encoder: the one that is there if all that it depends on is the same, else a new one.

    A training from random weights depends on the shape of the network and not on its weights, so not on their hash.
    """
    folder = RunFolder(results_folder(encoder)).results
    loaded = load_encoder(encoder)
    asked = {
        "protocol": protocol,
        "recipe": recipe.model_dump(mode="json"),
        "store_hash": Store.open(task.store).prepared(loaded.card.preparation, loaded.card.frames).hash,
        "split": task.split,
        "stream": loaded.card.stream,
        "seeds": task.seeds,
        **({"encoder_hash": encoder_hash(loaded)} if protocol_named(protocol).uses_weights else {}),
    }
    for file in sorted(folder.glob("*.json")):
        values = read_json(file)
        if {key: values.get(key) for key in asked} == asked:
            console.print(f"{escape(str(file))}: evaluated already", highlight=False)
            return file
    result = evaluate_run(protocol, encoder, task.store, task.split, task.seeds, recipe, controls=task.controls)
    return folder / f"{result.file_name}.json"


def score(files: Sequence[Path], out: Path) -> Score:
    """What result files say, a stream each: that of the one, or of their class scores fused, which go to `out`."""
    if len(files) == 1:
        values = read_json(files[0])
        return Score(values["last"]["top1"], values["best"]["top1"], values.get("std"), values["control"]["top1"])
    return Score(fused(files, out), None, None, None)


def fused(files: Sequence[Path], out: Path) -> float:
    """Top 1 of the class scores, added up by clip name with the published weight of each stream."""
    found, _ = fuse(files, out=out)
    return found.last.top1

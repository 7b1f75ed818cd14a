"""Scores of one line: its encoders are evaluated once each, and fused if there are several."""

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
    """Top 1 in per cent; fused scores only have `last`."""

    last: float
    best: float | None
    std: float | None
    control: float | None


class Setup(NamedTuple):
    """Settings of the evaluations that all lines of a table share."""

    store: Path
    split: str
    seeds: int
    controls: Path
    """Folder of the controls that its lines share."""


def evaluated(encoder: Path, protocol: str, recipe: Any, setup: Setup, console: Console) -> Path:
    """The result file of an encoder: an existing one of the same evaluation, else a new one.

    For a protocol that starts from random weights the hash of the encoder does not matter.
    """
    folder = RunFolder(results_folder(encoder)).results
    loaded = load_encoder(encoder)
    asked = {
        "protocol": protocol,
        "recipe": recipe.model_dump(mode="json"),
        "store_hash": Store.open(setup.store).prepared(loaded.card.preparation, loaded.card.frames).hash,
        "split": setup.split,
        "stream": loaded.card.stream,
        "seeds": setup.seeds,
        **({"encoder_hash": encoder_hash(loaded)} if protocol_named(protocol).uses_weights else {}),
    }
    for file in sorted(folder.glob("*.json")):
        values = read_json(file)
        if {key: values.get(key) for key in asked} == asked:
            console.print(f"{escape(str(file))}: already evaluated", highlight=False)
            return file
    result = evaluate_run(protocol, encoder, setup.store, setup.split, setup.seeds, recipe, controls=setup.controls)
    return folder / f"{result.file_name}.json"


def score(files: Sequence[Path], out: Path) -> Score:
    """The score of one result file, or of several (one per stream) after fusion into `out`."""
    if len(files) == 1:
        values = read_json(files[0])
        return Score(values["last"]["top1"], values["best"]["top1"], values.get("std"), values["control"]["top1"])
    return Score(fused(files, out), None, None, None)


def fused(files: Sequence[Path], out: Path) -> float:
    """Top 1 of the class scores, added up by clip name with the published weight of each stream."""
    found, _ = fuse(files, out=out)
    return found.last.top1

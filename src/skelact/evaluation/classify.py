"""Using an encoder on new clips: class probabilities, or features of a whole store."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch

from skelact.data.preparations import prepare_clip
from skelact.data.recording import Reader
from skelact.data.squeezed import squeezed, squeezed_in
from skelact.data.store import Store
from skelact.encoders.loaded import LoadedEncoder
from skelact.evaluation.arrays import write_arrays
from skelact.evaluation.features import best_device
from skelact.system import terminal
from skelact.system.world import SkelactError, check_writable


def classify(
    encoder: LoadedEncoder, reader: Reader, source: Path, top: int = 5, tell: Callable[[str], None] = terminal.tell
) -> Iterator[dict[str, Any]]:
    """The most probable classes of every clip of a source, each clip prepared as the encoder's card says.

    Yields `{"name": ..., "top": [{"class": 10, "label": "...", "p": 0.93}, ...]}`, best first, class counted from 0.
    After the last clip, `tell` is called with notes about units and long recordings.

    SkelactError: an encoder without a head, joints or units that do not map, a clip that cannot be read.
    """
    _, card = encoder.classifier, encoder.card
    if not 1 <= top <= len(card.classes):
        raise SkelactError(f"top must be between 1 and the {len(card.classes)} classes of the encoder, got {top}")
    _, of_units = encoder.entrance.check(reader.skeleton, reader.units, str(source))
    return _classified(encoder, reader, source, top, of_units, tell)


def _classified(
    encoder: LoadedEncoder,
    reader: Reader,
    source: Path,
    top: int,
    of_units: str,
    tell: Callable[[str], None],
) -> Iterator[dict[str, Any]]:
    card = encoder.card
    names, lengths = [], []
    for item in reader.find(source):
        recording = reader.read(item)
        names.append(recording.name)
        lengths.append(len(recording.joints))
        clip = prepare_clip(recording, reader.skeleton, card.preparation, card.frames, card.persons)
        best = torch.from_numpy(encoder.probabilities(clip[None], reader.skeleton, reader.units)[0]).topk(top)
        yield {
            "name": recording.name,
            "top": [
                {"class": index, "label": card.classes[index], "p": p}
                for p, index in zip(best.values.tolist(), best.indices.tolist(), strict=True)
            ],
        }
    for note in (of_units, squeezed(np.array(names), np.array(lengths, np.int64), card.preparation, card.frames)):
        if note:
            tell(note)


def embed(
    encoder: LoadedEncoder,
    store: Store,
    out: Path,
    progress: bool = True,
    tell: Callable[[str], None] = terminal.tell,
) -> None:
    """Write features (n, d) float32, names and labels (-1: unknown) of all clips of a store as one .npz, atomically.

    `tell` is called with notes about units and long recordings.
    SkelactError: joints or units that do not map, a file that cannot be written.
    """
    check_writable(out.parent, out.name)
    card = encoder.card
    _, of_units = encoder.entrance.check(store.skeleton, store.meta.units, store.name)
    for note in (of_units, squeezed_in(store, card.preparation, card.frames)):
        if note:
            tell(note)
    found = encoder.to(best_device()).embed(store, progress=progress)
    write_arrays(out, {"features": found, "names": store.table["name"], "labels": store.table["action"]})

"""Loading encoders, computing features, classifying recordings."""

from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float32

from skelact.api.recordings import opened
from skelact.config import Stream
from skelact.data.readers import reader
from skelact.data.recording import Reader
from skelact.data.store import Store
from skelact.encoders.checks import AXES
from skelact.encoders.file import load_encoder
from skelact.encoders.loaded import LoadedEncoder
from skelact.evaluation import classify as use
from skelact.evaluation.features import best_device
from skelact.evaluation.results.identity import expect_run
from skelact.skeleton import Skeleton
from skelact.system.world import AnyPath, SkelactError


def load(encoder: AnyPath, stream: Stream | None = None) -> LoadedEncoder:
    """The encoder of a run folder, or of an encoder file (.safetensors): frozen, in evaluation mode.

    Its `card` says what it was made for: layout, units, preparation, frames, persons.

    Args:
        encoder: Run folder or encoder file.
        stream: Encoder of this stream, if the run learned several (default: the first).

    Raises:
        SkelactError: no such run or file, a damaged file, or no encoder of that stream.
    """
    expect_run(Path(encoder))
    return load_encoder(Path(encoder), stream)


def embed(
    encoder: LoadedEncoder | AnyPath,
    clips: Store | AnyPath | np.ndarray,
    *,
    stream: Stream | None = None,
    skeleton: Skeleton | None = None,
    units: str | None = None,
    axes: str = AXES,
    progress: bool = False,
) -> Float32[np.ndarray, "n d"]:
    """Features of every clip, in the order of the store or array. Joints are mapped by name, lengths converted.

    Args:
        encoder: Encoder, or its run folder or file.
        clips: Store, which is prepared as the encoder's card says if it is not yet; or an array of prepared clips,
            float32, such as `store.prepared(...).clips`.
        stream: As for `load`, where `encoder` is a path.
        skeleton: Layout of an array (default: the card's). A store has its own.
        units: Units of an array (default: the card's). A store has its own.
        axes: Axes of an array in their order: n clips, c coordinates, t frames, v joints, m persons; m may be left out.
        progress: Whether to show a progress bar on standard error.

    Raises:
        SkelactError: joints or units that do not map; an array of other axes or type, or that was not prepared.
    """
    loaded = _loaded(encoder, stream)
    if not isinstance(clips, np.ndarray):
        if skeleton is not None or units is not None:
            raise SkelactError("a store has its own skeleton and units; leave both arguments out")
        clips = opened(clips)
    return loaded.embed(clips, skeleton, units, axes, progress=progress)


def classify(
    encoder: LoadedEncoder | AnyPath, format: str | Reader, source: AnyPath, *, top: int | None = None, **options: Any
) -> list[dict[str, Any]]:
    """Name the actions of raw recordings by an encoder with a classifier head.

    Args:
        encoder: Encoder with a classifier head, or its file: written by semi, finetune, supervised or transfer, or
            imported weights.
        format: As for `prepare`.
        source: Folder, zip archive or single file.
        top: Classes to return, best first (default: 5, or as many as there are).
        **options: As for `prepare`.

    Returns:
        For each clip `{"name": ..., "top": [{"class": 10, "label": "wave", "p": 0.93}, ...]}`, class counted from 0.

    Raises:
        SkelactError: an encoder without a head, joints or units that do not map, a clip that cannot be read.
    """
    loaded, source = _loaded(encoder), Path(source)
    one = reader(format, source, **options) if isinstance(format, str) else format
    return list(use.classify(loaded, one, source, min(5, len(loaded.card.classes)) if top is None else top))


def _loaded(encoder: LoadedEncoder | AnyPath, stream: Stream | None = None) -> LoadedEncoder:
    if not isinstance(encoder, LoadedEncoder):
        return load(encoder, stream).to(best_device())
    if stream is not None and stream != encoder.card.stream:
        raise SkelactError(f"expected an encoder of the {stream} stream, got one of {encoder.card.stream}")
    return encoder

"""What a program calls: recordings to a store, a store to an encoder, an encoder to features, names and results.

Paths may be texts or `pathlib.Path`. Where a store or an encoder is asked for, its path does as well. Everything that a
user can mend is a SkelactError.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, TypeVar, overload

import numpy as np
from jaxtyping import Float32
from pydantic import ValidationError
from rich.console import Console

from skelact.config import Config, Preparation, Stream, faults
from skelact.data.prepare import prepare as prepare_store
from skelact.data.readers import reader
from skelact.data.recording import Reader
from skelact.data.splits import Split
from skelact.data.splits import split as split_of
from skelact.data.store import Store
from skelact.data.synthetic import synthesize as synthesize_store
from skelact.encoders.file import LoadedEncoder, load_encoder
from skelact.evaluation import classify as use
from skelact.evaluation.config import RECIPES as PROTOCOLS
from skelact.evaluation.features import features
from skelact.evaluation.identity import expect_run
from skelact.evaluation.prepared import scale_to
from skelact.evaluation.result import AnyResult, Clustered, Result, Retrieved
from skelact.evaluation.run import evaluate_run
from skelact.recipes import RECIPES
from skelact.skeleton import Skeleton
from skelact.system.world import AnyPath, SkelactError
from skelact.train.config import OPTIMISERS, Optimiser, TrainConfig, another_optimiser
from skelact.train.run import Pretrained
from skelact.train.run import pretrain as train

Settings = TypeVar("Settings", bound=Config)
Named = Literal["knn", "linear", "semi", "finetune", "supervised", "transfer"]


def synthesize(
    out: AnyPath,
    *,
    clips: int = 2400,
    classes: int = 12,
    subjects: int = 20,
    cameras: int = 3,
    seed: int = 0,
    persons: int = 2,
    preparation: Preparation = "robust",
    frames: int = 50,
    progress: bool = True,
) -> Store:
    """Write a store of made-up bodies doing named actions before several cameras, and open it.

    Args:
        out: Store to write; must not exist.
        clips: Recordings in all.
        classes: Different actions.
        subjects: Different people.
        cameras: Cameras that see every performance.
        seed: The same numbers and seed give the same bytes.
        persons: 1 leaves out the actions of two people.
        preparation: How the clips are prepared at once.
        frames: Length that every prepared clip is brought to.
        progress: Whether a progress bar and a summary go to standard error.

    Raises:
        SkelactError: `out` exists, or a number is out of its range.
    """
    synthesize_store(
        Path(out),
        clips=clips,
        classes=classes,
        subjects=subjects,
        cameras=cameras,
        seed=seed,
        persons=persons,
        preparation=preparation,
        frames=frames,
        progress=progress,
    )
    return Store.open(out)


def prepare(
    format: str | Reader,
    source: AnyPath,
    out: AnyPath,
    *,
    preparation: Preparation = "robust",
    frames: int = 50,
    jobs: int | None = None,
    skip_bad: bool = False,
    leave_out: AnyPath | None = None,
    progress: bool = True,
    **options: Any,
) -> Store:
    """Read raw recordings into a store with prepared clips, and open it.

    Large sources are parsed by several processes, each of which imports the script that called: it needs
    `if __name__ == "__main__":`, or `jobs=1`.

    Args:
        format: Name of a format, such as "ntu" or "bvh" (docs/formats.md), or a reader of your own (docs/own-data.md).
        source: Folder, zip archive or single file.
        out: Store to write; must not exist.
        preparation: "released": as the published programs prepare clips; "robust": with gaps, noise and identities
            mended (docs/data.md).
        frames: Length that every clip is brought to.
        jobs: Processes that parse; left out, as many as pay off.
        skip_bad: Leave out files that cannot be read and list them, rather than stop at the first.
        leave_out: File with names of clips to leave out, one a line.
        progress: Whether a progress bar and a summary go to standard error.
        **options: Options of the format, named as on the command line, such as `skeleton="coco_17"` for arrays.

    Raises:
        SkelactError: no such format or option, no or bad files, `out` exists. Nothing is written then.
    """
    source = Path(source)
    if isinstance(format, str):
        format = reader(format, source, **options)
    elif options:
        raise SkelactError(f"a reader of your own has its options already, got {', '.join(options)}")
    listed = None if leave_out is None else Path(leave_out)
    prepare_store(format, source, Path(out), preparation, frames, jobs, skip_bad, listed, progress)
    return Store.open(out)


def split(store: Store | AnyPath, name: str) -> Split:
    """The row numbers of the clips that train and of those that test, as `.train` and `.test` (int64).

    Args:
        store: Store, or its path.
        name: A named split of its data set, such as "xsub"; "subject=1,2,5" for the clips that train, the others test;
            "subject=1,2/5" for both; "all" for every clip trains (docs/data.md).

    Raises:
        SkelactError: no such split (lists those there are), or a side of it is empty.
    """
    return split_of(_opened(store), name)


def pretrain(
    recipe: str | TrainConfig,
    store: Store | AnyPath | Sequence[Store | AnyPath],
    run: AnyPath,
    *,
    split: str | Sequence[str] = "all",
    progress: bool = True,
    **changes: Any,
) -> Pretrained:
    """Learn an encoder from the training clips of stores, without labels, into the folder `run`.

    The same call goes on with a run that was stopped. `load(run)` gives the encoder.

    Args:
        recipe: Name of a recipe, such as "aimclr-small" (`skelact pretrain --help` lists them), or a configuration.
        store: Store, or several to pool, which are mapped to one layout by joint name.
        run: Folder of the run; a new one, or one that this very run was stopped in.
        split: Split whose training clips are used: one for all stores, or one for each in their order.
        progress: Whether a progress bar and messages go to standard error.
        **changes: Settings other than the recipe's, such as `epochs=20`; those of a part as a dictionary, such as
            `method={"temperature": 0.2}`. A batch of more clips than there are is lowered, unless it is given here.

    Returns:
        Where the run stands: `folder`, `step` of `total`, `seconds`, and `finished`, which is False after Ctrl-C.

    Raises:
        SkelactError: no such recipe or setting, a value out of range, another run in the folder, no clips.
    """
    if isinstance(recipe, str):
        if recipe not in RECIPES:
            raise SkelactError(f"no recipe {recipe!r}; there are {', '.join(RECIPES)}")
        recipe = RECIPES[recipe]()
    stores = [store] if isinstance(store, Store | AnyPath) else list(store)
    splits = [split] if isinstance(split, str) else list(split)
    console = None if progress else Console(quiet=True)
    paths = [_path(one) for one in stores]
    return train(_changed(recipe, changes), paths, splits, Path(run), console, "batch" not in changes)


def load(encoder: AnyPath, stream: Stream | None = None) -> LoadedEncoder:
    """The encoder of a run folder, or of an encoder file (.safetensors): frozen, in evaluation mode.

    Its `card` says what it was made for: layout, units, preparation, frames, persons.

    Args:
        encoder: Run folder or encoder file.
        stream: Which encoder of a run that learned several streams; left out, its first.

    Raises:
        SkelactError: neither of both, a damaged file, or no encoder of that stream.
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
    progress: bool = False,
) -> Float32[np.ndarray, "n d"]:
    """Features of every clip, in the order of the store or array. Joints are mapped by name, lengths converted.

    Args:
        encoder: Encoder, or its run folder or file.
        clips: Store; it is prepared as the encoder's card says where it is not yet. Or an array of prepared clips,
            float32 (n, 3, t, v, m), such as `store.prepared(...).clips`.
        stream: As for `load`, where `encoder` is a path.
        skeleton: Layout of an array; left out, the card's. A store has its own.
        units: Units of an array; left out, the card's. A store has its own.
        progress: Whether a progress bar goes to standard error.

    Raises:
        SkelactError: joints or units that do not map; an array of other axes or type, or that was not prepared.
    """
    loaded = _loaded(encoder, stream)
    if not isinstance(clips, np.ndarray):
        if skeleton is not None or units is not None:
            raise SkelactError("a store has its own skeleton and units: give none")
        return use.embedded(loaded, _opened(clips), progress)
    card = loaded.card
    layout = skeleton or card.skeleton
    scale = scale_to(card, layout, units, "the array")[0] if units else 1.0
    return features(loaded, clips, layout, progress=progress, scale=scale)


def classify(
    encoder: LoadedEncoder | AnyPath, format: str | Reader, source: AnyPath, *, top: int | None = None, **options: Any
) -> list[dict[str, Any]]:
    """Name the actions of raw recordings by an encoder with a classifier head.

    Args:
        encoder: Encoder, or its file: one that an evaluation by linear, semi, finetune or supervised wrote, or imported
            weights with a head.
        format: As for `prepare`.
        source: Folder, zip archive or single file.
        top: Classes to give, best first; left out, 5, or as many as there are.
        **options: As for `prepare`.

    Returns:
        For each clip `{"name": ..., "top": [{"class": 10, "label": "wave", "p": 0.93}, ...]}`, class counted from 0.

    Raises:
        SkelactError: an encoder without a head, joints or units that do not map, a clip that cannot be read.
    """
    loaded, source = _loaded(encoder), Path(source)
    one = reader(format, source, **options) if isinstance(format, str) else format
    return list(use.classify(loaded, one, source, min(5, len(loaded.card.classes)) if top is None else top))


@overload
def evaluate(
    run: AnyPath, protocol: Named, store: Store | AnyPath, split: str, *, seeds: int = 3, **options: Any
) -> Result: ...
@overload
def evaluate(
    run: AnyPath, protocol: Literal["retrieval"], store: Store | AnyPath, split: str, *, seeds: int = 3, **options: Any
) -> Retrieved: ...
@overload
def evaluate(
    run: AnyPath, protocol: Literal["clustering"], store: Store | AnyPath, split: str, *, seeds: int = 3, **options: Any
) -> Clustered: ...
@overload
def evaluate(
    run: AnyPath, protocol: str, store: Store | AnyPath, split: str, *, seeds: int = 3, **options: Any
) -> AnyResult: ...
def evaluate(
    run: AnyPath,
    protocol: str,
    store: Store | AnyPath,
    split: str,
    *,
    seeds: int = 3,
    stream: Stream | None = None,
    controls: AnyPath | None = None,
    progress: bool = True,
    **options: Any,
) -> AnyResult:
    """Measure a run's encoder on a labelled split, beside the same network with random weights.

    The result is also written to `RUN/evaluate/`, with the scores of every test clip.

    Args:
        run: Run folder or encoder file.
        protocol: "knn", "retrieval", "clustering", "linear", "semi", "finetune", "supervised" or "transfer"
            (docs/evaluation.md).
        store: Labelled store, or its path.
        split: Split of it that has test clips; clips without a label are left out.
        seeds: Trainings, and random encoders of the control.
        stream: Which encoder of a run that learned several streams; left out, its first.
        controls: Folder where controls are kept for other runs of the same shape, and taken from if they are there.
        progress: Whether progress bars go to standard error.
        **options: Settings of the protocol, such as `k=(1, 5)` for knn or `share=0.1` for semi.

    Returns:
        Per cent of the test clips: `last.top1`, `best.top1` and `control.top1` for the protocols by accuracy, `map` and
        `recall` for retrieval, `accuracy` for clustering; and everything that the evaluation was made with.

    Raises:
        SkelactError: no such protocol, setting, encoder or split; no labelled clips to test; joints or units that do
            not map.
    """
    if protocol not in PROTOCOLS:
        raise SkelactError(f"no protocol {protocol!r}; there are {', '.join(PROTOCOLS)}")
    settings = _changed(PROTOCOLS[protocol](), options)
    kept = None if controls is None else Path(controls)
    return evaluate_run(protocol, Path(run), _path(store), split, seeds, settings, progress, stream, controls=kept)


def _opened(store: Store | AnyPath) -> Store:
    return store if isinstance(store, Store) else Store.open(store)


def _path(store: Store | AnyPath) -> Path:
    return store.path if isinstance(store, Store) else Path(store)


def _loaded(encoder: LoadedEncoder | AnyPath, stream: Stream | None = None) -> LoadedEncoder:
    if not isinstance(encoder, LoadedEncoder):
        return load(encoder, stream)
    if stream is not None and stream != encoder.card.stream:
        raise SkelactError(f"expected an encoder of the {stream} stream, got one of {encoder.card.stream}")
    return encoder


def _changed(settings: Settings, changes: dict[str, Any], part: str = "") -> Settings:
    """The settings with some of them changed; SkelactError names one that there is not, or that is out of range."""
    values: dict[str, Any] = dict(settings)
    for name, value in changes.items():
        if name not in values:
            raise SkelactError(f"no setting {part}{name}; there are {', '.join(values)}")
        old = values[name]
        if isinstance(old, Config) and isinstance(value, dict):
            if isinstance(old, Optimiser) and value.get("name") in OPTIMISERS:
                old = another_optimiser(old, value["name"])
            value = _changed(old, value, f"{part}{name}.")
        values[name] = value
    try:
        return type(settings).model_validate(values)
    except ValidationError as error:
        raise SkelactError(faults(error, lambda name: part + name)) from error

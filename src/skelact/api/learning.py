"""Pretraining and evaluating encoders."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, TypeVar, overload

from pydantic import ValidationError
from rich.console import Console

from skelact.api.recordings import opened
from skelact.config import Config, Stream, faults
from skelact.data.store import Store
from skelact.evaluation.protocols import protocol_named
from skelact.evaluation.protocols.clustering import Clustered
from skelact.evaluation.protocols.retrieval import Retrieved
from skelact.evaluation.results.outcome import Evaluation, Result
from skelact.evaluation.run import evaluate_run
from skelact.recipes import RECIPES
from skelact.system.world import AnyPath, SkelactError
from skelact.train.config import OPTIMISERS, Optimiser, TrainConfig, another_optimiser
from skelact.train.run import Pretrained
from skelact.train.run import pretrain as train

Settings = TypeVar("Settings", bound=Config)
Named = Literal["knn", "linear", "semi", "finetune", "supervised", "transfer"]


def pretrain(
    recipe: str | TrainConfig,
    store: Store | AnyPath | Sequence[Store | AnyPath],
    run: AnyPath,
    *,
    split: str | Sequence[str] = "all",
    progress: bool = True,
    **changes: Any,
) -> Pretrained:
    """Pretrain an encoder on the training clips of stores, without labels, into the folder `run`.

    The same call resumes a run that was stopped. `load(run)` gives the encoder.

    Args:
        recipe: Name of a recipe, such as "aimclr-small" (`skelact pretrain --help` lists them), or a configuration.
        store: Store, or several to pool; joints are mapped by name to one layout.
        run: Folder of the run: new, or that of this run, which is then resumed.
        split: Split whose training clips are used: one for all stores, or one per store.
        progress: Whether to show progress and messages on standard error.
        **changes: Settings that differ from the recipe, such as `epochs=20`; nested ones as a dictionary, such as
            `method={"temperature": 0.2}`. A recipe's batch is lowered if there are fewer clips; one given here is not.

    Returns:
        Progress of the run: `folder`, `step` of `total`, `seconds`, and `finished` (False after Ctrl-C).

    Raises:
        SkelactError: no such recipe or setting, a value out of range, another run in the folder, no clips.
    """
    if isinstance(recipe, str):
        if recipe not in RECIPES:
            raise SkelactError(f"no recipe {recipe!r}; there are {', '.join(RECIPES)}")
        recipe = RECIPES[recipe]()
    stores = [store] if isinstance(store, Store | AnyPath) else list(store)
    splits = [split] if isinstance(split, str) else list(split)
    config = _changed(recipe, changes)
    if progress:
        console = None
    else:
        console = Console(quiet=True)
        for one in stores:  # here, because training itself would show a progress bar for it
            opened(one).prepared(config.preparation, config.frames, progress=False)
    return train(config, [_path(one) for one in stores], splits, Path(run), console, "batch" not in changes)


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
) -> Evaluation: ...
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
) -> Evaluation:
    """Evaluate a run's encoder on a labelled split, beside a control with random weights.

    The result is also written to `RUN/evaluate/`, with the scores of every test clip.

    Args:
        run: Run folder or encoder file.
        protocol: "knn", "retrieval", "clustering", "linear", "semi", "finetune", "supervised" or "transfer"
            (docs/evaluation.md).
        store: Labelled store, or its path.
        split: Split with test clips; unlabelled clips are left out.
        seeds: Number of trainings and of random encoders for the control.
        stream: Encoder of this stream, if the run learned several (default: the first).
        controls: Folder of controls shared by runs with the same network and data (optional).
        progress: Whether to show progress bars on standard error.
        **options: Settings of the protocol, such as `k=(1, 5)` for knn or `share=0.1` for semi.

    Returns:
        The result, in per cent: `last.top1`, `best.top1` and `control.top1`; `map` and `recall` for retrieval;
        `accuracy` for clustering. It also holds all settings.

    Raises:
        SkelactError: no such protocol, setting, encoder or split; no labelled clips to test; joints or units that do
            not map.
    """
    settings = _changed(protocol_named(protocol).options(), options)
    kept = None if controls is None else Path(controls)
    return evaluate_run(protocol, Path(run), _path(store), split, seeds, settings, progress, stream, controls=kept)


def _path(store: Store | AnyPath) -> Path:
    return store.path if isinstance(store, Store) else Path(store)


def _changed(settings: Settings, changes: dict[str, Any], part: str = "") -> Settings:
    """The settings with some changed. SkelactError names an unknown setting or a value out of range."""
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

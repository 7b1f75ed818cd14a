"""Learning an encoder, and measuring what it learned."""

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
    config = _changed(recipe, changes)
    if progress:
        console = None
    else:
        console = Console(quiet=True)
        for one in stores:  # here, as training itself shows how far it is with preparing
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
    settings = _changed(protocol_named(protocol).options(), options)
    kept = None if controls is None else Path(controls)
    return evaluate_run(protocol, Path(run), _path(store), split, seeds, settings, progress, stream, controls=kept)


def _path(store: Store | AnyPath) -> Path:
    return store.path if isinstance(store, Store) else Path(store)


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

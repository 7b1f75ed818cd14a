"""A pretraining run: one command fills its folder, and the same command resumes it."""

import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from rich.console import Console
from rich.markup import escape

from skelact.data.batches import TrainingClips, training_clips
from skelact.data.store import Store
from skelact.runs import RunFolder
from skelact.system import processes, processor
from skelact.system.allocator import kept_memory
from skelact.system.terminal import Terminal
from skelact.system.world import SkelactError, exhaustion_explained
from skelact.train.config import FREE, TrainConfig
from skelact.train.log import Log, Silence
from skelact.train.loop import Trainer
from skelact.train.stage import steps_an_epoch


@dataclass(frozen=True)
class Pretrained:
    """How a call of `pretrain` ended."""

    folder: Path
    step: int
    total: int
    seconds: float

    @property
    def finished(self) -> bool:
        return self.step == self.total


@processes.joined()
def pretrain(
    config: TrainConfig,
    stores: list[Path],
    splits: list[str],
    folder: Path,
    console: Console | None = None,
    fit_batch: bool = False,
) -> Pretrained:
    """Train `config` on the training clips of `stores` into `folder`.

    Resumes this run if the folder holds it; refuses any other. Nothing is ever deleted. A second process is refused.
    Settings that do not affect what is learned (`FREE`) may change. A batch larger than the number of clips is lowered
    with a message if `fit_batch`, else it is an error. Labels serve the online kNN only.

    SkelactError: another run in the folder, no clips, a setting that cannot be used, a loss that is not finite.

    Under torchrun every process calls it. Only the first one uses `folder` and prints.
    """
    console = (console or Terminal(stderr=True)) if processes.rank() == 0 else Console(quiet=True)
    advice = f"{folder} is kept: with more room run the same command again, or lower --batch in a new --run"
    with exhaustion_explained(advice):
        return _pretrained(config, stores, splits, folder, console, fit_batch)


def _pretrained(
    config: TrainConfig, stores: list[Path], splits: list[str], folder: Path, console: Console, fit_batch: bool
) -> Pretrained:
    opened = [Store.open(store) for store in stores]
    clips = processes.in_turn(lambda: training_clips(opened, splits, config.preparation, config.frames))
    if fit_batch:
        config = _with_batch_that_fits(config, len(clips), console)
    config = _fitted(config, len(clips))
    trainer = Trainer(config, clips, folder)
    identity = _identity(config, opened, clips, splits)
    _same_for_all(identity)
    with contextlib.ExitStack() as stack:
        processes.first(lambda: stack.enter_context(RunFolder(folder).alone()))
        for change in processes.first(lambda: _claim(folder, identity)):
            console.print(f"{escape(str(folder))}: resumed with another setting: {escape(change)}", highlight=False)
        trainer.resume()
        _train(trainer, console)
    return Pretrained(folder, trainer.step, trainer.total, trainer.seconds)


def _train(trainer: Trainer, console: Console) -> None:
    """Print notes and warnings, then train to the end."""
    config, clips, folder = trainer.config, trainer.clips, trainer.run.path
    if trainer.step == trainer.total:
        console.print(f"{escape(str(folder))}: finished already, {trainer.total} steps; nothing to do")
        return
    if trainer.step:
        console.print(f"{escape(str(folder))}: resuming at step {trainer.step} of {trainer.total}")
    for note in clips.notes:
        console.print(escape(note), highlight=False)
    slow = processor.doubt(config.precision, trainer.device)
    for doubt in [*_doubts(config, clips), *([slow] if slow else [])]:
        console.print(f"[yellow]warning:[/yellow] {escape(doubt)}", highlight=False)
    if processes.count() > 1:
        each = config.batch // processes.count()
        console.print(f"{processes.count()} processes, {each} clips of every batch each", highlight=False)
    first = processes.rank() == 0
    with (
        kept_memory(trainer.device.type == "cpu"),
        Log(folder, trainer.step, trainer.total, console) if first else Silence() as log,
    ):
        trainer.train(log)


def _fitted(config: TrainConfig, clips: int) -> TrainConfig:
    """The configuration with the settings of each stage's method that depend on the run's length and clips."""
    first, *later = [stage.method.fitted(stage.epochs, clips, stage.batch) for stage in config.stages]
    then = [stage.model_copy(update={"method": made}) for stage, made in zip(config.then, later, strict=True)]
    return config.model_copy(update={"method": first, "then": tuple(then)})


def _doubts(config: TrainConfig, clips: TrainingClips) -> list[str]:
    """Warnings about settings of each stage that may not work."""
    return [
        f"stage {number}: {doubt}" if config.then else doubt
        for number, stage in enumerate(config.stages, start=1)
        for doubt in stage.method.doubts(stage.epochs, stage.epochs * steps_an_epoch(stage, clips), len(clips))
    ]


def _with_batch_that_fits(config: TrainConfig, clips: int, console: Console) -> TrainConfig:
    most = clips - clips % processes.count()
    if config.batch <= clips or most < 2:
        return config
    console.print(f"batch lowered from {config.batch} to {most}: there are {clips} training clips", highlight=False)
    return config.model_copy(update={"batch": most})


def _identity(config: TrainConfig, stores: list[Store], clips: TrainingClips, splits: list[str]) -> dict[str, Any]:
    """What makes two runs the same one."""
    each = splits * len(stores) if len(splits) == 1 else splits
    return {
        "config": config.model_dump(mode="json"),
        "stores": [
            {
                "path": str(store.path),
                "name": store.name,
                "dataset": store.meta.dataset,
                "hash": part.hash,
                "split": name,
            }
            for store, part, name in zip(stores, clips.parts, each, strict=True)
        ],
        "skeleton": clips.skeleton.name,
        "train_clips": len(clips),
    }


def _same_for_all(identity: dict[str, Any]) -> None:
    """SkelactError where this process was given another run than process 0."""
    changed = [f"  {line}" for line in differences(processes.first(lambda: identity), identity)]
    if changed:
        raise SkelactError(f"process {processes.rank()} was given another run than process 0\n" + "\n".join(changed))


def _claim(folder: Path, identity: dict[str, Any]) -> list[str]:
    """Write config.json into a new folder, or compare it with the one there. Gives the free settings that differ."""
    run = RunFolder(folder)
    if run.config.exists():
        there = _as_written_today(run.read_config())
        free = {f"config.{name}": follows for name, follows in FREE.items()}
        lines = differences({key: there.get(key) for key in identity}, identity)
        changed = [f"  {line}" for line in lines if line.partition(":")[0] not in free]
        if changed:
            raise SkelactError(
                f"{folder} holds another run, which is never overwritten; choose another --run\n" + "\n".join(changed)
            )
        effects = [(line, free[line.partition(":")[0]]) for line in lines]
        return [f"{line}; {follows}" if follows else line for line, follows in effects]
    if any(path != run.lock for path in folder.iterdir()):
        raise SkelactError(f"{folder} is not empty and holds no run; choose another --run")
    run.write_config(identity)
    return []


def _as_written_today(identity: dict[str, Any]) -> dict[str, Any]:
    """A configuration of an older skelact, with defaults for settings that it did not have. Defaults never change."""
    try:
        return {**identity, "config": TrainConfig.model_validate(identity["config"]).model_dump(mode="json")}
    except (KeyError, ValidationError):
        return identity  # cannot be completed: compared as it is


def differences(old: Any, new: Any, name: str = "") -> list[str]:
    """`name: old there, new asked` for every value that differs. Where a store lies does not count."""
    if isinstance(old, dict) and isinstance(new, dict):
        keys = [key for key in {**old, **new} if not (name.startswith("stores") and key in ("path", "name"))]
        return [line for key in keys for line in differences(old.get(key), new.get(key), f"{name}.{key}".lstrip("."))]
    if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        return [
            line
            for index, pair in enumerate(zip(old, new, strict=True))
            for line in differences(*pair, f"{name}[{index}]")
        ]
    return [] if old == new else [f"{name}: {_short(old)} there, {_short(new)} asked"]


def _short(value: Any) -> str:
    """A value for a message, shortened: another kind of file may hold anything there."""
    try:
        text = repr(value)
    except RecursionError:
        return "something nested too deeply"
    return text if len(text) <= 200 else f"{text[:200]}..."

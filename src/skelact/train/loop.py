"""The training loop: plain PyTorch, one clock (the step), any method, one stage after the other."""

import signal
import time
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float, Int64
from rich.markup import escape
from torch import Tensor

from skelact.data.batches import TrainingClips, batches
from skelact.encoders.encoder import Encoder
from skelact.encoders.file import save_encoder
from skelact.maths.streams import Stream
from skelact.methods.method import Method
from skelact.runs import RunFolder
from skelact.system import processes
from skelact.system.world import SkelactError, reason
from skelact.train import checkpoint
from skelact.train.config import TrainConfig
from skelact.train.device import device_of
from skelact.train.ending import noted_signals
from skelact.train.log import Log
from skelact.train.optimise import ScheduledOptimiser
from skelact.train.probe import SETTLED, Probe, collapse_warning
from skelact.train.stage import Stage

CHECKPOINT_STEPS = 500
"""Steps between checkpoints within a long epoch; every epoch ends with one too."""


class Trainer:
    """One pretraining run: the current stage and the step. All else follows from the configuration."""

    def __init__(self, config: TrainConfig, clips: TrainingClips, folder: Path):
        """SkelactError where any stage cannot be trained."""
        self.config = config
        self.clips = clips
        self.run = RunFolder(folder)
        self.device = device_of(config.device)
        self.step = 0
        self.seconds = 0.0
        first = self.stage = Stage(config, 0, clips, self.device)
        for number in range(1, len(config.stages)):  # now, not after the hours that the first ones take
            self._enter(number)
        self.total = self.stage.end
        if self.stage is not first:
            self.stage = Stage(config, 0, clips, self.device)
        self._recent: list[dict[str, Tensor]] = []

    @property
    def method(self) -> Method:
        """Of the current stage."""
        return self.stage.method

    @property
    def encoders(self) -> dict[Stream, Encoder]:
        """Of the current stage."""
        return self.stage.encoders

    @property
    def optimiser(self) -> ScheduledOptimiser:
        """Of the current stage."""
        return self.stage.optimiser

    def _enter(self, number: int) -> None:
        """Start another stage from the encoders of the current one."""
        self.stage = Stage(self.config, number, self.clips, self.device, self.stage.weights)

    def train(self, log: Log) -> bool:
        """Train to the end and save regularly. False if a signal (SIGTERM, Ctrl-C) stopped it early and saved.

        SkelactError where the loss is not finite; the last checkpoint is older than that step.
        """
        looks = self.config.probe_every and processes.rank() == 0  # the others wait in their next exchange
        probe = Probe(self.clips, self.device) if looks else None
        with noted_signals(again=processes.count() == 1) as signals:
            if probe and self.step == 0:
                for note in probe.notes:
                    log.say(escape(note))
                self._look(probe, log, epoch=0)
            while self.step < self.total:
                if self.step == self.stage.end:
                    self._enter(self.stage.number + 1)
                    processes.equalise(self.method)
                if self.config.then:
                    where = f"stage {self.stage.number + 1} of {len(self.config.stages)}: {self.stage.config.recipe}"
                    log.say(escape(f"{where}, to step {self.stage.end}"))
                if not self._train_stage(log, probe, signals):
                    return False
        return True

    def _train_stage(self, log: Log, probe: Probe | None, signals: list[signal.Signals]) -> bool:
        """Train to the end of the stage. False if a signal stopped it."""
        stage, views = self.stage, self.method.views()
        started, counted = time.perf_counter(), self.step
        for numbers, x in batches(self.clips, stage.orders(self.step), self.device):
            epoch = stage.epoch(self.step)
            self._recent.append(self._step(views, numbers, x, epoch))
            self.step += 1
            # Once a step, for all processes: a signal that comes from here on waits for the next.
            stops = processes.largest(signals[0] if signals else 0)
            ends = (self.step - stage.first) % stage.per_epoch == 0
            saves = ends or (self.step - stage.first) % stage.per_epoch % CHECKPOINT_STEPS == 0
            if saves or self.step % self.config.log_every == 0:
                now = time.perf_counter()
                self.seconds += now - started
                self._report(log, epoch, clips_per_second=(self.step - counted) * stage.config.batch / (now - started))
                started, counted = now, self.step
            if probe and ends and ((epoch + 1) % self.config.probe_every == 0 or self.step == stage.end):
                self._look(probe, log, epoch)
                started = time.perf_counter()
            if stops:
                self.seconds += time.perf_counter() - started
            if saves or stops:
                self.save()
            if stops:
                name = signal.Signals(stops).name
                log.say(f"stopped by {name} after step {self.step}; the same command goes on from there")
                return False
        return True

    def _step(
        self, views: dict, numbers: Int64[Tensor, "n"], x: Float[Tensor, "n 3 t v m"], epoch: int
    ) -> dict[str, Tensor]:
        return self.stage.take(views, numbers, x, self.step, epoch)

    def _report(self, log: Log, epoch: int, clips_per_second: float) -> None:
        """Write the mean losses since the last report."""
        names, table = self._losses()
        means = dict(zip(names, table.mean(0).tolist(), strict=True))
        self._recent.clear()
        values = {**means, "lr": self.optimiser.rate, "clips_per_second": clips_per_second, "seconds": self.seconds}
        log.write(self.step, epoch, {**self._which, **values})
        epochs = sum(stage.epochs for stage in self.config.stages)
        left = f"epoch {epoch + 1}/{epochs}  loss {means['loss']:.3f}"
        log.advance(self.step, left, clips_per_second)

    @property
    def _which(self) -> dict[str, int]:
        """The number of the stage, from 1, for the log; nothing where there is one only."""
        return {"stage": self.stage.number + 1} if self.config.then else {}

    def _losses(self) -> tuple[list[str], Float[Tensor, "steps parts"]]:
        """Names and values of the losses since the last report; only here does the host wait for the device."""
        names = sorted(self._recent[-1])
        if any(losses.keys() != self._recent[0].keys() for losses in self._recent):
            raise SkelactError(f"{self.run.path}: its last checkpoint has other losses than {', '.join(names)}")
        table = torch.stack([torch.stack([losses[name] for name in names]) for losses in self._recent]).cpu()
        bad = (~table.isfinite().all(1)).nonzero()
        if len(bad):
            step = self.step - len(self._recent) + int(bad[0]) + 1
            raise SkelactError(self._not_finite(f"the loss of step {step} is"))
        return names, table

    def _not_finite(self, what: str) -> str:
        last = self.run.checkpoint
        there = f"the last good checkpoint is {last}" if last.exists() else "no checkpoint was written yet"
        return (
            f"{what} not finite; {there}\n  in a new --run, try a lower --optimiser.lr, "
            f"a longer --optimiser.warmup, a higher --method.temperature or --precision float32"
        )

    def _look(self, probe: Probe, log: Log, epoch: int) -> None:
        """Look at every encoder; of several, the first keeps the plain names in the log."""
        seen: dict[str, float] = {}
        for stream, encoder in self.encoders.items():
            values = probe.look(encoder, self.stage.card(stream, self.step, self.total).entrance)
            seen |= {f"{stream}/{name}": value for name, value in values.items()} if seen else values
            whose = f"{stream}: " if len(self.encoders) > 1 else ""
            found = f"kNN {values['knn']:.1f} %, " if "knn" in values else ""
            log.say(
                f"step {self.step}: {whose}{found}feature std {values['feature_std']:.2f}, "
                f"effective rank {values['effective_rank']:.1f}"
            )
            warning = collapse_warning(values, self.stage.config.recipe, self.step)
            if warning and (self.step >= SETTLED or self.step == self.total):
                log.say(f"[yellow]warning:[/yellow] {whose}{warning}")
        log.write(self.step, epoch, {**self._which, **seen})

    def save(self) -> None:
        """Write the checkpoint and the encoders, each atomically. SkelactError where a weight or loss is not finite."""
        if self._recent:
            self._losses()
        weights = self.method.state_dict()
        # A finite loss may still have had a gradient that was not.
        if not all(bool(tensor.isfinite().all()) for tensor in weights.values()):
            raise SkelactError(self._not_finite(f"the weights after step {self.step} are"))
        state = {
            **self._which,
            "step": self.step,
            "seconds": self.seconds,
            "recent": self._recent,
            "method": weights,
            "optimiser": self.optimiser.state_dict(),
        }
        processes.first(lambda: self._write(state))

    def _write(self, state: dict[str, Any]) -> None:
        # The checkpoint last: a run killed in between writes these encoders again when it goes on.
        for index, (stream, encoder) in enumerate(self.encoders.items()):
            card = self.stage.card(stream, self.step, self.total)
            if index == 0:
                save_encoder(self.run.encoder(), encoder, card)
            if len(self.encoders) > 1:
                save_encoder(self.run.encoder(stream), encoder, card)
        checkpoint.save(self.run.checkpoint, state)

    def resume(self) -> None:
        """Continue from the last checkpoint of the folder, if there is one."""
        path = self.run.checkpoint
        state = processes.first(lambda: checkpoint.load(path) if path.exists() else None)
        if state is not None:
            try:
                self._restore(state)
            except (RuntimeError, ValueError, TypeError, LookupError, AttributeError) as error:
                raise SkelactError(f"{path}: not a checkpoint of this run: {reason(error)}") from error
        processes.equalise(self.method)

    def _restore(self, state: dict[str, Any]) -> None:
        step, seconds, recent, stage = state["step"], state["seconds"], state["recent"], state.get("stage", 1)
        if type(stage) is not int or not 1 <= stage <= len(self.config.stages):
            raise ValueError(f"expected a stage up to {len(self.config.stages)}, found {stage!r:.40}")
        if stage > 1:
            self.stage = Stage(self.config, stage - 1, self.clips, self.device)
        if type(step) is not int or not self.stage.first <= step <= self.stage.end:
            raise ValueError(f"expected a step from {self.stage.first} to {self.stage.end}, found {step!r:.40}")
        if type(seconds) not in (int, float) or not 0 <= seconds < float("inf"):
            raise ValueError(f"expected the seconds of a training, found {seconds!r:.40}")
        if not all(loss.ndim == 0 and loss.is_floating_point() for losses in recent for loss in losses.values()):
            raise ValueError("expected losses of one number each, found others")
        self.method.load_state_dict(state["method"])
        self.optimiser.load_state_dict(state["optimiser"])
        self._recent = [{name: loss.to(self.device) for name, loss in losses.items()} for losses in recent]
        self.step, self.seconds = step, seconds

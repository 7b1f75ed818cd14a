"""The training loop: plain PyTorch, one clock (the step), any method."""

import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float, Int64
from rich.markup import escape
from torch import Tensor

from skelact import methods
from skelact.data.batches import TrainingClips, batches
from skelact.encoders.card import EncoderCard
from skelact.encoders.encoder import Encoder
from skelact.encoders.file import encoder_file, save_encoder
from skelact.maths.batchnorm import over_whole_batches
from skelact.maths.draw import Draw, order
from skelact.maths.streams import Stream
from skelact.methods.method import Moment
from skelact.system import processes
from skelact.system.world import SkelactError, reason
from skelact.train import checkpoint
from skelact.train.config import TrainConfig
from skelact.train.ending import noted_signals
from skelact.train.log import Log
from skelact.train.optimise import ScheduledOptimiser
from skelact.train.probe import SETTLED, Probe, collapse_warning
from skelact.train.step import training_step

CHECKPOINT_STEPS = 500
"""Steps between checkpoints within a long epoch; every epoch ends with one too."""


class Trainer:
    """One pretraining run: the method, its optimiser and the step. All else follows from the configuration."""

    def __init__(self, config: TrainConfig, clips: TrainingClips, folder: Path):
        if config.batch > len(clips):
            raise SkelactError(
                f"a batch of {config.batch} needs as many training clips, found {len(clips)}: lower --batch"
            )
        if config.batch % processes.count():
            even = config.batch - config.batch % processes.count()
            raise SkelactError(
                f"expected a --batch that the {processes.count()} processes can share evenly, found {config.batch}; "
                f"{f'{even} or ' if even else ''}{even + processes.count()} would do"
            )
        self.config = config
        self.clips = clips
        self.folder = folder
        self.device = device_of(config.device)
        self.per_epoch = len(clips) // config.batch
        self.total = self.per_epoch * config.epochs
        self.step = 0
        self.seconds = 0.0
        torch.manual_seed(config.seed)
        self.method = methods.build(config.method, config.encoder, clips.skeleton, config.frames, clips.persons).to(
            self.device
        )
        over_whole_batches(self.method, self.device)
        together = self.method.encoders()
        if together and config.stream != "joint":
            raise SkelactError(
                f"{config.method.name} makes its streams ({', '.join(together)}) itself, from joints: "
                f"expected --stream joint, found {config.stream}; --method.streams chooses them"
            )
        self.encoders: dict[Stream, Encoder] = together or {config.stream: self.method.encoder}
        if config.compile:
            if self.device.type == "cpu":
                raise SkelactError("--compile is for GPUs: on a CPU the network has a faster path that is not compiled")
            for network in self.method.modules():
                if isinstance(network, Encoder):
                    network.compile_blocks()
        self.optimiser = ScheduledOptimiser(
            config.optimiser,
            self.method.parameter_groups(),
            self.per_epoch,
            config.epochs,
            config.optimiser.clip,
            fused=True if self.device.type == "cuda" else None,  # one launch a step instead of some for each parameter
        )
        self.entrance = self.card(config.stream).entrance
        self._recent: list[dict[str, Tensor]] = []

    def train(self, log: Log) -> bool:
        """Train to the end, saving as it goes; False if a signal (SIGTERM, Ctrl-C) ended it early, state saved.

        SkelactError where the loss is not finite: the last checkpoint is from before.
        """
        looks = self.config.probe_every and processes.rank() == 0  # the others wait in their next exchange
        probe = Probe(self.clips, self.device) if looks else None
        views = self.method.views()
        with noted_signals(again=processes.count() == 1) as signals:
            if probe and self.step == 0:
                for note in probe.notes:
                    log.say(escape(note))
                self._look(probe, log, epoch=0)
            started, counted = time.perf_counter(), self.step
            for numbers, x in batches(self.clips, self._orders(), self.device):
                epoch = self.step // self.per_epoch
                self._recent.append(self._step(views, numbers, x, epoch))
                self.step += 1
                # Once a step, for all processes: a signal that comes from here on waits for the next.
                stops = processes.largest(signals[0] if signals else 0)
                ends = self.step % self.per_epoch == 0
                saves = ends or self.step % self.per_epoch % CHECKPOINT_STEPS == 0
                if saves or self.step % self.config.log_every == 0:
                    now = time.perf_counter()
                    self.seconds += now - started
                    self._report(
                        log, epoch, clips_per_second=(self.step - counted) * self.config.batch / (now - started)
                    )
                    started, counted = now, self.step
                if probe and ends and ((epoch + 1) % self.config.probe_every == 0 or self.step == self.total):
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

    def _orders(self) -> Iterator[Int64[Tensor, "n"]]:
        """Clip numbers of this process's share of every batch from the present step on. The last, smaller batch of an
        epoch is dropped."""
        size, epoch, numbers = self.config.batch, -1, torch.empty(0, dtype=torch.long)
        for step in range(self.step, self.total):
            if step // self.per_epoch != epoch:
                epoch = step // self.per_epoch
                numbers = order(self.config.seed, epoch, len(self.clips))
            place = step % self.per_epoch
            yield processes.share(numbers[place * size : (place + 1) * size])

    def _step(
        self, views: dict, numbers: Int64[Tensor, "n"], x: Float[Tensor, "n 3 t v m"], epoch: int
    ) -> dict[str, Tensor]:
        c = self.config
        torch.manual_seed(_seed_of(c.seed, self.step))  # dropout, too, is a function of the step, and of the process
        moment = Moment(self.step, self.total, epoch, c.epochs, Draw(numbers, c.seed, epoch, "of the method"))
        return training_step(c, self.method, self.optimiser, self.entrance, views, x, moment)

    def _report(self, log: Log, epoch: int, clips_per_second: float) -> None:
        """Write the mean losses since the last report."""
        names, table = self._losses()
        means = dict(zip(names, table.mean(0).tolist(), strict=True))
        self._recent.clear()
        values = {**means, "lr": self.optimiser.rate, "clips_per_second": clips_per_second, "seconds": self.seconds}
        log.write(self.step, epoch, values)
        left = f"epoch {epoch + 1}/{self.config.epochs}  loss {means['loss']:.3f}"
        log.advance(self.step, left, clips_per_second)

    def _losses(self) -> tuple[list[str], Float[Tensor, "steps parts"]]:
        """Names and values of the losses since the last report; only here does the host wait for the device."""
        names = sorted(self._recent[-1])
        if any(losses.keys() != self._recent[0].keys() for losses in self._recent):
            raise SkelactError(f"{self.folder}: its last checkpoint has other losses than {', '.join(names)}")
        table = torch.stack([torch.stack([losses[name] for name in names]) for losses in self._recent]).cpu()
        bad = (~table.isfinite().all(1)).nonzero()
        if len(bad):
            step = self.step - len(self._recent) + int(bad[0]) + 1
            raise SkelactError(self._not_finite(f"the loss of step {step} is"))
        return names, table

    def _not_finite(self, what: str) -> str:
        last = self.folder / "checkpoints" / "last.pt"
        there = f"the last good checkpoint is {last}" if last.exists() else "no checkpoint was written yet"
        return (
            f"{what} not finite; {there}\n  in a new --run, try a lower --optimiser.lr, "
            f"a longer --optimiser.warmup, a higher --method.temperature or --precision float32"
        )

    def _look(self, probe: Probe, log: Log, epoch: int) -> None:
        """Look at every encoder; of several, the first keeps the plain names in the log."""
        seen: dict[str, float] = {}
        for stream, encoder in self.encoders.items():
            values = probe.look(encoder, self.card(stream).entrance)
            seen |= {f"{stream}/{name}": value for name, value in values.items()} if seen else values
            whose = f"{stream}: " if len(self.encoders) > 1 else ""
            found = f"kNN {values['knn']:.1f} %, " if "knn" in values else ""
            log.say(
                f"step {self.step}: {whose}{found}feature std {values['feature_std']:.2f}, "
                f"effective rank {values['effective_rank']:.1f}"
            )
            warning = collapse_warning(values, self.config.recipe, self.step)
            if warning and (self.step >= SETTLED or self.step == self.total):
                log.say(f"[yellow]warning:[/yellow] {whose}{warning}")
        log.write(self.step, epoch, dict(seen))

    def save(self) -> None:
        """Write the whole state, and the encoder as it is now, each atomically; SkelactError if it is not finite."""
        if self._recent:
            self._losses()
        weights = self.method.state_dict()
        # A finite loss may still have had a gradient that was not.
        if not all(bool(tensor.isfinite().all()) for tensor in weights.values()):
            raise SkelactError(self._not_finite(f"the weights after step {self.step} are"))
        state = {
            "step": self.step,
            "seconds": self.seconds,
            "recent": self._recent,
            "method": weights,
            "optimiser": self.optimiser.state_dict(),
        }
        processes.first(lambda: self._write(state))

    def _write(self, state: dict[str, Any]) -> None:
        # The checkpoint last: a run killed in between writes these encoders again when it goes on.
        for place, (stream, encoder) in enumerate(self.encoders.items()):
            if place == 0:
                save_encoder(encoder_file(self.folder), encoder, self.card(stream))
            if len(self.encoders) > 1:
                save_encoder(encoder_file(self.folder, stream), encoder, self.card(stream))
        checkpoint.save(self.folder / "checkpoints" / "last.pt", state)

    def resume(self) -> None:
        """Go back to the last checkpoint of the folder, if there is one."""
        path = self.folder / "checkpoints" / "last.pt"
        state = processes.first(lambda: checkpoint.load(path) if path.exists() else None)
        if state is not None:
            try:
                self._restore(state)
            except (RuntimeError, ValueError, TypeError, LookupError, AttributeError) as error:
                raise SkelactError(f"{path}: not a checkpoint of this run: {reason(error)}") from error
        processes.equalise(self.method)

    def _restore(self, state: dict[str, Any]) -> None:
        step, seconds, recent = state["step"], state["seconds"], state["recent"]
        if type(step) is not int or not 0 <= step <= self.total:
            raise ValueError(f"expected a step up to {self.total}, found {step!r:.40}")
        if type(seconds) not in (int, float) or not 0 <= seconds < float("inf"):
            raise ValueError(f"expected the seconds of a training, found {seconds!r:.40}")
        if not all(loss.ndim == 0 and loss.is_floating_point() for losses in recent for loss in losses.values()):
            raise ValueError("expected losses of one number each, found others")
        self.method.load_state_dict(state["method"])
        self.optimiser.load_state_dict(state["optimiser"])
        self._recent = [{name: loss.to(self.device) for name, loss in losses.items()} for losses in recent]
        self.step, self.seconds = step, seconds

    def card(self, stream: Stream) -> EncoderCard:
        """What this run's encoder of a stream is made for."""
        c = self.config
        return EncoderCard(
            encoder=c.encoder,
            skeleton=self.clips.skeleton,
            stream=stream,
            preparation=c.preparation,
            frames=c.frames,
            persons=self.clips.persons,
            method=c.method.name,
            units=self.clips.units or None,
            learned_from=tuple(part.hash for part in self.clips.parts),
            frame_rate=self.clips.frame_rate,
            seconds=self.clips.seconds,
            origin=f"{c.recipe}, step {self.step} of {self.total}, seed {c.seed}",
        )


def device_of(name: str) -> torch.device:
    """The device of that name; auto is a GPU where there is one. Of several processes each takes its own GPU.

    SkelactError for a device that is not there.
    """
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    if processes.count() > 1 and name.startswith("cuda"):
        if name != "cuda":
            raise SkelactError(f"of several processes each takes a GPU of its own: give --device cuda, not {name}")
        name = processes.own_gpu()
    try:
        torch.empty(0, device=name)
    except (RuntimeError, AssertionError) as error:
        raise SkelactError(f"device {name!r} cannot be used: {str(error).splitlines()[0]}") from error
    if processes.count() > 1 and name != "cpu":
        torch.cuda.set_device(name)  # nccl asks for it
    return torch.device(name)


def _seed_of(seed: int, step: int) -> int:
    return int(Draw(torch.tensor([step]), seed, processes.rank(), "dropout").bits().item())

"""One stage of a run: its method, its optimiser, and the step that changes them."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

import torch
from jaxtyping import Float, Int64
from torch import Tensor

from skelact import methods
from skelact.data.batches import TrainingClips
from skelact.encoders.card import EncoderCard
from skelact.encoders.encoder import Encoder
from skelact.maths.batchnorm import over_whole_batches
from skelact.maths.draw import Draw, order
from skelact.maths.streams import Stream
from skelact.methods.method import Method, Moment
from skelact.system import processes
from skelact.system.world import SkelactError
from skelact.train.config import TrainConfig
from skelact.train.frozen import freeze
from skelact.train.optimise import ScheduledOptimiser
from skelact.train.step import training_step

Weights = Mapping[Stream, Mapping[str, Tensor]]
"""State of an encoder a stream."""


class Stage:
    """One stage of a run while it is trained. Steps and epochs are those of the whole run, from 0."""

    def __init__(
        self,
        run: TrainConfig,
        number: int,
        clips: TrainingClips,
        device: torch.device,
        start: Weights | None = None,
    ):
        """`number` counts the stages of `run` from 0; `start` is what the encoders begin with, by default fresh
        weights. SkelactError where the stage cannot be trained."""
        before = run.stages[:number]
        self.run, self.number, self.clips, self.device = run, number, clips, device
        self.config = run.stages[number]
        self.per_epoch = steps_an_epoch(self.config, clips)
        self.first_epoch = sum(one.epochs for one in before)
        self.first = sum(one.epochs * steps_an_epoch(one, clips) for one in before)
        """Number of its first step."""
        self.total = self.per_epoch * self.config.epochs
        """Steps that it has."""
        torch.manual_seed(_seed(self.config.seed, number, "stage") if number else self.config.seed)
        self.method = self._built(start)
        self.encoders: dict[Stream, Encoder] = self.method.encoders() or {self.config.stream: self.method.encoder}
        self.entrance = self.card(self.config.stream, 0, self.total).entrance
        self._kept = freeze(self.method, run.frozen(number))
        self.optimiser = ScheduledOptimiser(
            self.config.optimiser,
            [
                replace(group, parameters=[parameter for parameter in group.parameters if parameter.requires_grad])
                for group in self.method.parameter_groups()
            ],
            self.per_epoch,
            self.config.epochs,
            self.config.optimiser.clip,
            fused=True if device.type == "cuda" else None,  # one launch a step instead of some for each parameter
        )

    @property
    def end(self) -> int:
        """Steps that are done when the stage is."""
        return self.first + self.total

    @property
    def weights(self) -> Weights:
        """A copy of what the encoders are now."""
        return {
            stream: {name: tensor.detach().clone() for name, tensor in encoder.state_dict().items()}
            for stream, encoder in self.encoders.items()
        }

    def orders(self, step: int) -> Iterator[Int64[Tensor, "n"]]:
        """Clip numbers of this process's share of every batch from a step on. The last, smaller batch of an epoch is
        dropped."""
        size, epoch, numbers = self.config.batch, -1, torch.empty(0, dtype=torch.long)
        for own in range(step - self.first, self.total):
            if own // self.per_epoch != epoch:
                epoch = own // self.per_epoch
                numbers = order(self.config.seed, self.first_epoch + epoch, len(self.clips))
            index = own % self.per_epoch
            yield processes.share(numbers[index * size : (index + 1) * size])

    def epoch(self, step: int) -> int:
        """The epoch that a step belongs to."""
        return self.first_epoch + (step - self.first) // self.per_epoch

    def take(
        self, views: dict, numbers: Int64[Tensor, "n"], x: Float[Tensor, "n 3 t v m"], step: int, epoch: int
    ) -> dict[str, Tensor]:
        """One step on the clips `x`, whose numbers are `numbers`; its losses."""
        c = self.config
        # Dropout, too, is a function of the step, and of the process.
        torch.manual_seed(_seed(c.seed, step, "dropout", processes.rank()))
        draw = Draw(numbers, c.seed, epoch, "of the method")
        moment = Moment(step - self.first, self.total, epoch - self.first_epoch, c.epochs, draw)
        for module in self._kept:
            module.eval()  # a look at the features leaves everything in training mode
        return training_step(c, self.method, self.optimiser, self.entrance, views, x, moment)

    def card(self, stream: Stream, step: int, total: int) -> EncoderCard:
        """What the encoder of a stream is made for, after `step` of the `total` steps of the run."""
        c = self.config
        several = f"stage {self.number + 1} of {len(self.run.stages)}, " if self.run.then else ""
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
            origin=f"{c.recipe}, {several}step {step} of {total}, seed {c.seed}",
        )

    def _built(self, start: Weights | None) -> Method:
        c, clips = self.config, self.clips

        def begin(stream: Stream | None) -> Mapping[str, Tensor]:
            assert start is not None
            if (stream or c.stream) not in start:
                raise self._of_other_streams(start)
            return start[stream or c.stream]

        given = () if start is None else (begin,)
        made = methods.build(c.method, c.encoder, clips.skeleton, c.frames, clips.persons, *given).to(self.device)
        over_whole_batches(made, self.device)
        together = made.encoders()
        if start is not None and (len(together) or 1) != len(start):
            raise self._of_other_streams(start)
        if together and c.stream != "joint":
            raise SkelactError(
                f"{c.method.name} makes its streams ({', '.join(together)}) itself, from joints: "
                f"expected --stream joint, found {c.stream}; --method.streams chooses them"
            )
        if c.compile and self.device.type == "cpu":
            raise SkelactError("--compile is for GPUs: on a CPU the network has a faster path that is not compiled")
        for network in made.modules() if c.compile else ():
            if isinstance(network, Encoder):
                network.compile_blocks()
        return made

    def _of_other_streams(self, start: Weights) -> SkelactError:
        return SkelactError(
            f"stage {self.number + 1} goes on with the encoders of the stage before: expected a method that learns "
            f"{', '.join(start)} and no other stream, found {self.config.method.name}"
        )


def steps_an_epoch(config: TrainConfig, clips: TrainingClips) -> int:
    """Whole batches of an epoch. SkelactError for a batch that cannot be had, or not be shared by the processes."""
    if config.batch > len(clips):
        raise SkelactError(f"a batch of {config.batch} needs as many training clips, found {len(clips)}: lower --batch")
    if config.batch % processes.count():
        even = config.batch - config.batch % processes.count()
        raise SkelactError(
            f"expected a --batch that the {processes.count()} processes can share evenly, found {config.batch}; "
            f"{f'{even} or ' if even else ''}{even + processes.count()} would do"
        )
    return len(clips) // config.batch


def _seed(seed: int, number: int, purpose: str, epoch: int = 0) -> int:
    return int(Draw(torch.tensor([number]), seed, epoch, purpose).bits().item())

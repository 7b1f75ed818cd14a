"""A whole network and a linear head learn labels: the loop of semi, finetune and supervised.

Every random number is a function of a key: of the seed (head), of seed and epoch (order), of seed and step (dropout),
of seed, epoch and clip (augmentation). On a CPU the same seed gives the same bits; a GPU adds up in no fixed order.
"""

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

import torch
from jaxtyping import Float, Int64
from rich.progress import Progress
from torch import Tensor, nn
from torch.nn import functional

from skelact.data.batches import TrainingClips, batches
from skelact.encoders.encoder import Encoder
from skelact.encoders.loaded import BATCH, LoadedEncoder
from skelact.maths.accuracy import Accuracy
from skelact.maths.augment import Chain, Crop, Shear
from skelact.maths.draw import Draw, order
from skelact.maths.hits import accuracy
from skelact.system.allocator import kept_memory
from skelact.system.world import SkelactError
from skelact.train.labels import TuneConfig
from skelact.train.optimise import ScheduledOptimiser, decayed_by_layer


@dataclass(frozen=True)
class Tuned:
    """One seed's training: accuracy at every test, and what it ended with."""

    epochs: tuple[int, ...]
    """Epochs that were tested after, from 1."""
    tests: tuple[Accuracy, ...]
    scores: Float[Tensor, "n classes"]
    """Logits of the test clips after the last epoch."""
    network: LoadedEncoder

    @property
    def last(self) -> Accuracy:
        return self.tests[-1]

    @property
    def best_epoch(self) -> int:
        """The epoch with the highest test top 1, the earliest of several."""
        return self.epochs[self._best_index]

    @property
    def best(self) -> Accuracy:
        """Accuracy of the best epoch, which the test clips themselves chose."""
        return self.tests[self._best_index]

    @property
    def _best_index(self) -> int:
        return max(range(len(self.tests)), key=lambda index: self.tests[index].top1)


@dataclass(frozen=True)
class Labelled:
    """Clips and the class of each."""

    clips: TrainingClips
    labels: Int64[Tensor, "n"]


def tune(
    start: LoadedEncoder,
    train: Labelled,
    test: Labelled,
    classes: int,
    config: TuneConfig,
    seed: int,
    device: torch.device,
    bar: Progress,
    title: str = "training",
) -> Tuned:
    """Train a copy of `start` and a new head on `train`, testing as it goes.

    SkelactError when the test scores stop being finite.
    """
    size = min(config.batch, len(train.clips))
    per_epoch = len(train.clips) // size
    network, head = _start(start, classes, config, seed, device)
    layers = [network, head] if config.layer_decay == 1 else [*network.layers(), head]
    groups = decayed_by_layer(layers, config.layer_decay)
    optimiser = ScheduledOptimiser(config.chosen, groups, per_epoch, config.epochs, config.chosen.clip)
    view = Chain((Crop(), Shear())) if config.augmentation == "normal" else Chain(())
    labels = train.labels.to(device)
    epochs, tests, scores = [], [], torch.empty(0, classes)
    line = bar.add_task(title, total=config.epochs * per_epoch * size)
    everywhere = [device] if device.type == "cuda" else []
    with torch.random.fork_rng(devices=everywhere), kept_memory(device.type == "cpu"):
        orders = _orders(config.epochs, seed, train, size)
        for step, (numbers, clips) in enumerate(batches(train.clips, orders, device)):
            epoch = step // per_epoch
            torch.manual_seed(int(Draw(torch.tensor([step]), seed, 0, "dropout").bits().item()))
            x = start.entrance.in_stream(view(clips, Draw(numbers, seed, epoch, "tune")))
            with torch.autocast(device.type, torch.bfloat16, enabled=config.precision == "bf16"):
                h = network(x)
            optimiser.zero_grad()
            functional.cross_entropy(head(h.float()), labels[numbers]).backward()
            optimiser.step(step)
            bar.advance(line, size)
            done = epoch + 1
            if (step + 1) % per_epoch == 0 and (done % config.test_every == 0 or done == config.epochs):
                scores = _scores(network, head, test.clips, start, device)
                if not bool(scores.isfinite().all()):
                    lr = config.chosen.lr
                    raise SkelactError(
                        f"{title} diverged by epoch {done} at lr {lr}: its scores are not finite; lower the lr"
                    )
                epochs.append(done)
                tests.append(accuracy(scores, test.labels))
                bar.update(line, description=f"{title}, epoch {done}: top 1 {tests[-1].top1:.1f}")
    return Tuned(tuple(epochs), tuple(tests), scores, LoadedEncoder(network, start.card, head))


def _start(
    start: LoadedEncoder, classes: int, config: TuneConfig, seed: int, device: torch.device
) -> tuple[Encoder, nn.Linear]:
    """A copy of the network that can learn, and a head drawn with the seed."""
    network = copy.deepcopy(start.network).to(device).requires_grad_(True).train(config.network_mode == "train")
    # Without the layer's own start, which would draw from the global generator.
    head = cast(nn.Linear, nn.utils.skip_init(nn.Linear, network.features, classes))
    weight = torch.randn(head.weight.shape, generator=torch.Generator().manual_seed(seed))
    with torch.no_grad():
        head.weight.copy_(weight * config.initial_std)
        head.bias.zero_()
    return network, head.to(device)


def _orders(epochs: int, seed: int, train: Labelled, size: int) -> Iterator[Int64[Tensor, "n"]]:
    """Clip numbers of every batch; the order of an epoch is a function of (seed, epoch)."""
    clips = len(train.clips)
    for epoch in range(epochs):
        yield from order(seed, epoch, clips)[: clips // size * size].split(size)


@torch.no_grad()
def _scores(
    network: nn.Module, head: nn.Linear, clips: TrainingClips, start: LoadedEncoder, device: torch.device
) -> Float[Tensor, "n classes"]:
    """Logits of every clip, on the CPU. The network is left in the mode that it was in."""
    training = network.training
    network.eval()
    found = [
        head(network(start.entrance.in_stream(x)).float()).cpu()
        for _, x in batches(clips, torch.arange(len(clips)).split(BATCH), device)
    ]
    network.train(training)
    return torch.cat(found)

"""A linear layer learns labels from frozen features, several seeds side by side as one batched product."""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional

from skelact.maths.accuracy import Accuracy
from skelact.maths.hits import hits
from skelact.methods.method import ParameterGroup
from skelact.system.world import SkelactError
from skelact.train.labels import LinearConfig
from skelact.train.optimise import ScheduledOptimiser
from skelact.train.task import Task


@dataclass(frozen=True)
class Linear:
    """Test accuracy after every epoch, for every seed, and the finished classifiers."""

    top1: Float[Tensor, "s epochs"]
    top5: Float[Tensor, "s epochs"]
    weight: Float[Tensor, "s d classes"]
    bias: Float[Tensor, "s 1 classes"]
    scores: Float[Tensor, "s n classes"]
    """Logits of the test clips after the last epoch."""

    @property
    def last(self) -> list[Accuracy]:
        """Accuracy after the last epoch, for each seed."""
        pairs = zip(self.top1[:, -1].tolist(), self.top5[:, -1].tolist(), strict=True)
        return [Accuracy(top1=top1, top5=top5) for top1, top5 in pairs]

    @property
    def best_epochs(self) -> list[int]:
        """The epoch, from 1, with the highest test top 1, for each seed; the earliest of several."""
        return [int(np.argmax(row)) + 1 for row in self.top1.numpy()]

    @property
    def best(self) -> list[Accuracy]:
        """Accuracy of each seed's best epoch, which the test set itself chose, as published scores do."""
        rows = zip(self.top1, self.top5, self.best_epochs, strict=True)
        return [Accuracy(top1=float(top1[epoch - 1]), top5=float(top5[epoch - 1])) for top1, top5, epoch in rows]


def linear(task: Task, seeds: tuple[int, ...], config: LinearConfig | None = None) -> Linear:
    """Train a linear classifier for each seed, test after every epoch. Seeds are independent: each has its own initial
    weights and its own order of clips. SkelactError when the weights stop being finite.
    """
    config = config or LinearConfig()
    weight, bias = _initial(seeds, task, config)
    per_epoch = len(task.train) // min(config.batch, len(task.train))
    optimiser = ScheduledOptimiser(config, [ParameterGroup([weight, bias])], per_epoch, config.epochs)
    top1, top5, scores = [], [], task.test.new_zeros(len(seeds), len(task.test), task.classes)
    for epoch in range(config.epochs):
        for index, rows in enumerate(_batches(seeds, epoch, len(task.train), config.batch)):
            rows = rows.to(task.train.device)
            logits = torch.baddbmm(bias, task.train[rows], weight)
            optimiser.zero_grad()
            # A sum over seeds, so that each seed's gradient is the one it would have alone.
            loss = functional.cross_entropy(logits.flatten(0, 1), task.train_labels[rows].flatten(), reduction="sum")
            (loss / rows.shape[1]).backward()
            optimiser.step(epoch * per_epoch + index)
        with torch.no_grad():
            scores = torch.baddbmm(bias, task.test.expand(len(seeds), -1, -1), weight)
            top1.append(hits(scores, task.test_labels, 1))
            top5.append(hits(scores, task.test_labels, 5))
    if not bool(weight.isfinite().all() and bias.isfinite().all()):
        raise SkelactError(
            f"the linear classifier diverged at lr {config.lr}: its weights are not finite; lower the lr"
        )
    return Linear(
        top1=torch.stack(top1, 1).cpu(),
        top5=torch.stack(top5, 1).cpu(),
        weight=weight.detach().cpu(),
        bias=bias.detach().cpu(),
        scores=scores.cpu(),
    )


def _initial(seeds: tuple[int, ...], task: Task, config: LinearConfig) -> tuple[Tensor, Tensor]:
    """Normal weights and zero bias, one draw a seed."""
    draws = [
        torch.randn(task.train.shape[1], task.classes, generator=torch.Generator().manual_seed(seed))
        * config.initial_std
        for seed in seeds
    ]
    weight = torch.stack(draws).to(task.train.device).requires_grad_()
    bias = torch.zeros(len(seeds), 1, task.classes, device=task.train.device, requires_grad=True)
    return weight, bias


def _batches(seeds: tuple[int, ...], epoch: int, clips: int, batch: int) -> list[Int[Tensor, "s batch"]]:
    """Row numbers of each step of one epoch; the order is a pure function of (seed, epoch)."""
    size = min(batch, clips)
    orders = np.stack([np.random.default_rng((seed, epoch)).permutation(clips) for seed in seeds])
    whole = torch.from_numpy(orders[:, : clips // size * size])
    return list(whole.split(size, dim=1))

"""Runs that one process and two must make alike, in float64: what test_processes.py compares.

As a script it is one of the processes: torchrun together.py FOLDER WORK, where WORK is one of the functions at the end.
"""

import hashlib
import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import torch
import torch.distributed as dist
from torch import nn

import tiny
from skelact import methods
from skelact.data.batches import training_clips
from skelact.data.store import Store
from skelact.encoders.config import STGCNConfig
from skelact.encoders.entrance import Entrance
from skelact.encoders.stgcn import engine
from skelact.maths.batchnorm import WholeBatchNorm, over_whole_batches
from skelact.system import processes
from skelact.system.world import SkelactError
from skelact.train import TrainConfig, pretrain
from skelact.train.loop import Trainer

STOP = 5
"""Step after which a run is handed over to another number of processes: in the middle of an epoch."""


def config(method: str, absent: str = "computed") -> TrainConfig:
    """Two epochs of three steps, the second with nearest neighbours. Dropout each process would draw for itself."""
    encoder = STGCNConfig(width=2, features=8, dropout=0, absent=absent)
    made = tiny.config(method, encoder=encoder, probe_every=0, log_every=1, epochs=2)
    late = {"neighbours_from": 1} if method == "aimclr" else {}
    return made.model_copy(update={"method": made.method.model_copy(update=late)})


# Name: configuration, store, and persons x frames x joints from which an encoder's pass has joints outermost.
CASES = {
    "skeletonclr": (config("skeletonclr"), "one", engine.WORTH),
    "aimclr": (config("aimclr"), "one", engine.WORTH),
    "aimclr-joints": (config("aimclr"), "one", 0),
    # Of two processes often one has as many persons as it takes and the other has not.
    "pairs": (config("aimclr", "left_out"), "pairs", 3 * 12 * 5),
}


def stores(folder: Path) -> None:
    """Clips of one person, and clips of which every third has two."""
    alone, together = tiny.recordings(), tiny.recordings(persons=2)
    mixed = [other if number % 3 == 0 else one for number, (one, other) in enumerate(zip(alone, together, strict=True))]
    for name, clips in (("one", alone), ("pairs", mixed)):
        tiny.store(folder / name, clips).prepared("released", 12)


def in_float64(patch: Callable[..., None] = setattr) -> None:
    """Networks and views in float64."""
    build = methods.build
    patch(methods, "build", lambda *arguments: build(*arguments).double())
    in_stream = Entrance.in_stream
    patch(Entrance, "in_stream", lambda *arguments: in_stream(*arguments).double())


def train(case: str, folder: Path, run: str, patch: Callable[..., None] = setattr) -> None:
    """One of the CASES into folder / run."""
    values, store, worth = CASES[case]
    patch(engine, "WORTH", worth)
    pretrain(values, [folder / store], [tiny.SPLIT], folder / run, tiny.console()[0])


def at_step(number: int, act: Callable[[], None], patch: Callable[..., None] = setattr) -> None:
    """Call `act` within the step of that number, counted from 1."""
    take = Trainer._step

    def acting(self, *arguments):
        if self.step + 1 == number:
            act()
        return take(self, *arguments)

    patch(Trainer, "_step", acting)


def terminate() -> None:
    os.kill(os.getpid(), signal.SIGTERM)


def assert_same_everywhere(*held: object) -> None:
    """The very same numbers in every process."""
    digest, waiting = hashlib.sha256(), list(held)
    while waiting:
        one = waiting.pop()
        if isinstance(one, torch.Tensor):
            digest.update(one.detach().numpy().tobytes())
        else:
            waiting.extend(one.values() if isinstance(one, dict) else one if isinstance(one, list | tuple) else ())
    digests = [""] * dist.get_world_size()
    dist.all_gather_object(digests, digest.hexdigest())
    assert len(set(digests)) == 1


# What the processes do.


def cases(folder: Path) -> None:
    """Every case, whole; one that a single process began; one that a single process is to finish."""
    in_float64()
    take = Trainer._step

    def checked(self, *arguments):
        losses = take(self, *arguments)
        assert_same_everywhere(losses, self.method.state_dict(), self.optimiser.state_dict()["state"])
        return losses

    Trainer._step = checked
    for case in CASES:
        train(case, folder, f"two/{case}")
    train("aimclr", folder, "begun by one")
    at_step(STOP, terminate if processes.rank() == 1 else lambda: None)
    train("aimclr", folder, "begun by two")


def batchnorm(folder: Path) -> None:
    """WholeBatchNorm of shares of unequal size against plain BatchNorm of the whole batch."""
    rank, sizes = processes.rank(), [3, 5]
    for axes, plain in (((), nn.BatchNorm1d(4)), ((6,), nn.BatchNorm1d(4)), ((6, 2), nn.BatchNorm2d(4))):
        torch.manual_seed(len(axes))
        plain = plain.double()
        nn.init.normal_(plain.weight)
        nn.init.normal_(plain.bias)
        x = torch.randn(8, 4, *axes, dtype=torch.float64) * 3 + 10
        weighing = torch.randn_like(x)
        ours = nn.Sequential(type(plain)(4).double())
        ours[0].load_state_dict(plain.state_dict())
        assert isinstance(over_whole_batches(ours, x.device)[0], WholeBatchNorm)
        whole, mine = x.clone().requires_grad_(), x.split(sizes)[rank].clone().requires_grad_()
        wanted, found = plain(whole), ours(mine)
        torch.testing.assert_close(found, wanted.split(sizes)[rank])
        (wanted.sin() * weighing).sum().backward()
        (found.sin() * weighing.split(sizes)[rank]).sum().backward()
        torch.testing.assert_close(mine.grad, whole.grad.split(sizes)[rank])
        for one, other in zip(ours.parameters(), plain.parameters(), strict=True):
            torch.testing.assert_close(processes.summed(one.grad), other.grad)
        for one, other in zip(ours.buffers(), plain.buffers(), strict=True):
            torch.testing.assert_close(one, other)
        torch.testing.assert_close(ours.eval()(x), plain.eval()(x))


def exchanged(folder: Path) -> None:
    """The bytes that a process hands over in a step, by kind: written by the first one."""
    given: dict[str, int] = {}
    all_reduce, all_gather = dist.all_reduce, dist.all_gather

    def note(kind: str, x: torch.Tensor) -> None:
        given[kind] = given.get(kind, 0) + x.numel() * x.element_size()

    def reducing(x, *others):
        parameters = sum(p.numel() for p in trainer.method.parameters() if p.requires_grad)
        sums = "gradients" if x.numel() == parameters else "statistics"
        note(sums if x.is_floating_point() else "counts", x)
        return all_reduce(x, *others)

    def gathering(parts, x):
        note("rows", x)
        return all_gather(parts, x)

    found = {}
    for case in ("skeletonclr", "aimclr"):
        values, store, _ = CASES[case]
        clips = training_clips([Store.open(folder / store)], [tiny.SPLIT], "released", 12)
        trainer = Trainer(values, clips, folder / "unused")
        numbers = processes.share(torch.arange(tiny.BATCH))
        dist.all_reduce, dist.all_gather = reducing, gathering
        trainer._step(trainer.method.views(), numbers, clips.take(numbers), epoch=0)
        dist.all_reduce, dist.all_gather = all_reduce, all_gather
        found[case] = dict(given)
        given.clear()
    if processes.rank() == 0:
        (folder / "exchanged.json").write_text(json.dumps(found))


def together(folder: Path) -> None:
    """All that one start of two processes can show."""
    batchnorm(folder)
    exchanged(folder)
    cases(folder)


def killed(folder: Path) -> None:
    """A run in which one process is killed, the first time."""
    in_float64()
    if processes.rank() == 1 and os.environ["TORCHELASTIC_RESTART_COUNT"] == "0":
        at_step(STOP, lambda: os.kill(os.getpid(), signal.SIGKILL))
    train("aimclr", folder, "killed")


def fault(folder: Path) -> None:
    """A run in which one process alone has an error."""

    def fail() -> None:
        raise SkelactError("a fault of one process")

    if processes.rank() == 1:
        at_step(STOP, fail)
    train("aimclr", folder, "fault")


if __name__ == "__main__":
    with processes.joined():
        {"together": together, "killed": killed, "fault": fault}[sys.argv[2]](Path(sys.argv[1]))

"""Several processes that train one network together: who is who, and what they exchange (docs/parallel.md).

`torchrun` starts them and `joined` makes a group of them. Where there is no group there is one process: every function
here gives back at once what it was given.
"""

import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, TypeVar, cast
from uuid import uuid4

import torch
import torch.distributed as dist
from jaxtyping import Float, Num
from torch import Tensor, nn

from skelact.system.world import SkelactError

if TYPE_CHECKING:
    from torch.distributed.distributed_c10d import Store

WAIT = timedelta(hours=2)
"""Longest that one process waits for another, as while the first one prepares clips or looks at the features."""
_ENVIRONMENT = {"RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT"}
_CPU = torch.device("cpu")
T = TypeVar("T")


@contextmanager
def joined() -> Iterator[None]:
    """A group of all processes that torchrun started, for as long as the block runs; nothing where it started one.

    CPU tensors are exchanged by gloo, those of GPUs by nccl. An error that another process has told of already, or that
    follows from one, ends this process in silence with status 1.
    """
    alone = not dist.is_available() or dist.is_initialized() or not os.environ.keys() >= _ENVIRONMENT
    if alone or int(os.environ["WORLD_SIZE"]) == 1:
        yield
        return
    store, rank, world = next(dist.rendezvous("env://", timeout=WAIT))  # pyright: ignore[reportPrivateImportUsage]
    store = _fresh(store, rank, world)
    backend = "cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo"
    dist.init_process_group(backend, store=store, rank=rank, world_size=world, timeout=WAIT)
    try:
        yield
    except Exception as error:  # the group is left as it is: leaving it well would wait for the others
        if _reported_elsewhere(store, rank, error):
            raise SystemExit(1) from error
        raise
    dist.destroy_process_group()


def _fresh(store: "Store", rank: int, world: int) -> "Store":
    """A part of the store where no earlier start has left anything: torchrun keeps one store over its restarts, and
    addresses of processes that are gone would be taken for those of the new ones.

    The first process answers whoever is there until all have the name of its part: so no answer is an old one.
    """
    token = uuid4().hex
    if rank:
        store.set(f"skelact/here/{rank}", token)
        token = store.get(f"skelact/part of/{token}").decode()  # waits
        store.set(f"{token}/{rank}", "has it")
        return dist.PrefixStore(token, store)  # pyright: ignore[reportPrivateImportUsage]
    for other in range(1, world):
        while not store.check([f"{token}/{other}"]):
            if store.check([f"skelact/here/{other}"]):
                store.set(f"skelact/part of/{store.get(f'skelact/here/{other}').decode()}", token)
            time.sleep(0.01)
    return dist.PrefixStore(token, store)  # pyright: ignore[reportPrivateImportUsage]


def _reported_elsewhere(store: "Store", rank: int, error: Exception) -> bool:
    """Whether another process tells of this error. The first one to have an error notes it in the store."""
    text = f"{type(error).__name__}: {error}"
    try:
        reporter, reported = store.compare_set("skelact/error", "", f"{rank} {text}").decode().split(" ", 1)
    except (RuntimeError, ValueError):  # the store is gone with the process that held it
        return False
    # A process whose neighbour ended finds its connection closed: that is no news.
    return int(reporter) != rank and (reported == text or not isinstance(error, SkelactError))


def count() -> int:
    """How many processes train together."""
    return dist.get_world_size() if dist.is_available() and dist.is_initialized() else 1


def rank() -> int:
    """The number of this process, from 0."""
    return dist.get_rank() if count() > 1 else 0


def own_gpu() -> str:
    """The GPU that torchrun means for this process: the one of its number on its machine."""
    return f"cuda:{os.environ.get('LOCAL_RANK', rank())}"


def share(rows: Num[Tensor, "n ..."]) -> Num[Tensor, "k ..."]:
    """This process's rows: the first process has the first ones, all have as many. `count` must divide n."""
    return rows.chunk(count())[rank()]


def gathered(rows: Num[Tensor, "k ..."]) -> Num[Tensor, "n ..."]:
    """The rows of all processes, as many of each, in their order; with gradients."""
    return rows if count() == 1 else _Gathered.apply(rows)


class _Gathered(torch.autograd.Function):
    @staticmethod
    def forward(ctx, rows: Num[Tensor, "k ..."]) -> Num[Tensor, "n ..."]:
        rows = rows.contiguous()
        parts = [torch.empty_like(rows) for _ in range(count())]
        dist.all_gather(parts, rows)
        return torch.cat(parts)

    @staticmethod
    def backward(ctx, g: Num[Tensor, "n ..."]) -> Num[Tensor, "k ..."]:  # pyright: ignore[reportIncompatibleMethodOverride]
        return share(summed(g))  # every process's loss depends on every process's rows


def summed(x: Num[Tensor, "..."]) -> Num[Tensor, "..."]:
    """The sum over all processes, with gradients."""
    return x if count() == 1 else _Sum.apply(x)


class _Sum(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x: Num[Tensor, "..."]) -> Num[Tensor, "..."]:
        total = x.clone(memory_format=torch.contiguous_format)
        dist.all_reduce(total)
        return total

    @staticmethod
    def backward(ctx, g: Num[Tensor, "..."]) -> Num[Tensor, "..."]:  # pyright: ignore[reportIncompatibleMethodOverride]
        return _Sum.apply(g)  # as above


def averaged(values: dict[str, Float[Tensor, ""]]) -> dict[str, Float[Tensor, ""]]:
    """Means over all processes, in one exchange."""
    if count() == 1:
        return values
    return dict(zip(values, (summed(torch.stack(list(values.values()))) / count()).unbind(), strict=True))


def average_gradients(parameters: Iterable[nn.Parameter]) -> None:
    """The mean over all processes of every gradient that there is, in one exchange."""
    if count() == 1:
        return
    gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
    means = summed(torch.cat([gradient.flatten() for gradient in gradients])) / count()
    for gradient, mean in zip(gradients, means.split([gradient.numel() for gradient in gradients]), strict=True):
        gradient.copy_(mean.view_as(gradient))


def equalise(module: nn.Module) -> None:
    """Parameters and buffers of the first process, in all."""
    if count() > 1:
        for tensor in module.state_dict().values():
            dist.broadcast(tensor, src=0)


def largest(number: int) -> int:
    """The largest of all processes' numbers. The hosts wait for each other, no GPU is waited for."""
    if count() == 1:
        return number
    numbers = torch.tensor(number)
    dist.all_reduce(numbers, dist.ReduceOp.MAX)
    return int(numbers)


def first(work: Callable[[], T]) -> T:
    """What `work` returns in the first process, in all; so is what a user can mend of its errors raised."""
    if count() == 1:
        return work()
    result: T | None = None
    error: Exception | None = None
    if rank() == 0:
        try:
            result = work()
        except (SkelactError, OSError) as caught:
            error = caught
    outcome = [result, error]
    dist.broadcast_object_list(outcome, src=0, device=_CPU)
    if isinstance(outcome[1], Exception):
        raise outcome[1]
    return cast("T", outcome[0])


def in_turn(work: Callable[[], T]) -> T:
    """What `work` returns here, done in one process after the other: what one leaves on a disk, the next ones find."""
    results = []
    for turn in range(count()):
        if turn == rank():
            results.append(work())
        largest(0)  # all wait
    return results[0]

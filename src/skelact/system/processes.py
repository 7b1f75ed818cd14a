"""Several processes that train one network: ranks and collective operations (docs/parallel.md).

`torchrun` starts them and `joined` makes them a group. Without a group there is one process, and every function here
returns its input unchanged.
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
"""Longest wait for another process, for example while rank 0 prepares clips or evaluates features."""
_ENVIRONMENT = {"RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT"}
_CPU = torch.device("cpu")
T = TypeVar("T")


@contextmanager
def joined() -> Iterator[None]:
    """Process group of all processes that torchrun started, while the block runs; does nothing with one.

    CPU tensors use gloo, those of GPUs nccl. An error that another process has already reported, or that follows from
    one, ends this process silently with status 1.
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
    except Exception as error:  # do not destroy the group: that would wait for the others
        if _reported_elsewhere(store, rank, error):
            raise SystemExit(1) from error
        raise
    dist.destroy_process_group()


def _fresh(store: "Store", rank: int, world: int) -> "Store":
    """A new namespace of the store: torchrun keeps one store over its restarts, with addresses of dead processes in it.

    Rank 0 chooses the name and sends it to each process under a token of that process, until all have confirmed it. So
    no process can take an answer from an earlier start.
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
    """Whether another process reports this error. The first process with an error records it in the store."""
    text = f"{type(error).__name__}: {error}"
    try:
        reporter, reported = store.compare_set("skelact/error", "", f"{rank} {text}").decode().split(" ", 1)
    except (RuntimeError, ValueError):  # the process that held the store has ended
        return False
    # Other errors follow from the first one: when a process ends, its peers lose their connection.
    return int(reporter) != rank and (reported == text or not isinstance(error, SkelactError))


def count() -> int:
    """Number of processes."""
    return dist.get_world_size() if dist.is_available() and dist.is_initialized() else 1


def rank() -> int:
    """Rank of this process, from 0."""
    return dist.get_rank() if count() > 1 else 0


def own_gpu() -> str:
    """The GPU of this process: the one with its local rank."""
    return f"cuda:{os.environ.get('LOCAL_RANK', rank())}"


def share(rows: Num[Tensor, "n ..."]) -> Num[Tensor, "k ..."]:
    """This process's share of the rows, in order of rank; `count()` must divide n."""
    return rows.chunk(count())[rank()]


def gathered(rows: Num[Tensor, "k ..."]) -> Num[Tensor, "n ..."]:
    """The rows of all processes in order of rank, equally many of each; differentiable."""
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
        return share(summed(g))  # the loss of every process depends on the rows of all


def summed(x: Num[Tensor, "..."]) -> Num[Tensor, "..."]:
    """The sum over all processes; differentiable."""
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
    """Average all existing gradients over the processes, in one exchange."""
    if count() == 1:
        return
    gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
    means = summed(torch.cat([gradient.flatten() for gradient in gradients])) / count()
    for gradient, mean in zip(gradients, means.split([gradient.numel() for gradient in gradients]), strict=True):
        gradient.copy_(mean.view_as(gradient))


def equalise(module: nn.Module) -> None:
    """Copy parameters and buffers of rank 0 to all processes."""
    if count() > 1:
        for tensor in module.state_dict().values():
            dist.broadcast(tensor, src=0)


def largest(number: int) -> int:
    """The maximum of the number over all processes. Synchronises the hosts, not the GPUs."""
    if count() == 1:
        return number
    numbers = torch.tensor(number)
    dist.all_reduce(numbers, dist.ReduceOp.MAX)
    return int(numbers)


def first(work: Callable[[], T]) -> T:
    """Run `work` on rank 0 and broadcast the result; re-raise its SkelactError or OSError on every rank."""
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
    """Run `work` in one process after the other, in order of rank, so that later ones find files of earlier ones."""
    results = []
    for turn in range(count()):
        if turn == rank():
            results.append(work())
        largest(0)  # a barrier
    return results[0]

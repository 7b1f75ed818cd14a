"""How ST-GCN is computed on a CPU: by the plain blocks, or by the faster ones with joints outermost (`joints/`).

Both give the same numbers but for rounding, so an engine is no part of a configuration, a card or a file: it is set on
a network, `network.engine = "plain"`. `SKELACT_NATIVE=0` in the environment keeps the fast engine from compiled code.
"""

from typing import Literal, get_args

from skelact.system import processes
from skelact.system.world import SkelactError

Engine = Literal["auto", "plain", "fast"]
"""auto: fast on a CPU for a batch from WORTH on, else plain; plain: any device; fast: CPUs alone, of any batch."""
WORTH = 2**15
"""Persons x frames x joints of a batch from which `auto` is fast: below, many small operations cost more than they
save."""


def is_fast(engine: str, device: str, positions: int, training: bool) -> bool:
    """Whether a batch of so many persons x frames x joints goes through the fast engine, on a device of this type.

    In training the largest batch of all processes decides for all: or their sums over batches would not meet.
    SkelactError: no such engine, or the fast one on another device than a CPU.
    """
    if engine not in get_args(Engine):
        raise SkelactError(f"expected an engine of {', '.join(get_args(Engine))}, found {engine!r}")
    if engine == "fast" and device != "cpu":
        raise SkelactError(f"the engine fast is for CPUs, found a network on {device}: take auto or plain")
    if engine != "auto" or device != "cpu":
        return engine == "fast"
    return (processes.largest(positions) if training else positions) >= WORTH

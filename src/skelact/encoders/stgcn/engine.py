"""How ST-GCN is computed on a CPU: with plain blocks, or with the faster ones in `joints/`, where joints are outermost.

Results differ only by rounding, so the engine is not part of a configuration, card or file. It is set on a network:
`network.engine = "plain"`. With `SKELACT_NATIVE=0` in the environment the fast engine uses no compiled code.
"""

from typing import Literal, get_args

from skelact.system import processes
from skelact.system.world import SkelactError

Engine = Literal["auto", "plain", "fast"]
"""auto: fast on a CPU for batches of at least WORTH, else plain. plain: any device. fast: CPU only, any batch."""
WORTH = 2**15
"""Smallest persons x frames x joints of a batch for which `auto` is fast. Below, many small operations cost more than
they save."""


def is_fast(engine: str, device: str, positions: int, training: bool) -> bool:
    """Whether the fast engine computes a batch of so many `positions` (persons x frames x joints) on this device type.

    In training the largest batch of all processes decides for all, since they exchange sums in every block.
    SkelactError for an unknown engine, or for the fast one on another device than a CPU.
    """
    if engine not in get_args(Engine):
        raise SkelactError(f"expected an engine of {', '.join(get_args(Engine))}, found {engine!r}")
    if engine == "fast" and device != "cpu":
        raise SkelactError(f"the engine fast is for CPUs, found a network on {device}: use auto or plain")
    if engine != "auto" or device != "cpu":
        return engine == "fast"
    return (processes.largest(positions) if training else positions) >= WORTH

"""Dropout from eight random bits an entry.

torch draws a whole word an entry on one thread, which took as long as the block's convolutions.
"""

from dataclasses import dataclass

import torch
from jaxtyping import UInt8
from torch import Tensor


@dataclass(frozen=True)
class Mask:
    """An entry stays where its random byte is at least `dropped`."""

    bytes: UInt8[Tensor, "v t n c"]
    dropped: int
    """Of 256 values of a byte."""

    @classmethod
    def drawn(cls, shape: torch.Size, p: float) -> "Mask":
        """Drops with probability p, met to 1/512, exactly for p = 1/2."""
        count = shape.numel()
        bits = torch.empty(-(-count // 8), dtype=torch.int64).random_(-(2**63), None)
        return cls(bits.view(torch.uint8)[:count].view(shape), min(round(256 * p), 255))

    @property
    def gain(self) -> float:
        """The factor that makes up for what is dropped, by the share that really is."""
        return 256 / (256 - self.dropped)

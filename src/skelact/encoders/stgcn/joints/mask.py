"""Dropout with eight random bits per entry.

PyTorch draws a whole word per entry on one thread, which took as long as the convolutions of a block.
"""

from dataclasses import dataclass

import torch
from jaxtyping import UInt8
from torch import Tensor


@dataclass(frozen=True)
class Mask:
    """Keeps an entry if its random byte is at least `dropped`."""

    bytes: UInt8[Tensor, "v t n c"]
    dropped: int
    """How many of the 256 values of a byte are dropped."""

    @classmethod
    def drawn(cls, shape: torch.Size, p: float) -> "Mask":
        """A mask that drops with probability p, to within 1/512; exact for p = 1/2."""
        count = shape.numel()
        bits = torch.empty(-(-count // 8), dtype=torch.int64).random_(-(2**63), None)
        return cls(bits.view(torch.uint8)[:count].view(shape), min(round(256 * p), 255))

    @property
    def gain(self) -> float:
        """The factor that compensates for dropped entries, from the actual drop probability."""
        return 256 / (256 - self.dropped)

"""Random numbers by key: a pure function of (seed, epoch, clip, view), whatever the batch or the time of the call.

Counter-based: SplitMix64 mixes the key of a clip with a counter (Steele, Lea and Flood, OOPSLA 2014).
"""

import hashlib
import math
from collections.abc import Sequence

import torch
from jaxtyping import Bool, Float, Int64
from torch import Tensor

_GOLDEN = -7046029254386353131  # 0x9E3779B97F4A7C15 as a signed 64-bit integer
_FIRST = -4658895280553007687  # 0xBF58476D1CE4E5B9
_SECOND = -7723592293110705685  # 0x94D049BB133111EB


def _shift(bits: Int64[Tensor, "..."], count: int) -> Int64[Tensor, "..."]:
    """Logical right shift; the operator of torch keeps the sign."""
    return (bits >> count).bitwise_and_((1 << (64 - count)) - 1)


def _mix(bits: Int64[Tensor, "..."]) -> Int64[Tensor, "..."]:
    bits = (bits ^ _shift(bits, 30)).mul_(_FIRST)
    bits = bits.bitwise_xor_(_shift(bits, 27)).mul_(_SECOND)
    return bits.bitwise_xor_(_shift(bits, 31))


def _word(name: str) -> int:
    """A 64-bit hash of a name, the same on every machine."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True)


class Draw:
    """Random numbers for a batch of clips. Each call advances the counter. `of(name)` starts another sequence."""

    def __init__(self, clips: Int64[Tensor, "n"], seed: int, epoch: int, view: str):
        self.clips = clips
        self._run = (seed, epoch)
        key = torch.zeros_like(clips)
        for word in (seed, epoch, _word(view)):
            key = _mix(key * _GOLDEN + word + _GOLDEN)
        self._key = _mix(key + (clips + 1) * _GOLDEN)
        self._taken = 0

    def of(self, name: str) -> "Draw":
        """An independent sequence for one purpose. It does not depend on which other sequences are used."""
        child = object.__new__(Draw)
        child.clips, child._run = self.clips, self._run
        child._key = _mix(self._key ^ _word(name))
        child._taken = 0
        return child

    def view(self, name: str) -> "Draw":
        """The sequence of another view of the same clips, from its start."""
        seed, epoch = self._run
        return Draw(self.clips, seed, epoch, name)

    def bits(self, *shape: int) -> Int64[Tensor, "n ..."]:
        """64 random bits per entry, shape (n, *shape)."""
        count = math.prod(shape)
        counter = torch.arange(self._taken + 1, self._taken + count + 1, device=self._key.device)
        self._taken += count
        return _mix(self._key[:, None] + counter * _GOLDEN).view(-1, *shape)

    def uniform(self, *shape: int, low: float = 0.0, high: float = 1.0) -> Float[Tensor, "n ..."]:
        """U[low, high), float32, shape (n, *shape)."""
        return _shift(self.bits(*shape), 40).to(torch.float32) * ((high - low) * 2.0**-24) + low

    def chance(self, p: float) -> Bool[Tensor, "n"]:
        """True with probability p, one value per clip."""
        return self.uniform() < p

    def integer(self, below: int | Int64[Tensor, "n"]) -> Int64[Tensor, "n"]:
        """Uniform on 0 .. below - 1, one value per clip. `below` may differ between clips."""
        return _shift(self.bits(), 32) * below >> 32

    def normal(self, shape: Sequence[int]) -> Float[Tensor, "n ..."]:
        """N(0, 1), float32, shape (n, *shape), by Box-Muller; two numbers from each 64 bits."""
        count = math.prod(shape)
        bits = self.bits((count + 1) // 2)
        radius = _shift(bits, 40).to(torch.float32).mul_(-(2.0**-24)).log1p_().mul_(-2).sqrt_()
        angle = bits.bitwise_and_(0xFFFFFF).to(torch.float32).mul_(2 * math.pi * 2.0**-24)
        both = torch.cat([radius * angle.cos(), angle.sin_().mul_(radius)], dim=1)
        return both[:, :count].reshape(-1, *shape)


def order(seed: int, epoch: int, clips: int, device: torch.device | str = "cpu") -> Int64[Tensor, "n"]:
    """The order of the clips in an epoch: a permutation of 0 .. clips - 1, a pure function of (seed, epoch)."""
    return Draw(torch.arange(clips, device=device), seed, epoch, "order").bits().argsort()

"""Measures the limits of this machine: arithmetic in float32 and bf16, and copying."""

import torch

from skelact.bench.compare import repeats_for, seconds
from skelact.config import Config

ROUNDS = 3


class Ceilings(Config):
    """The best of a few rounds for each."""

    float32_convolution: float
    """FLOP/s of a 3 x 3 convolution."""
    float32_product: float
    """FLOP/s of a product of square matrices."""
    bf16_convolution: float
    bf16_product: float
    copy_rate: float
    """Bytes/s, read plus written, when copying one large array."""

    def arithmetic(self, precision: str) -> float:
        """FLOP/s: the higher of convolution and product."""
        if precision == "bf16":
            return max(self.bf16_convolution, self.bf16_product)
        return max(self.float32_convolution, self.float32_product)


def ceilings(size: int, least: float, device: torch.device) -> Ceilings:
    """Measure all ceilings. `size` is the size of the matrices; other arrays depend on it."""
    size = size * 4 if device.type == "cuda" else size
    with torch.inference_mode():
        return Ceilings(
            float32_convolution=_convolution(size, torch.float32, least, device),
            float32_product=_product(size, torch.float32, least, device),
            bf16_convolution=_convolution(size, torch.bfloat16, least, device),
            bf16_product=_product(size, torch.bfloat16, least, device),
            copy_rate=_copy(size, least, device),
        )


def _best(run, device: torch.device, least: float) -> float:
    repeats = repeats_for(run, device, least)
    return min(seconds(run, device, repeats) for _ in range(ROUNDS))


def _product(size: int, kind: torch.dtype, least: float, device: torch.device) -> float:
    a, b = (torch.randn(size, size, device=device).to(kind) for _ in range(2))
    return 2 * size**3 / _best(lambda: a @ b, device, least)


def _convolution(size: int, kind: torch.dtype, least: float, device: torch.device) -> float:
    """28 x 28 positions, size / 8 channels, size / 64 images: 30 GFLOP for a size of 2048."""
    channels, images = size // 8, max(1, size // 64)
    x = torch.randn(images, channels, 28, 28, device=device).to(kind, memory_format=torch.channels_last)
    weight = torch.randn(channels, channels, 3, 3, device=device).to(kind, memory_format=torch.channels_last)
    flop = 2 * 9 * channels**2 * x[:, 0].numel()
    return flop / _best(lambda: torch.conv2d(x, weight, padding=1), device, least)


def _copy(size: int, least: float, device: torch.device) -> float:
    source = torch.ones(16 * size**2, device=device)  # 256 MiB for a size of 2048: larger than any cache
    target = torch.empty_like(source)
    return 2 * source.nbytes / _best(lambda: target.copy_(source), device, least)

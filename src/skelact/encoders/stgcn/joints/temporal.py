"""Convolution over time by a short Fourier transform: same result, several times fewer multiplications.

T outputs of a 9-tap convolution with 4 zeros at both ends are a cyclic convolution of length L = T + 4:
wrapped values fall on unused outputs. The discrete Fourier transform turns that into L products of channel
matrices; the input is real, so half of them are conjugates of the other half, and a complex product takes three real
ones (Karatsuba). All of it is three small real matrices: y = B [(D w) * (A x)].
"""

from functools import lru_cache

import torch
from jaxtyping import Float
from torch import Tensor
from torch.autograd.function import once_differentiable

Joints = Float[Tensor, "v t n c"]


@lru_cache
def matrices(frames: int, taps: int) -> tuple[Tensor, Tensor, Tensor]:
    """(A, B, D), float64, for y_t = sum_k w_k x_(t + k - taps // 2): A is (p, frames), B (frames, p), D (p, taps).

    p, the number of products, is 1 + 3 (L - 1) / 2 for odd L and 2 + 3 (L - 2) / 2 for even L = frames + taps // 2.
    """
    half = taps // 2
    length = frames + half
    t, k = torch.arange(frames, dtype=torch.float64), torch.arange(taps, dtype=torch.float64)
    into, back, kernel = [], [], []
    for frequency in range(length // 2 + 1):
        angle = 2 * torch.pi * frequency / length
        # The kernel is reversed and shifted, so that correlation becomes convolution without a phase.
        cos_x, sin_x = torch.cos(angle * t), -torch.sin(angle * t)
        cos_w, sin_w = torch.cos(angle * (half - k)), -torch.sin(angle * (half - k))
        cos_y, sin_y = torch.cos(angle * t), torch.sin(angle * t)
        if frequency in (0, length / 2):
            into.append(cos_x)
            kernel.append(cos_w)
            back.append(cos_y / length)
            continue
        # (a + ib)(c + id): p = c (a + b), q = a (d - c), r = b (c + d); real p - r, imaginary p + q
        into += [cos_x + sin_x, cos_x, sin_x]
        kernel += [cos_w, sin_w - cos_w, cos_w + sin_w]
        real, imaginary = 2 * cos_y / length, -2 * sin_y / length
        back += [real + imaginary, imaginary, -real]
    return torch.stack(into), torch.stack(back, dim=1), torch.stack(kernel)


class TransformedConvolution(torch.autograd.Function):
    """The convolution over time of (v, t, n, c), stride 1, zeros beyond the ends; weight (d, c, taps), no bias."""

    @staticmethod
    def forward(ctx, x: Joints, weight: Float[Tensor, "d c taps"]) -> Float[Tensor, "v t n d"]:
        ctx.save_for_backward(x, weight)
        into, back, kernel = _matrices(x, weight)
        return _from_products(back, _products(_to_products(into, x), _kernels(kernel, weight).transpose(1, 2)))

    @staticmethod
    @once_differentiable
    def backward(ctx, g: Float[Tensor, "v t n d"]):  # pyright: ignore[reportIncompatibleMethodOverride]
        x, weight = ctx.saved_tensors
        into, back, kernel = _matrices(x, weight)
        d_made = _to_products(back.T, g)
        d_x = _from_products(into.T, _products(d_made, _kernels(kernel, weight)))
        flat, moved = d_made.flatten(1, 2), _to_products(into, x).flatten(1, 2)
        d_kernels = torch.stack([one.T @ other for one, other in zip(flat, moved, strict=True)])
        d_weight = torch.einsum("pk,pdc->dck", kernel, d_kernels.to(kernel.dtype)).to(weight.dtype)
        return d_x, d_weight


def _matrices(x: Joints, weight: Float[Tensor, "d c taps"]) -> tuple[Tensor, Tensor, Tensor]:
    into, back, kernel = matrices(x.shape[1], weight.shape[2])
    wide = torch.promote_types(x.dtype, torch.float32)
    return into.to(x.dtype), back.to(x.dtype), kernel.to(wide)


def _to_products(matrix: Float[Tensor, "p t"], x: Joints) -> Float[Tensor, "p v n c"]:
    v, _, n, c = x.shape
    out = x.new_empty(len(matrix), v, n, c)
    for joint in range(v):
        torch.mm(matrix, x[joint].flatten(1), out=out[:, joint].flatten(1))
    return out


def _from_products(matrix: Float[Tensor, "t p"], made: Float[Tensor, "p v n c"]) -> Float[Tensor, "v t n c"]:
    _, v, n, c = made.shape
    out = made.new_empty(v, len(matrix), n, c)
    for joint in range(v):
        torch.mm(matrix, made[:, joint].flatten(1), out=out[joint].flatten(1))
    return out


def _kernels(kernel: Float[Tensor, "p taps"], weight: Float[Tensor, "d c taps"]) -> Float[Tensor, "p d c"]:
    """The transformed weights, computed in float32 or better, then rounded."""
    return torch.einsum("pk,dck->pdc", kernel, weight.to(kernel.dtype)).to(weight.dtype)


def _products(x: Float[Tensor, "p v n c"], kernels: Float[Tensor, "p c d"]) -> Float[Tensor, "p v n d"]:
    out = x.new_empty(*x.shape[:3], kernels.shape[2])
    for one, kernel, made in zip(x.flatten(1, 2), kernels, out.flatten(1, 2), strict=True):
        torch.mm(one, kernel, out=made)
    return out

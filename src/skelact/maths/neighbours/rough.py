"""The nearest neighbours where a processor multiplies bfloat16 faster than float32: a rough look, then an exact one.

The rough similarities are wrong by no more than a bound that is known for each query. So all train clips whose rough
similarity is less than twice the bound below the k-th largest are kept, and only their similarities are computed in
float32 (native/nearest.cpp). What comes out is what looking at all of them in float32 gives.
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from skelact.system import native, processor

TILE = 1024
"""Train clips of one product."""
QUERIES = 512
"""Queries of one product: it is still in the processor's cache when its largest are taken from it."""
ROOM = 1024
"""Train clips that can be kept for one query, beside four for each neighbour sought."""


def takes(queries: Float[Tensor, "n d"], train: Float[Tensor, "clips d"]) -> bool:
    """Whether these can be searched here, and faster: the native code was made for instructions of the processor."""
    fast = native.takes(queries, train) and bool(native.call("bfloat16_products")) and processor.multiplies_bf16()
    return queries.dtype == torch.float32 and bool(fast)


def nearest(
    queries: Float[Tensor, "n d"], train: Float[Tensor, "clips d"], k: int
) -> tuple[Float[Tensor, "n k"], Int[Tensor, "n k"], Int[Tensor, "left"]]:
    """Of rows of length 1: similarities and row numbers of the k nearest, and for which queries they were not found.

    Those are queries for which too many train clips are as close as the k-th nearest to tell them apart roughly, or
    with numbers that are not finite; what is returned for them means nothing.
    """
    room, threads = ROOM + 4 * k, torch.get_num_threads()
    centre = train.mean(0)
    # Of queries and clips only what is left of their common mean is rounded, so that the bound is small where all
    # features point to much the same side. What the mean adds to a clip's similarity is added in float32.
    asked, known = queries - centre, train - centre
    offsets, slack = known @ centre, margins(asked, known)
    asked, known = asked.bfloat16(), known.bfloat16()
    values, rows = queries.new_empty(len(queries), k), torch.empty(len(queries), k, dtype=torch.long)
    tile = known.new_empty(QUERIES * TILE)
    kept = torch.empty(len(queries), 2, dtype=torch.long)
    ranges, columns = queries.new_empty(QUERIES, room, 2), torch.empty(QUERIES, room, dtype=torch.int32)
    for start in range(0, len(queries), QUERIES):
        piece = queries[start : start + QUERIES]
        n, here = len(piece), slice(start, start + len(piece))
        kept[here, 0], kept[here, 1] = 0, 4 * k
        bounds = piece.new_full((n,), -torch.inf)
        for first in range(0, len(train), TILE):
            some = known[first : first + TILE]
            out = tile[: n * len(some)].view(n, -1)
            torch.mm(asked[here], some.T, out=out)
            native.call(
                "keep_nearest", out, *out.shape, offsets[first:], first, k, room,
                slack[here], bounds, kept[here], ranges, columns, threads,
            )  # fmt: skip
        native.call(
            "take_nearest", piece, train, n, piece.shape[1], k, room,
            slack[here], bounds, kept[here], ranges, columns, values[here], rows[here], threads,
        )  # fmt: skip
    return values, rows, ((kept[:, 0] < k) | (kept[:, 0] > room)).nonzero()[:, 0]


def margins(queries: Float[Tensor, "n d"], train: Float[Tensor, "clips d"]) -> Float[Tensor, "n"]:
    """How far apart the rough similarities of two clips can be whose true ones are equal: twice the largest error.

    By the Cauchy-Schwarz inequality from what rounding took from either side, and what sums of d numbers in float32
    lose. The product's own rounding to bfloat16 is not in it: that is known for each product.
    """
    rough = queries.bfloat16().float()
    lost, length = (queries - rough).norm(dim=1), rough.norm(dim=1)
    most, most_lost = 0.0, 0.0
    for some in train.split(2**14):  # so that nothing of the size of all is held once more
        most = max(most, float(some.norm(dim=1).max()))
        most_lost = max(most_lost, float((some - some.bfloat16().float()).norm(dim=1).max()))
    within_float32 = queries.shape[1] * 2.0**-22 * most * (1 + length)  # 1: the centre is no longer than that
    return 2 * (lost * most + length * most_lost + within_float32)

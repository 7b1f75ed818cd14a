"""Exact nearest neighbours on processors that multiply bfloat16 faster than float32: first rough, then exact.

The error of a rough similarity has a known bound for each query. A train clip is kept if its rough similarity is less
than twice the bound below the k-th largest. Only for those are similarities computed in float32 (native/nearest.cpp).
The result equals that of a search in float32.
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from skelact.system import native, processor

TILE = 1024
"""Train clips in one matrix product."""
QUERIES = 512
"""Queries in one matrix product, so that the result stays in the processor's cache."""
ROOM = 1024
"""Train clips that can be kept for one query, in addition to 4 k."""


def takes(queries: Float[Tensor, "n d"], train: Float[Tensor, "clips d"]) -> bool:
    """Whether this search can run here: float32 arrays, native code, and a processor with bfloat16 products."""
    fast = native.takes(queries, train) and bool(native.call("bfloat16_products")) and processor.multiplies_bf16()
    return queries.dtype == torch.float32 and bool(fast)


def nearest(
    queries: Float[Tensor, "n d"], train: Float[Tensor, "clips d"], k: int
) -> tuple[Float[Tensor, "n k"], Int[Tensor, "n k"], Int[Tensor, "left"]]:
    """Similarities and row numbers of the k nearest, and the queries without a result. All rows have length 1.

    A query has no result if too many train clips are about as close as the k-th nearest, or if its numbers are not
    finite. Its rows in the other two outputs are meaningless.
    """
    room, threads = ROOM + 4 * k, torch.get_num_threads()
    centre = train.mean(0)
    # The common mean is subtracted before rounding, so that the bound is small if all features are alike.
    # Its contribution to each similarity is added in float32.
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
    """Twice the largest error of a rough similarity, for each query.

    From the Cauchy-Schwarz inequality on the rounding errors of both sides, plus the error of summing d numbers in
    float32. Rounding the product to bfloat16 is not included: it is known for each product.
    """
    rough = queries.bfloat16().float()
    lost, length = (queries - rough).norm(dim=1), rough.norm(dim=1)
    most, most_lost = 0.0, 0.0
    for some in train.split(2**14):  # no second copy of the whole array
        most = max(most, float(some.norm(dim=1).max()))
        most_lost = max(most_lost, float((some - some.bfloat16().float()).norm(dim=1).max()))
    within_float32 = queries.shape[1] * 2.0**-22 * most * (1 + length)  # 1: the largest length of the centre
    return 2 * (lost * most + length * most_lost + within_float32)

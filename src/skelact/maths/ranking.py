"""Ranking by cosine: average precision, and the rank of the first hit."""

import torch
from jaxtyping import Bool, Float, Int64
from torch import Tensor
from torch.nn import functional

from skelact.maths.neighbours import PIECE


def average_precisions(
    queries: Float[Tensor, "n d"],
    classes: Int64[Tensor, "n"],
    gallery: Float[Tensor, "clips d"] | None = None,
    labels: Int64[Tensor, "clips"] | None = None,
) -> tuple[Float[Tensor, "n"], Int64[Tensor, "n"]]:
    """Average precision of each query, nan if its class is not in the gallery, and the rank of the first hit.

    `classes` are those of the queries, `labels` those of the gallery. Without a gallery each query searches the others.
    Among clips of equal similarity those of the query's class come last, so that constant features do not profit from
    the order of the store.
    """
    own = gallery is None or labels is None
    if gallery is None or labels is None:
        gallery, labels = queries, classes
    queries, gallery = functional.normalize(queries, dim=1), functional.normalize(gallery, dim=1)
    size = max(1, PIECE // len(gallery))
    precisions, firsts = [], []
    for start in range(0, len(queries), size):
        piece = queries[start : start + size]
        similarity = piece @ gallery.T
        relevant = classes[start : start + size, None] == labels
        if own:  # the query itself comes last and is no hit
            itself = torch.arange(start, start + len(piece), device=piece.device)[:, None]
            similarity.scatter_(1, itself, -torch.inf)
            relevant.scatter_(1, itself, False)
        hits = _in_order(similarity, relevant)
        rank = torch.arange(1, len(gallery) + 1, device=hits.device)
        count = hits.sum(1)
        precisions.append((hits.cumsum(1) / rank * hits).double().sum(1) / count)  # nan without a hit
        firsts.append(torch.where(count > 0, hits.int().argmax(1) + 1, len(gallery) + 1))
    return torch.cat(precisions), torch.cat(firsts)


def _in_order(similarity: Float[Tensor, "n clips"], relevant: Bool[Tensor, "n clips"]) -> Bool[Tensor, "n clips"]:
    """`relevant`, sorted by falling similarity; among ties the relevant clips come last."""
    others_first = relevant.int().argsort(dim=1, stable=True)
    order = similarity.gather(1, others_first).argsort(dim=1, descending=True, stable=True)
    return relevant.gather(1, others_first.gather(1, order))

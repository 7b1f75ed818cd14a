"""Exact k nearest neighbours by cosine similarity, in pieces that fit into memory."""

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional

from skelact.maths.neighbours import rough
from skelact.system.allocator import kept_memory
from skelact.system.world import SkelactError

GROUP = 64
"""Train clips in a group. The largest similarity of each group decides which groups are searched."""
TILE = 16 * GROUP
"""Train clips in one matrix product. On CPUs such products are twice as fast as one with all clips."""
PIECE = 2**24
"""Largest number of similarities held at once: 64 MiB in float32."""
QUERIES = 512
"""Largest number of queries in one matrix product, so that the result stays in the processor's cache."""


def capped(k: int, train_labels: Int[Tensor, "clips"]) -> int:
    """k, but at most the size of the smallest class: more neighbours would have to be of other classes."""
    return min(k, int(train_labels.unique(return_counts=True)[1].min()))


def nearest(
    queries: Float[Tensor, "n d"], train: Float[Tensor, "clips d"], k: int
) -> tuple[Float[Tensor, "n k"], Int[Tensor, "n k"]]:
    """Cosine similarities and row numbers of the k rows of `train` closest to each query, closest first.

    Raises SkelactError unless 1 <= k <= number of train rows.
    """
    if not 1 <= k <= len(train):
        raise SkelactError(f"k must be between 1 and the {len(train)} train clips, got {k}")
    queries, train = functional.normalize(queries, dim=1), functional.normalize(train, dim=1)
    queries, train = queries.detach(), train.detach()
    with kept_memory(queries.device.type == "cpu"):
        if len(train) <= k * GROUP:
            return _all_at_once(queries, train, k)
        return _rough_first(queries, train, k) if rough.takes(queries, train) else _by_groups(queries, train, k)


def _all_at_once(queries: Float[Tensor, "n d"], train: Float[Tensor, "clips d"], k: int) -> tuple[Tensor, Tensor]:
    found = [(piece @ train.T).topk(k, dim=1) for piece in queries.split(max(1, PIECE // len(train)))]
    return torch.cat([values for values, _ in found]), torch.cat([rows for _, rows in found])


def _by_groups(queries: Float[Tensor, "n d"], train: Float[Tensor, "clips d"], k: int) -> tuple[Tensor, Tensor]:
    """As `_all_at_once`: the k largest similarities lie in the k groups with the largest maxima."""
    tiles, each = train.split(TILE), TILE // GROUP
    pieces = queries.split(max(1, min(QUERIES, PIECE // (len(tiles) * TILE))))
    # Reused for every piece: fresh memory from the system would cost as much as the products.
    scores = queries.new_full((len(tiles), len(pieces[0]), TILE), -torch.inf)
    maxima = queries.new_empty(len(pieces[0]), len(tiles), each)
    found = []
    for piece in pieces:
        n = len(piece)
        for number, tile in enumerate(tiles):
            out = scores[number, :n]
            if len(tile) == TILE:
                torch.mm(piece, tile.T, out=out)
            else:
                out[:, : len(tile)] = piece @ tile.T
            torch.amax(out.unflatten(1, (each, GROUP)), 2, out=maxima[:n, number])
        best = maxima[:n].flatten(1).topk(k, dim=1).indices
        query = torch.arange(n, device=best.device)[:, None]
        group = (best // each * len(pieces[0]) + query) * each + best % each  # its row in all groups of the scores
        values, within = scores.view(-1, GROUP)[group].flatten(1).topk(k, dim=1)
        found.append((values, best.gather(1, within // GROUP) * GROUP + within % GROUP))
    return torch.cat([values for values, _ in found]), torch.cat([rows for _, rows in found])


def _rough_first(queries: Float[Tensor, "n d"], train: Float[Tensor, "clips d"], k: int) -> tuple[Tensor, Tensor]:
    """As `_all_at_once`, by `rough.nearest`; queries that it leaves go through `_by_groups`."""
    values, rows, left = rough.nearest(queries, train, k)
    if len(left):
        values[left], rows[left] = _by_groups(queries[left], train, k)
    return values, rows


def votes(
    similarity: Float[Tensor, "n k"], labels: Int[Tensor, "n k"], classes: int, temperature: float = 0.1
) -> Float[Tensor, "n classes"]:
    """Score of each class: the sum of exp(similarity / temperature) over the neighbours of that class."""
    if temperature <= 0:
        raise SkelactError(f"temperature must be positive, got {temperature}")
    weights = (similarity / temperature).exp()
    return weights.new_zeros(len(weights), classes).scatter_add_(1, labels, weights)


def knn_scores(
    queries: Float[Tensor, "n d"],
    train: Float[Tensor, "clips d"],
    labels: Int[Tensor, "clips"],
    classes: int,
    k: int,
    temperature: float = 0.1,
) -> Float[Tensor, "n classes"]:
    """Class scores of each query from its k nearest train clips, or from all of them if there are fewer."""
    similarity, rows = nearest(queries, train, min(k, len(train)))
    return votes(similarity, labels[rows], classes, temperature)

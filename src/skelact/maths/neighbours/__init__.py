"""The k nearest neighbours of a clip among labelled ones, exactly, by cosine, in pieces that fit into memory."""

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional

from skelact.maths.neighbours import rough
from skelact.system.allocator import kept_memory
from skelact.system.world import SkelactError

GROUP = 64
"""Train clips whose similarities are looked at as one, by their largest, before the k largest are sought."""
TILE = 16 * GROUP
"""Train clips of one product: CPUs multiply a few hundred queries by as many twice as fast as by all at once."""
PIECE = 2**24
"""Most similarities held at once: 64 MiB in float32."""
QUERIES = 512
"""Most queries of one product, so that it is still in the processor's cache when the largest are taken from it."""


def capped(k: int, train_labels: Int[Tensor, "clips"]) -> int:
    """k, at most the train clips of the smallest class there is: of more neighbours some would have to be of others."""
    return min(k, int(train_labels.unique(return_counts=True)[1].min()))


def nearest(
    queries: Float[Tensor, "n d"], train: Float[Tensor, "clips d"], k: int
) -> tuple[Float[Tensor, "n k"], Int[Tensor, "n k"]]:
    """Cosine similarities and row numbers of the k rows of `train` closest to each query, closest first.

    A SkelactError is raised unless 1 <= k <= number of train rows.
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
    """The same: the k largest similarities lie in the k groups of train clips with the largest maxima."""
    tiles, each = train.split(TILE), TILE // GROUP
    pieces = queries.split(max(1, min(QUERIES, PIECE // (len(tiles) * TILE))))
    # Written anew for every piece: memory fresh from the system would cost as much as the products.
    made = queries.new_full((len(tiles), len(pieces[0]), TILE), -torch.inf)
    maxima = queries.new_empty(len(pieces[0]), len(tiles), each)
    found = []
    for piece in pieces:
        n = len(piece)
        for number, tile in enumerate(tiles):
            out = made[number, :n]
            if len(tile) == TILE:
                torch.mm(piece, tile.T, out=out)
            else:
                out[:, : len(tile)] = piece @ tile.T
            torch.amax(out.unflatten(1, (each, GROUP)), 2, out=maxima[:n, number])
        best = maxima[:n].flatten(1).topk(k, dim=1).indices
        query = torch.arange(n, device=best.device)[:, None]
        place = (best // each * len(pieces[0]) + query) * each + best % each  # of the group in all that was made
        values, within = made.view(-1, GROUP)[place].flatten(1).topk(k, dim=1)
        found.append((values, best.gather(1, within // GROUP) * GROUP + within % GROUP))
    return torch.cat([values for values, _ in found]), torch.cat([rows for _, rows in found])


def _rough_first(queries: Float[Tensor, "n d"], train: Float[Tensor, "clips d"], k: int) -> tuple[Tensor, Tensor]:
    """The same by `rough.nearest`, but for the queries that it leaves."""
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
    """Class scores of each query from its k nearest train clips; k beyond their number takes them all."""
    similarity, rows = nearest(queries, train, min(k, len(train)))
    return votes(similarity, labels[rows], classes, temperature)

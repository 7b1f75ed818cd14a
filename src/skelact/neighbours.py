"""The k nearest neighbours of a clip among labelled ones, exactly, by cosine, in pieces that fit into memory."""

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional

from skelact.world import SkelactError

PIECE = 2**24
"""Most similarities held at once: 64 MiB in float32."""
GROUP = 64
"""Train clips whose similarities are looked at as one, by their largest, before the k largest are sought."""
TILE = 16 * GROUP
"""Train clips of one product: CPUs multiply a few hundred queries by as many twice as fast as by all at once."""


def nearest(
    queries: Float[Tensor, "n d"], train: Float[Tensor, "clips d"], k: int
) -> tuple[Float[Tensor, "n k"], Int[Tensor, "n k"]]:
    """Cosine similarities and row numbers of the k rows of `train` closest to each query, closest first.

    A SkelactError is raised unless 1 <= k <= number of train rows.
    """
    if not 1 <= k <= len(train):
        raise SkelactError(f"k must be between 1 and the {len(train)} train clips, got {k}")
    queries, train = functional.normalize(queries, dim=1), functional.normalize(train, dim=1)
    search = _all_at_once if len(train) <= k * GROUP else _by_groups
    pieces = [search(piece, train, k) for piece in queries.split(max(1, PIECE // len(train)))]
    return torch.cat([values for values, _ in pieces]), torch.cat([rows for _, rows in pieces])


def _all_at_once(queries: Float[Tensor, "n d"], train: Float[Tensor, "clips d"], k: int) -> tuple[Tensor, Tensor]:
    values, rows = (queries @ train.T).topk(k, dim=1)
    return values, rows


def _by_groups(queries: Float[Tensor, "n d"], train: Float[Tensor, "clips d"], k: int) -> tuple[Tensor, Tensor]:
    """The same: the k largest similarities lie in the k groups of train clips with the largest maxima."""
    n, tiles = len(queries), train.split(TILE)
    made = queries.new_empty(len(tiles), n, TILE)
    for tile, out in zip(tiles, made, strict=True):
        out[:, : len(tile)] = queries @ tile.T
    made[-1, :, len(tiles[-1]) :] = -torch.inf
    each = TILE // GROUP
    maxima = made.unflatten(2, (each, GROUP)).amax(3).transpose(0, 1).reshape(n, -1)
    best = maxima.topk(k, dim=1).indices
    query = torch.arange(n, device=best.device)[:, None]
    place = (best // each * n + query) * each + best % each  # of the group among those of all tiles and queries
    values, within = made.view(-1, GROUP)[place].flatten(1).topk(k, dim=1)
    rows = best.gather(1, within // GROUP) * GROUP + within % GROUP
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

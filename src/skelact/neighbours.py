"""The k nearest neighbours of a clip among labelled ones, exactly, by cosine, in pieces that fit into memory."""

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional

from skelact.world import SkelactError

PIECE = 2**24
"""Most similarities held at once: 64 MiB in float32."""


def nearest(
    queries: Float[Tensor, "n d"], train: Float[Tensor, "clips d"], k: int
) -> tuple[Float[Tensor, "n k"], Int[Tensor, "n k"]]:
    """Cosine similarities and row numbers of the k rows of `train` closest to each query, closest first.

    A SkelactError is raised unless 1 <= k <= number of train rows.
    """
    if not 1 <= k <= len(train):
        raise SkelactError(f"k must be between 1 and the {len(train)} train clips, got {k}")
    queries, train = functional.normalize(queries, dim=1), functional.normalize(train, dim=1)
    pieces = [(piece @ train.T).topk(k, dim=1) for piece in queries.split(max(1, PIECE // len(train)))]
    return torch.cat([piece.values for piece in pieces]), torch.cat([piece.indices for piece in pieces])


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

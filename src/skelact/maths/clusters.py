"""Clustering without labels, and its agreement with classes."""

from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional


class Agreement(NamedTuple):
    """Agreement between clusters and classes."""

    nmi: float
    """Normalised mutual information (arithmetic mean), 0 to 1."""
    ari: float
    """Adjusted Rand index, 0 for chance, at most 1."""
    accuracy: float
    """Per cent, from `matched`."""


def k_means(
    features: Float[Tensor, "n d"], count: int, starts: int, seed: int, normalise: bool
) -> Int[np.ndarray, "n"]:
    """The cluster of every clip, from the best of several starts. `normalise`: divide features by their length."""
    from sklearn.cluster import KMeans  # imported when needed: it takes long

    features = functional.normalize(features, dim=1) if normalise else features
    several: Any = starts  # its type is declared as str
    means = KMeans(count, n_init=several, random_state=seed)
    return means.fit_predict(features.double().cpu().numpy())


def agreement(labels: Int[np.ndarray, "n"], clusters: Int[np.ndarray, "n"]) -> Agreement:
    """Agreement between clusters and classes."""
    from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

    return Agreement(
        nmi=float(normalized_mutual_info_score(labels, clusters)),
        ari=float(adjusted_rand_score(labels, clusters)),
        accuracy=matched(labels, clusters),
    )


def matched(labels: Int[np.ndarray, "n"], clusters: Int[np.ndarray, "n"]) -> float:
    """Per cent of clips in the cluster of their class. Clusters and classes are paired one to one so that this is
    highest (Hungarian assignment)."""
    _, row = np.unique(labels, return_inverse=True)
    _, column = np.unique(clusters, return_inverse=True)
    from scipy.optimize import linear_sum_assignment

    table = np.zeros((row.max() + 1, column.max() + 1), np.int64)
    np.add.at(table, (row, column), 1)
    return 100 * float(table[linear_sum_assignment(table, maximize=True)].sum()) / len(labels)

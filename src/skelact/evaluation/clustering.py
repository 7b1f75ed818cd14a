"""Clustering of frozen features: k-means on the test clips, as many clusters as classes; NMI, ARI, accuracy."""

from collections.abc import Sequence
from statistics import fmean, stdev
from typing import Any

import numpy as np
import torch
from jaxtyping import Int
from torch.nn import functional

from skelact.evaluation.case import Case, Scored
from skelact.evaluation.config import ClusteringConfig
from skelact.evaluation.control import of_random
from skelact.evaluation.outcome import Clusters, ClustersControl
from skelact.evaluation.task import Task, standardised
from skelact.system.world import SkelactError


def clustering(case: Case, config: ClusteringConfig, seeds: Sequence[int]) -> Scored:
    """k-means on the encoder's features for each seed, plain and standardised, and on those of random encoders."""
    trained = case.task(case.encoder)
    assigned = [assign(trained, config, seed) for seed in seeds]
    labels = trained.test_labels.cpu().numpy()
    found = tuple(agreement(labels, one) for one in assigned)

    def measure(given: Task, seed: int) -> Clusters:
        return agreement(labels, assign(given, config, seed))

    scaled = standardised(trained)
    fields = {
        **dict(_mean(found)),
        "clusters": count_of(trained, config),
        "per_seed": found,
        "std": stdev(one.accuracy for one in found) if len(found) > 1 else None,
        "standardised": _mean([measure(scaled, seed) for seed in seeds]),
        "control": _control(*map(_mean, of_random(case.encoder.card, seeds, case.task, measure))),
    }
    return Scored(fields, torch.from_numpy(assigned[0].astype(np.int64)), "cluster")


def count_of(task: Task, config: ClusteringConfig) -> int:
    """The number of clusters asked for. SkelactError for more than there are test clips."""
    count = config.clusters or len(task.test_labels.unique())
    if count > len(task.test):
        raise SkelactError(f"clusters must be at most the {len(task.test)} test clips, got {count}")
    return count


def assign(task: Task, config: ClusteringConfig, seed: int) -> Int[np.ndarray, "n"]:
    """The cluster of every test clip. Labels are not looked at, but for their number."""
    from sklearn.cluster import KMeans  # here and below, so that other protocols do not wait for it

    features = functional.normalize(task.test, dim=1) if config.normalise else task.test
    starts: Any = config.starts  # declared by its default, the word auto
    means = KMeans(count_of(task, config), n_init=starts, random_state=seed)
    return means.fit_predict(features.double().cpu().numpy())


def agreement(labels: Int[np.ndarray, "n"], clusters: Int[np.ndarray, "n"]) -> Clusters:
    """How well clusters fit classes."""
    from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

    return Clusters(
        nmi=float(normalized_mutual_info_score(labels, clusters)),
        ari=float(adjusted_rand_score(labels, clusters)),
        accuracy=matched(labels, clusters),
    )


def matched(labels: Int[np.ndarray, "n"], clusters: Int[np.ndarray, "n"]) -> float:
    """Per cent of clips in the cluster that stands for their class, clusters and classes paired one to one so that it
    is highest (the Hungarian assignment)."""
    _, row = np.unique(labels, return_inverse=True)
    _, column = np.unique(clusters, return_inverse=True)
    from scipy.optimize import linear_sum_assignment

    table = np.zeros((row.max() + 1, column.max() + 1), np.int64)
    np.add.at(table, (row, column), 1)
    return 100 * float(table[linear_sum_assignment(table, maximize=True)].sum()) / len(labels)


def _mean(several: Sequence[Clusters]) -> Clusters:
    return Clusters(**{name: fmean(getattr(one, name) for one in several) for name in Clusters.model_fields})


def _control(plain: Clusters, scaled: Clusters) -> ClustersControl:
    stronger = max(plain, scaled, key=lambda one: one.accuracy)
    return ClustersControl(**dict(stronger), plain=plain, standardised=scaled)

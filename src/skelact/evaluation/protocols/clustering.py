"""Clustering of frozen features: k-means on the test clips, as many clusters as classes; NMI, ARI, accuracy."""

from collections.abc import Sequence
from statistics import fmean, stdev

from pydantic import PositiveInt

from skelact.config import Config
from skelact.evaluation.protocols.protocol import Array, Case, Protocol, Task
from skelact.evaluation.results.outcome import Evaluation
from skelact.evaluation.results.scored import Scored
from skelact.evaluation.results.table import Figure
from skelact.system.world import SkelactError


class ClusteringConfig(Config):
    """How k-means is run."""

    clusters: PositiveInt | None = None
    """Number of clusters (default: the number of classes among the test clips)."""
    starts: PositiveInt = 10
    """Starts of k-means; the one with the lowest inertia counts."""
    normalise: bool = True
    """Scale features to length 1 first, so that distance is cosine."""


class Clusters(Config):
    """How well clusters found without labels fit the classes; means over the seeds."""

    nmi: float
    """Normalised mutual information (arithmetic mean), 0 to 1."""
    ari: float
    """Adjusted Rand index, 0 for chance, at most 1."""
    accuracy: float
    """Per cent of clips in the cluster of their class, clusters and classes matched one to one as well as can be."""


class ClustersControl(Clusters):
    """Random encoders: the stronger of plain and standardised features by accuracy, and both."""

    plain: Clusters
    standardised: Clusters


class Clustered(Evaluation, Clusters):
    """One evaluation by clustering."""

    clusters: int
    per_seed: tuple[Clusters, ...]
    std: float | None = None
    """Standard deviation of the seeds' accuracy; none for fewer than two."""
    standardised: Clusters
    control: ClustersControl


class ClusteringProtocol(Protocol[ClusteringConfig, Clustered]):
    """Whether classes show without labels."""

    name = "clustering"
    words = "k-means on the test clips, compared with their classes."
    options = ClusteringConfig
    result = Clustered
    reading = "Clustering: k-means on the test clips, as many clusters as classes."

    def measure(self, case: Case, options: ClusteringConfig, seeds: Sequence[int], name: str) -> Scored:
        import torch

        from skelact.evaluation.control import of_random
        from skelact.train.task import standardised

        trained = case.task(case.encoder)
        assigned = [assign(trained, options, seed) for seed in seeds]
        found = tuple(fit(trained, one) for one in assigned)

        def measured(task: Task, seed: int) -> Clusters:
            return fit(task, assign(task, options, seed))

        scaled = standardised(trained)
        fields = {
            **dict(_mean(found)),
            "clusters": count_of(trained, options),
            "per_seed": found,
            "std": stdev(one.accuracy for one in found) if len(found) > 1 else None,
            "standardised": _mean([measured(scaled, seed) for seed in seeds]),
            "control": _control(*map(_mean, of_random(case.encoder.card, seeds, case.task, measured))),
        }
        return Scored(fields, torch.from_numpy(assigned[0]).long(), "cluster")

    def figures(self, result: Clustered) -> list[Figure]:
        """NMI and ARI times 100, to stand beside per cents."""
        scaled, control = result.standardised, result.control
        return [
            Figure("accuracy", result.accuracy, None, scaled.accuracy, control.accuracy),
            Figure("NMI x 100", 100 * result.nmi, None, 100 * scaled.nmi, 100 * control.nmi),
            Figure("ARI x 100", 100 * result.ari, None, 100 * scaled.ari, 100 * control.ari),
        ]


def count_of(task: Task, options: ClusteringConfig) -> int:
    """The number of clusters asked for. SkelactError for more than there are test clips."""
    count = options.clusters or len(task.test_labels.unique())
    if count > len(task.test):
        raise SkelactError(f"clusters must be at most the {len(task.test)} test clips, got {count}")
    return count


def assign(task: Task, options: ClusteringConfig, seed: int) -> Array:
    """(n,): the cluster of every test clip. Of the labels only their number is used."""
    from skelact.maths.clusters import k_means

    return k_means(task.test, count_of(task, options), options.starts, seed, options.normalise)


def fit(task: Task, clusters: Array) -> Clusters:
    """How well clusters (n,) of the test clips fit their classes."""
    from skelact.maths.clusters import agreement

    return Clusters(**agreement(task.test_labels.cpu().numpy(), clusters)._asdict())


def _mean(several: Sequence[Clusters]) -> Clusters:
    return Clusters(**{name: fmean(getattr(one, name) for one in several) for name in Clusters.model_fields})


def _control(plain: Clusters, scaled: Clusters) -> ClustersControl:
    stronger = max(plain, scaled, key=lambda one: one.accuracy)
    return ClustersControl(**dict(stronger), plain=plain, standardised=scaled)

"""Clustering: matching by brute force, information by its formula, and the closed forms."""

import itertools
import json
import math

import numpy as np
import pytest
import torch

from skelact.evaluation.protocols.clustering import Clustered, ClusteringConfig, assign
from skelact.evaluation.reading import read_result
from skelact.evaluation.run import evaluate_run
from skelact.maths.clusters import agreement, matched
from skelact.system.world import SkelactError
from skelact.train.task import Task

SPLIT = "subject=0,1,2"


def by_brute_force(labels, clusters) -> float:
    """The most hits over every way to give each cluster a class."""
    names = range(max(max(labels), max(clusters)) + 1)
    best = max(
        sum(way[cluster] == label for label, cluster in zip(labels, clusters, strict=True))
        for way in itertools.permutations(names)
    )
    return 100 * best / len(labels)


def information(labels, clusters) -> float:
    """2 I(L; C) / (H(L) + H(C)) from counts."""
    count = len(labels)

    def entropy(values) -> float:
        shares = [list(values).count(value) / count for value in set(values)]
        return -sum(share * math.log(share) for share in shares)

    pairs = list(zip(labels, clusters, strict=True))
    mutual = entropy(labels) + entropy(clusters) - entropy(pairs)
    return 2 * mutual / (entropy(labels) + entropy(clusters))


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("clusters", [3, 4, 5])
def test_accuracy_is_that_of_the_best_pairing_and_nmi_that_of_the_formula(seed, clusters):
    rng = np.random.default_rng(seed)
    labels, found = rng.integers(0, 4, 25), rng.integers(0, clusters, 25)
    assert matched(labels, found) == pytest.approx(by_brute_force(labels.tolist(), found.tolist()))
    assert agreement(labels, found).nmi == pytest.approx(information(labels.tolist(), found.tolist()))


def test_clusters_that_are_the_classes_under_other_names_are_perfect():
    labels = np.arange(30) % 5
    found = agreement(labels, (labels * 3 + 1) % 5)
    assert (found.accuracy, found.ari, found.nmi) == (100, pytest.approx(1), pytest.approx(1))


def test_random_clusters_agree_by_chance_only():
    rng = np.random.default_rng(0)
    found = agreement(rng.integers(0, 4, 20000), rng.integers(0, 4, 20000))
    assert found.ari == pytest.approx(0, abs=0.01)
    assert found.nmi == pytest.approx(0, abs=0.01)
    assert found.accuracy == pytest.approx(25, abs=1.5)


def test_labels_with_gaps_and_fewer_clusters_than_classes_do_no_harm():
    labels = np.array([0, 0, 7, 7, 7, 30])
    assert matched(labels, np.zeros(6, int)) == pytest.approx(50)


def task_of(features, labels) -> Task:
    return Task(features[:2], labels[:2], features, labels, 3)


def test_groups_far_apart_are_found_and_the_same_seed_finds_the_same():
    generator = torch.Generator().manual_seed(0)
    labels = torch.arange(60) % 3
    features = torch.eye(3)[labels] * 5 + 0.1 * torch.randn(60, 3, generator=generator)
    found = assign(task_of(features, labels), ClusteringConfig(), seed=0)
    assert agreement(labels.numpy(), found).accuracy == 100
    assert found.tolist() == assign(task_of(features, labels), ClusteringConfig(), seed=0).tolist()


def test_normalised_features_are_clustered_by_direction():
    labels = torch.arange(40) % 2
    directions = torch.tensor([[1.0, 0.1], [0.1, 1.0]])[labels]
    task = task_of(directions * torch.tensor([1.0, 50.0]).repeat(20).roll(1).view(-1, 1)[torch.randperm(40)], labels)
    assert matched(labels.numpy(), assign(task, ClusteringConfig(), 0)) == 100
    assert matched(labels.numpy(), assign(task, ClusteringConfig(normalise=False), 0)) < 100


def test_more_clusters_than_test_clips_are_refused_with_both_numbers():
    labels = torch.arange(6) % 3
    with pytest.raises(SkelactError, match="at most the 6 test clips, got 7"):
        assign(task_of(torch.randn(6, 2), labels), ClusteringConfig(clusters=7), 0)


def test_the_result_has_its_figures_and_a_control_of_the_same_kind(run, store):
    result = evaluate_run("clustering", run, store.path, SPLIT, seeds=2, progress=False)
    assert isinstance(result, Clustered)
    file = run / "evaluate" / f"clustering-store-{SPLIT}.json"
    values = json.loads(file.read_text())
    assert {"protocol", "split", "classes", "nmi", "ari", "accuracy", "control", "seeds", "seconds"} <= values.keys()
    assert {"nmi", "ari", "accuracy"} <= values["control"].keys()
    assert (result.clusters, len(result.per_seed)) == (3, 2)
    assert result.accuracy == pytest.approx(np.mean([one.accuracy for one in result.per_seed]))
    assert read_result(file) == result
    kept = np.load(file.with_suffix(".npz"))
    assert matched(kept["labels"], kept["cluster"]) == pytest.approx(result.per_seed[0].accuracy)

"""The kNN protocol; the neighbours themselves are tested with skelact.maths.neighbours."""

import hypothesis.strategies as st
import numpy as np
import pytest
import torch
from hypothesis import given
from pydantic import ValidationError
from sklearn.neighbors import KNeighborsClassifier

from skelact.evaluation.protocols.knn import KnnConfig, knn
from skelact.train.task import Task


def make(seed: int, clips: int = 40, queries: int = 15, d: int = 5, classes: int = 6) -> Task:
    """Clips scattered about their class's direction."""
    generator = torch.Generator().manual_seed(seed)
    directions = torch.randn(classes, d, generator=generator)
    labels = torch.randint(classes, (clips + queries,), generator=generator)
    features = directions[labels] + torch.randn(clips + queries, d, generator=generator)
    return Task(features[:clips], labels[:clips], features[clips:], labels[clips:], classes)


@given(seed=st.integers(0, 10**6))
def test_accuracies_are_those_of_scikit_learn_with_the_same_votes(seed):
    task = make(seed)
    found = knn(task, KnnConfig(k=(1, 7), cap=False))
    for k in (1, 7):
        # For unit vectors cosine = 1 - distance^2 / 2, so both rank neighbours alike.
        reference = KNeighborsClassifier(k, weights=lambda distance: np.exp((1 - distance**2 / 2) / 0.1))
        reference.fit(torch.nn.functional.normalize(task.train).double().numpy(), task.train_labels.numpy())
        score = reference.score(torch.nn.functional.normalize(task.test).double().numpy(), task.test_labels.numpy())
        assert found.by_k[k].top1 == pytest.approx(100 * score)


@given(seed=st.integers(0, 10**6))
def test_order_of_the_train_clips_changes_nothing(seed):
    task = make(seed)
    order = torch.randperm(len(task.train), generator=torch.Generator().manual_seed(seed))
    shuffled = Task(task.train[order], task.train_labels[order], task.test, task.test_labels, task.classes)
    assert knn(shuffled).by_k == knn(task).by_k


def test_scores_are_those_of_the_last_k():
    task = make(3)
    found = knn(task, KnnConfig(k=(9, 2)))
    torch.testing.assert_close(found.scores, knn(task, KnnConfig(k=(2,))).scores)


def test_k_is_at_most_the_train_clips_of_the_smallest_class_there():
    labels = torch.tensor([0] * 9 + [2] * 4 + [5] * 11)  # classes 1, 3 and 4 have none
    task = Task(torch.randn(24, 3), labels, torch.randn(5, 3), torch.tensor([0, 2, 5, 0, 1]), 6)
    found = knn(task, KnnConfig(k=(20, 3, 5)))
    assert found.used == {20: 4, 3: 3, 5: 4}
    assert found.by_k[20] == found.by_k[5] == knn(task, KnnConfig(k=(4,), cap=False)).by_k[4]


def test_without_the_cap_k_beyond_the_train_clips_uses_all_of_them():
    task = make(4, clips=7)
    found = knn(task, KnnConfig(cap=False))
    assert found.used == {1: 1, 20: 7}
    assert found.by_k[20] == knn(task, KnnConfig(k=(7,), cap=False)).by_k[7]


def test_with_one_neighbour_a_clip_not_hit_is_not_in_the_top_five_either():
    accuracy = knn(make(5)).by_k[1]
    assert 0 < accuracy.top1 == accuracy.top5 < 100


@pytest.mark.parametrize("k", [(), (0,), (5, -1)])
def test_k_must_be_given_and_positive(k):
    with pytest.raises(ValidationError):
        KnnConfig(k=k)

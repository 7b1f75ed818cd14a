"""Accuracy against sorting the classes by hand."""

import hypothesis.strategies as st
import pytest
import torch
from hypothesis import given

from skelact.maths.accuracy import Accuracy, mean
from skelact.maths.hits import accuracy, hits


@given(seed=st.integers(0, 10**6), top=st.integers(1, 7))
def test_hits_are_the_clips_whose_class_is_among_the_first_when_sorted(seed, top):
    generator = torch.Generator().manual_seed(seed)
    scores = torch.rand(9, 7, generator=generator, dtype=torch.float64)
    labels = torch.randint(7, (9,), generator=generator)
    ranked = [sorted(range(7), key=lambda place, row=row: -row[place]) for row in scores.tolist()]
    expected = sum(label in order[:top] for label, order in zip(labels.tolist(), ranked, strict=True)) / 9 * 100
    assert float(hits(scores, labels, top)) == pytest.approx(expected)


def test_seeds_side_by_side_are_each_their_own():
    scores = torch.rand(3, 10, 4, generator=torch.Generator().manual_seed(0))
    labels = torch.arange(10) % 4
    assert hits(scores, labels, 2).tolist() == [float(hits(one, labels, 2)) for one in scores]


def test_a_classifier_that_gives_every_class_one_score_hits_nothing():
    assert accuracy(torch.zeros(6, 8), torch.arange(6)) == Accuracy(top1=0, top5=0)


def test_scores_that_are_not_numbers_hit_nothing():
    assert accuracy(torch.full((6, 8), float("nan")), torch.arange(6)) == Accuracy(top1=0, top5=0)


def test_with_five_classes_top5_always_hits():
    assert accuracy(torch.rand(6, 5), torch.arange(6) % 5).top5 == 100


def test_mean_is_taken_over_seeds():
    assert mean([Accuracy(top1=10, top5=30), Accuracy(top1=20, top5=80)]) == Accuracy(top1=15, top5=55)

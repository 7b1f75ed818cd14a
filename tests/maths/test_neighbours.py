"""Neighbours against the definition, one clip at a time in plain Python."""

import math

import hypothesis.strategies as st
import pytest
import torch
from hypothesis import given

from skelact.maths import neighbours
from skelact.maths.neighbours import knn_scores, nearest, votes
from skelact.system.world import SkelactError


def by_hand(query, train, labels, classes, k, temperature=0.1):
    """Class scores of one query: sort all cosines, let the first k vote."""

    def cosine(a, b):
        return sum(x * y for x, y in zip(a, b, strict=True)) / (math.hypot(*a) * math.hypot(*b))

    order = sorted(range(len(train)), key=lambda row: -cosine(query, train[row]))[:k]
    scores = [0.0] * classes
    for row in order:
        scores[labels[row]] += math.exp(cosine(query, train[row]) / temperature)
    return scores


def make(seed, queries=5, clips=23, d=4, classes=3):
    generator = torch.Generator().manual_seed(seed)
    return (
        torch.randn(queries, d, generator=generator, dtype=torch.float64),
        torch.randn(clips, d, generator=generator, dtype=torch.float64),
        torch.randint(classes, (clips,), generator=generator),
    )


@given(seed=st.integers(0, 10**6), k=st.integers(1, 23), temperature=st.floats(0.05, 2))
def test_scores_are_those_of_sorting_all_cosines(seed, k, temperature):
    queries, train, labels = make(seed)
    found = knn_scores(queries, train, labels, 3, k, temperature)
    expected = [by_hand(q, train.tolist(), labels.tolist(), 3, k, temperature) for q in queries.tolist()]
    torch.testing.assert_close(found, torch.tensor(expected, dtype=torch.float64))


@given(seed=st.integers(0, 10**6))
def test_order_of_the_train_clips_changes_nothing(seed):
    queries, train, labels = make(seed)
    order = torch.randperm(len(train), generator=torch.Generator().manual_seed(seed))
    torch.testing.assert_close(
        knn_scores(queries, train[order], labels[order], 3, 5), knn_scores(queries, train, labels, 3, 5)
    )


def test_length_of_a_feature_does_not_count():
    queries, train, labels = make(0)
    lengths = torch.linspace(0.1, 50, len(train), dtype=torch.float64)[:, None]
    torch.testing.assert_close(
        knn_scores(7 * queries, lengths * train, labels, 3, 5), knn_scores(queries, train, labels, 3, 5)
    )


def test_in_pieces_of_one_query_the_neighbours_are_the_same(monkeypatch):
    queries, train, _ = make(1)
    whole = nearest(queries, train, 4)
    monkeypatch.setattr(neighbours, "PIECE", 1)
    pieces = nearest(queries, train, 4)
    torch.testing.assert_close(pieces[0], whole[0])
    assert torch.equal(pieces[1], whole[1])


@pytest.mark.parametrize(("clips", "k"), [(129, 2), (1024, 3), (1025, 1), (3000, 20), (3000, 46)])
def test_among_many_clips_the_neighbours_are_those_of_sorting_all(clips, k):
    queries, train, _ = make(5, queries=7, clips=clips, d=16)
    assert clips > k * neighbours.GROUP
    train[1] = train[0]  # a tie: either may come first
    values, rows = nearest(queries, train, k)
    cosines = torch.nn.functional.cosine_similarity(queries[:, None], train[None], dim=2)
    torch.testing.assert_close(values, cosines.sort(dim=1, descending=True).values[:, :k])
    torch.testing.assert_close(cosines.gather(1, rows), values)
    assert all(len(set(each)) == k for each in rows.tolist())


def test_neighbours_come_closest_first_and_a_clip_is_its_own():
    _, train, _ = make(2)
    similarity, rows = nearest(train, train, 3)
    assert rows[:, 0].tolist() == list(range(len(train)))
    assert (similarity.diff(dim=1) <= 0).all()
    torch.testing.assert_close(similarity[:, 0], torch.ones(len(train), dtype=torch.float64))


def test_k_beyond_the_train_clips_lets_all_of_them_vote():
    queries, train, labels = make(3)
    torch.testing.assert_close(
        knn_scores(queries, train, labels, 3, 1000), knn_scores(queries, train, labels, 3, len(train))
    )


@pytest.mark.parametrize("k", [0, -1, 24])
def test_nearest_refuses_k_outside_the_train_clips_with_both_numbers(k):
    queries, train, _ = make(4)
    with pytest.raises(SkelactError, match=rf"between 1 and the 23 train clips, got {k}"):
        nearest(queries, train, k)


def test_temperature_must_be_positive():
    with pytest.raises(SkelactError, match="positive, got 0"):
        votes(torch.ones(1, 1), torch.zeros(1, 1, dtype=torch.long), 2, 0.0)

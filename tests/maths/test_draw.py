"""Keyed draws: what they depend on, and that they look random."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from skelact.maths.draw import Draw, order

MANY = torch.arange(20000)


def test_a_clip_draws_the_same_in_any_batch():
    together = Draw(torch.tensor([5, 9, 2]), seed=1, epoch=3, view="query")
    alone = Draw(torch.tensor([9]), seed=1, epoch=3, view="query")
    for draw in ("uniform", "bits"):
        torch.testing.assert_close(getattr(together, draw)(4)[1:2], getattr(alone, draw)(4))
    torch.testing.assert_close(together.normal((3, 5))[1:2], alone.normal((3, 5)))


@given(st.integers(0, 2**40), st.integers(0, 10**6), st.integers(0, 10**6))
def test_seed_epoch_view_and_clip_each_change_the_draw(seed, epoch, clip):
    def first(clip: int, seed: int, epoch: int, view: str) -> int:
        return int(Draw(torch.tensor([clip]), seed, epoch, view).bits().item())

    base = first(clip, seed, epoch, "query")
    assert base == first(clip, seed, epoch, "query")
    assert len({base, first(clip + 1, seed, epoch, "query"), first(clip, seed + 1, epoch, "query")}) == 3
    assert len({base, first(clip, seed, epoch + 1, "query"), first(clip, seed, epoch, "key")}) == 3


def test_another_purpose_drawn_before_changes_nothing():
    plain, busy = (Draw(torch.arange(4), 0, 0, "query") for _ in range(2))
    busy.of("Shear 1").uniform(9)
    torch.testing.assert_close(plain.of("Rotate 1").uniform(3), busy.of("Rotate 1").uniform(3))


def test_uniform_numbers_are_uniform_and_stay_inside():
    numbers = Draw(MANY, 0, 0, "query").uniform(2, low=-0.5, high=0.5).numpy()
    assert numbers.min() >= -0.5
    assert numbers.max() < 0.5
    for column in numbers.T:
        assert stats.kstest(column, stats.uniform(-0.5, 1).cdf).pvalue > 1e-3
    assert abs(np.corrcoef(numbers.T)[0, 1]) < 0.03


def test_normal_numbers_are_normal():
    numbers = Draw(MANY, 0, 0, "query").normal((3,)).numpy()
    for column in numbers.T:
        assert stats.kstest(column, "norm").pvalue > 1e-3
    assert np.abs(np.corrcoef(numbers.T) - np.eye(3)).max() < 0.03


def test_integers_and_chances_come_as_often_as_they_should():
    draw = Draw(MANY, 0, 0, "query")
    counts = torch.bincount(draw.integer(17), minlength=17).numpy()
    assert len(counts) == 17
    assert stats.chisquare(counts).pvalue > 1e-3
    assert draw.chance(0.3).float().mean().item() == pytest.approx(0.3, abs=0.02)
    assert not draw.chance(0.0).any()
    assert draw.chance(1.0).all()


def test_an_epoch_is_a_permutation_and_the_next_is_another():
    first, second = order(7, 0, 100), order(7, 1, 100)
    assert sorted(first.tolist()) == list(range(100))
    assert first.tolist() != second.tolist()
    assert first.tolist() == order(7, 0, 100).tolist()


def test_the_draws_of_another_view_are_those_that_it_makes_itself():
    clips = torch.tensor([4, 8])
    other = Draw(clips, 7, 2, "swap")
    other.bits(3)
    assert torch.equal(other.view("query").bits(5), Draw(clips, 7, 2, "query").bits(5))
    assert torch.equal(other.of("link").view("query").bits(5), Draw(clips, 7, 2, "query").bits(5))


def test_an_integer_below_another_number_for_every_clip_is_that_of_each_alone():
    below = torch.tensor([1, 2, 7, 1000]).repeat(500)
    drawn = Draw(torch.arange(2000), 0, 0, "query").integer(below)
    for number in (1, 2, 7, 1000):
        alone = Draw(torch.arange(2000), 0, 0, "query").integer(number)
        assert torch.equal(drawn[below == number], alone[below == number])

"""Collapse statistics against closed forms."""

import math

import pytest
import torch

from skelact.maths.spectrum import effective_rank, feature_std


def test_features_pointing_everywhere_alike_have_unit_std():
    features = torch.randn(20000, 16, generator=torch.Generator().manual_seed(0)) * 3
    assert feature_std(features) == pytest.approx(1, abs=0.01)


def test_unit_vectors_along_every_axis_both_ways_have_unit_std():
    features = torch.cat([torch.eye(6), -torch.eye(6)])
    assert feature_std(features) == pytest.approx(1)


def test_one_common_feature_has_std_zero_at_any_length():
    assert feature_std(torch.tensor([[1.0, 2.0], [2.0, 4.0], [0.5, 1.0]])) == pytest.approx(0, abs=1e-7)


def test_two_opposite_corners_of_the_square_have_std_one():
    # Both dimensions are +-1/sqrt(2): std 1/sqrt(2) each, times sqrt(2).
    assert feature_std(torch.tensor([[1.0, 1.0], [-1.0, -1.0]])) == pytest.approx(1)


@pytest.mark.parametrize("rank", [1, 3, 8])
def test_rank_orthogonal_directions_of_one_strength_have_that_effective_rank(rank):
    basis = torch.linalg.qr(torch.randn(8, 8, generator=torch.Generator().manual_seed(1)))[0]
    features = torch.cat([basis[:rank], 0 * basis[rank:]])
    assert effective_rank(5 * features) == pytest.approx(rank, rel=1e-4)


def test_two_directions_three_to_one_have_the_effective_rank_of_that_coin():
    expected = math.exp(-(0.75 * math.log(0.75) + 0.25 * math.log(0.25)))
    assert effective_rank(torch.diag(torch.tensor([3.0, 1.0]))) == pytest.approx(expected)


def test_one_common_feature_has_effective_rank_one_and_rounding_noise_changes_little():
    common = torch.ones(100, 32)
    noise = 1e-6 * torch.randn(100, 32, generator=torch.Generator().manual_seed(2))
    assert effective_rank(common) == pytest.approx(1, abs=1e-3)
    assert effective_rank(common + noise) == pytest.approx(1, abs=1e-2)


def test_zero_features_have_rank_and_std_zero():
    assert effective_rank(torch.zeros(5, 3)) == 0
    assert feature_std(torch.zeros(5, 3)) == 0


def test_features_that_are_not_numbers_give_no_number():
    features = torch.tensor([[1.0, float("nan")], [1.0, 2.0]])
    assert math.isnan(effective_rank(features))
    assert math.isnan(feature_std(features))

"""One test for each place where paper, published program or we part: the rows of docs/fidelity.md."""

import math

import numpy as np
import pytest
import torch

from skelact.encoders.config import STGCNConfig
from skelact.encoders.stgcn.network import STGCN
from skelact.layouts import KINECT_V2, SBU_15
from skelact.maths import augment, graph
from skelact.maths.draw import Draw
from skelact.maths.eadm import KEEP_MARGIN, LAMBDA, attention, energy_drop
from skelact.maths.losses import divergence, multi_positive_mean, multi_positive_sum
from skelact.methods import METHODS, build
from skelact.methods.crossstream import CrossStream
from skelact.recipes import aimclr, aimclr_released, aimclr_small, skeletonclr_small

TINY = STGCNConfig(width=2, features=8, dropout=0.0)


def clips(n: int = 64, frames: int = 20) -> torch.Tensor:
    return torch.randn(n, 3, frames, len(SBU_15), 1, generator=torch.Generator().manual_seed(0))


def draw(n: int = 64, epoch: int = 0) -> Draw:
    return Draw(torch.arange(n), seed=0, epoch=epoch, view="extreme")


def test_an_edge_two_bones_from_the_centre_counts_as_level_in_both_directions():
    _, level, away = graph.spatial(KINECT_V2)
    elbow, wrist = KINECT_V2.index("left_elbow"), KINECT_V2.index("left_wrist")
    assert KINECT_V2.index("left_shoulder") == KINECT_V2.parents[elbow]
    assert level[elbow, wrist] > 0
    assert level[wrist, elbow] > 0
    assert away[elbow, wrist] == away[wrist, elbow] == 0
    far = {joint for joint, parent in KINECT_V2.bones if parent != KINECT_V2.centre}
    assert set(np.argwhere(away)[:, 0]).isdisjoint(far)


@pytest.mark.parametrize("method", [one for one in METHODS if "bank" in one.Config.model_fields])
def test_the_key_network_starts_as_a_copy_of_the_query_network(method):
    made = build(method.Config(bank=8, projection=4), TINY, SBU_15, 12, 1)
    for learner in made.learners.values() if isinstance(made, CrossStream) else [made]:
        key, query = learner.twin.key.state_dict(), learner.query.state_dict()
        assert key.keys() == query.keys()
        assert all(torch.equal(key[name], query[name]) for name in query)


@pytest.mark.parametrize(("p", "low", "high"), [(1.0, 64, 64), (0.5, 20, 44), (0.0, 0, 0)])
def test_noise_falls_on_the_share_of_clips_that_is_asked_for(p, low, high):
    x = clips()
    noisy = (augment.GaussianNoise(p=p)(x, draw()) != x).flatten(1).any(1)
    assert low <= int(noisy.sum()) <= high


def test_blur_weights_are_not_normalised():
    x = torch.ones(1, 3, 31, len(SBU_15), 1)
    middle = augment.blur(x, torch.tensor([2.0]), taps=15)[0, 0, 15, 0, 0]
    assert middle.item() == pytest.approx(sum(math.exp(-(t**2) / 8) for t in range(-7, 8)), rel=1e-6)


def test_spatial_flip_exchanges_joints_and_negates_nothing():
    x = clips()
    flipped = augment.SpatialFlip(SBU_15.mirror, p=1.0)(x, draw())
    left, right = SBU_15.index("left_hand"), SBU_15.index("right_hand")
    assert torch.equal(flipped[:, :, :, left], x[:, :, :, right])
    assert torch.equal(flipped.sum(3), x[:, :, :, list(SBU_15.mirror)].sum(3))


def test_temporal_flip_is_the_last_extreme_augmentation_unless_left_out():
    names = [type(link).__name__ for link in augment.extreme(SBU_15.mirror).links]
    spatial = ["Shear", "SpatialFlip", "Rotate"]
    assert names == ["Crop", *spatial, "GaussianNoise", "GaussianBlur", "AxisMask", "TemporalFlip"]
    without = augment.extreme(SBU_15.mirror, temporal_flip=False)
    assert [type(link).__name__ for link in without.links] == names[:-1]


def test_eadm_divides_the_variance_by_one_neuron_less():
    x = clips(n=2)[..., 0].double()
    neurons = x.numpy().reshape(2, 3, -1)
    energy = (neurons - neurons.mean(2, keepdims=True)) ** 2 / (4 * (neurons.var(2, ddof=1, keepdims=True) + LAMBDA))
    expected = 1 / (1 + np.exp(-(energy + 0.5)))
    np.testing.assert_allclose(attention(x).numpy().reshape(2, 3, -1), expected, rtol=1e-12)


def test_a_neuron_is_kept_below_the_margin_and_dropped_at_or_above_it():
    assert KEEP_MARGIN == 0.7
    x = clips(n=2)[..., 0]
    alpha = attention(x)
    kept = (alpha < KEEP_MARGIN) & (alpha.mean((1, 2), keepdim=True) < KEEP_MARGIN)
    assert 0 < int(kept.sum()) < kept.numel()
    assert torch.equal(energy_drop(x) != 0, kept)


def test_divergence_stays_finite_where_the_logarithm_of_a_softmax_does_not():
    logits = torch.tensor([[0.0, 200.0, 0.0]])
    assert torch.isinf(logits.softmax(1).log()).any()
    assert divergence(logits, torch.zeros(1, 3)).item() == pytest.approx(400 / 3, rel=1e-6)


def test_neighbours_count_by_the_sum_in_the_paper_and_by_the_mean_in_the_program():
    logits = torch.tensor([[0.5, 0.25, 0.25]], dtype=torch.float64).log()
    positives = torch.tensor([[True, True, False]])
    assert multi_positive_sum(logits, positives).item() == pytest.approx(-math.log(0.75))
    assert multi_positive_mean(logits, positives).item() == pytest.approx(-(math.log(0.5) + math.log(0.25)) / 2)


def test_a_new_epoch_draws_anew_and_the_same_epoch_the_same():
    first, again, next_epoch = (draw(epoch=epoch).uniform(4) for epoch in (0, 0, 1))
    assert torch.equal(first, again)
    assert not (first == next_epoch).any()


def test_encoder_weights_start_as_in_the_published_program():
    torch.manual_seed(0)
    network = STGCN(STGCNConfig(), SBU_15)
    for name, parameter in network.named_parameters():
        value = parameter.detach()
        if name.endswith("bias"):
            assert not value.any(), name
        elif "norm" in name or ".residual.1." in name:
            assert abs(float(value.mean()) - 1) < 0.03, name
        elif value.numel() > 1000 and "importance" not in name:  # enough numbers to tell
            assert float(value.std()) == pytest.approx(0.02, rel=0.1), name
    assert all(bool((block.importance == 1).all()) for block in network.blocks)


def test_recipes_set_the_switches_that_the_table_names():
    paper, released = aimclr().method, aimclr_released().method
    assert (paper.noise_p, paper.temporal_flip, paper.neighbours_form) == (1, True, "paper")
    assert (released.noise_p, released.temporal_flip, released.neighbours_form) == (0.5, False, "released")
    assert aimclr().encoder.dropout == 0.5
    assert [recipe().encoder.dropout for recipe in (aimclr_small, skeletonclr_small)] == [0, 0]
    assert [recipe().preparation for recipe in (aimclr, aimclr_small)] == ["released", "robust"]

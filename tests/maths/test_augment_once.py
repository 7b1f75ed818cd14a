"""Augmentations of clips prepared once a clip, held to slow, obvious ones."""

import numpy as np
import pytest
import torch

from skelact.maths.augment_once import Jitter, Scale, Stretch, Turn, stretch
from skelact.maths.draw import Draw

EVERY = (Stretch(0.5), Turn(10.0, 20.0), Scale(0.3), Jitter(0.1))


def clips(n: int = 6, t: int = 16, v: int = 5, m: int = 2) -> torch.Tensor:
    x = torch.randn(n, 3, t, v, m, generator=torch.Generator().manual_seed(0)).double()
    x[0, :, :, :, 1] = 0  # nobody
    x[1, :, :, 2, 0] = 0  # a joint that was never seen
    x[2, :, 5:9, :, 0] = 0  # gone for a while
    return x


def draw(n: int = 6, epoch: int = 0) -> Draw:
    return Draw(torch.arange(n), seed=0, epoch=epoch, view="one")


@pytest.mark.parametrize("augmentation", EVERY)
def test_what_is_not_there_stays_away_and_only_a_stretch_loses_more(augmentation):
    x = clips()
    out = augmentation(x, draw())
    assert not out[0, :, :, :, 1].any()
    assert not out[1, :, :, 2, 0].any()
    assert out[3:].ne(0).all()
    if not isinstance(augmentation, Stretch):
        assert torch.equal(out.any(1), x.any(1))


@pytest.mark.parametrize("augmentation", EVERY)
def test_a_clip_is_changed_alike_in_any_batch_and_otherwise_in_another_epoch(augmentation):
    x = clips()
    alone = augmentation(x[4:5], Draw(torch.tensor([4]), seed=0, epoch=0, view="one"))
    assert torch.equal(augmentation(x, draw())[4:5], alone)
    assert not torch.equal(augmentation(x, draw()), augmentation(x, draw(epoch=1)))


def test_a_stretch_is_linear_interpolation_at_the_middles_of_equal_parts():
    x = clips()[3:]
    start, length = torch.tensor([0.0, 3.5, 6.0]), torch.tensor([16.0, 9.0, 8.0])
    found = stretch(x, start, length)
    for clip in range(3):
        at = (float(start[clip]) + (np.arange(16) + 0.5) / 16 * float(length[clip]) - 0.5).clip(0, 15)
        for number in np.ndindex(3, 5, 2):
            line = x[clip, number[0], :, number[1], number[2]].numpy()
            expected = np.interp(at, np.arange(16), line)
            assert np.allclose(found[clip, number[0], :, number[1], number[2]], expected, atol=1e-6)


def test_the_whole_clip_is_left_as_it_is():
    x = clips()
    assert torch.equal(stretch(x, torch.zeros(6), torch.full((6,), 16.0)), x)


def test_a_turn_keeps_lengths_and_without_tilt_heights_too():
    x = clips()
    turned = Turn(tilt=30.0, yaw=90.0)(x, draw())
    torch.testing.assert_close(turned.norm(dim=1), x.norm(dim=1), rtol=1e-5, atol=1e-6)
    upright = Turn(tilt=0.0, yaw=90.0)(x, draw())
    torch.testing.assert_close(upright[:, 1], x[:, 1])
    assert not torch.allclose(upright[:, 0], x[:, 0])


def test_an_axis_of_a_clip_has_one_factor_within_its_range():
    x = clips()
    factors = (Scale(0.3)(x, draw()) / x)[3:]
    spread = factors.flatten(2)
    torch.testing.assert_close(spread, spread[:, :, :1].expand_as(spread))
    assert 0.7 <= float(spread.min()) < float(spread.max()) <= 1.3
    assert spread[:, :, 0].unique().numel() == 9


def test_jitter_has_the_standard_deviation_asked_for():
    x = torch.ones(64, 3, 16, 5, 1)
    noise = Jitter(0.1)(x, draw(64)) - x
    assert float(noise.std()) == pytest.approx(0.1, rel=0.03)
    assert abs(float(noise.mean())) < 0.003

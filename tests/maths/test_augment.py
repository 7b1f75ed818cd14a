"""Augmentations against the published arrays with pinned draws, and their properties."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from skelact.layouts import KINECT_V1, KINECT_V2, LAYOUTS
from skelact.maths import augment
from skelact.maths.draw import Draw

ALL = (
    augment.Crop(),
    augment.Shear(),
    augment.SpatialFlip(KINECT_V1.mirror),
    augment.Rotate(),
    augment.GaussianNoise(),
    augment.GaussianBlur(),
    augment.AxisMask(),
    augment.TemporalFlip(),
    augment.normal(),
    augment.extreme(KINECT_V1.mirror),
)


def name_of(augmentation) -> str:
    return type(augmentation).__name__


def clips(n: int = 4, t: int = 12, v: int = 20, m: int = 2) -> torch.Tensor:
    return torch.randn(n, 3, t, v, m, generator=torch.Generator().manual_seed(0))


def draws(n: int = 4, epoch: int = 0) -> Draw:
    return Draw(torch.arange(n), seed=0, epoch=epoch, view="query")


def pinned(shared, output: str, made: torch.Tensor) -> None:
    np.testing.assert_allclose(made[0].numpy(), np.load(shared / "golden/augment.npz")[output], rtol=0, atol=1e-9)


@pytest.fixture
def x(shared) -> torch.Tensor:
    return torch.tensor(np.load(shared / "golden/augment.npz")["x"])[None]


@pytest.mark.parametrize("start", [0, 3, 9, 16])
def test_crop_equals_the_published_one(shared, x, start):
    pinned(shared, f"crop_out_start{start}", augment.crop(x, torch.tensor([start]), padding=50 // 6))


def test_shear_equals_the_published_one(shared, x):
    (s1, s2) = np.load(shared / "golden/augment.npz")["shear_draws_s1_s2"].reshape(2, 3)
    matrix = torch.tensor([[1, s1[0], s2[0]], [s1[1], 1, s2[1]], [s1[2], s2[2], 1]])
    pinned(shared, "shear_out", augment.transform(x, matrix[None]))


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_rotation_and_axis_mask_equal_the_published_ones(shared, x, axis):
    degrees = torch.tensor(np.load(shared / "golden/augment.npz")[f"rotate_main{axis}_degrees_xyz"])[None]
    pinned(shared, f"rotate_main{axis}_out", augment.transform(x, augment.rotation(degrees)))
    pinned(shared, f"axis_mask_{axis}_out", augment.axis_mask(x, torch.tensor([axis])))


@pytest.mark.parametrize("sigma", ["0.1", "0.7", "2.0"])
def test_blur_equals_the_published_one(shared, x, sigma):
    made = augment.blur(x, torch.tensor([float(sigma)], dtype=torch.float64), taps=15)
    pinned(shared, f"blur_sigma{sigma}_out", made)


def test_flips_equal_the_published_ones(shared, x):
    pinned(shared, "spatial_flip_out", augment.SpatialFlip(KINECT_V2.mirror, p=1.0)(x, draws(1)))
    pinned(shared, "time_flip_out", augment.TemporalFlip(p=1.0)(x, draws(1)))


@pytest.mark.parametrize("augmentation", ALL, ids=name_of)
def test_a_clip_gets_the_same_augmentation_in_any_batch(augmentation):
    x = clips(6)
    together = augmentation(x, draws(6))
    rows = torch.tensor([4, 1])
    apart = augmentation(x[rows], Draw(rows, seed=0, epoch=0, view="query"))
    torch.testing.assert_close(together[rows], apart, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("augmentation", ALL, ids=name_of)
def test_another_epoch_draws_anew_and_the_input_is_left_alone(augmentation):
    x = clips(16)
    before = x.clone()
    first, second = augmentation(x, draws(16)), augmentation(x, draws(16, epoch=1))
    assert first.shape == x.shape
    assert first.dtype == x.dtype
    assert torch.equal(x, before)
    assert not torch.equal(first, second)


@pytest.mark.parametrize(
    "nothing",
    [
        augment.Shear(0.0),
        augment.Rotate(0.0, 0.0),
        augment.GaussianNoise(std=0.0),
        augment.GaussianNoise(p=0.0),
        augment.GaussianBlur(p=0.0),
        augment.AxisMask(p=0.0),
        augment.TemporalFlip(p=0.0),
        augment.SpatialFlip(KINECT_V1.mirror, p=0.0),
        augment.Crop(gamma=1000.0),
    ],
    ids=name_of,
)
def test_no_strength_is_no_change(nothing):
    torch.testing.assert_close(nothing(clips(), draws()), clips(), rtol=0, atol=1e-6)


@pytest.mark.parametrize("skeleton", LAYOUTS, ids=lambda skeleton: skeleton.name)
def test_flips_are_their_own_inverse(skeleton):
    x = clips(v=len(skeleton))
    for flip in (augment.SpatialFlip(skeleton.mirror, p=1.0), augment.TemporalFlip(p=1.0)):
        assert not torch.equal(flip(x, draws()), x)
        assert torch.equal(flip(flip(x, draws()), draws()), x)


@given(st.lists(st.floats(-180, 180), min_size=3, max_size=3))
def test_a_rotation_keeps_lengths_and_handedness(degrees):
    matrix = augment.rotation(torch.tensor([degrees], dtype=torch.float64))[0]
    torch.testing.assert_close(matrix @ matrix.T, torch.eye(3, dtype=torch.float64))
    assert torch.linalg.det(matrix).item() == pytest.approx(1)


def test_shear_is_undone_by_the_inverse_matrix():
    x, matrix = clips().double(), torch.eye(3).double() + 0.2 * torch.rand(4, 3, 3).double()
    torch.testing.assert_close(augment.transform(augment.transform(x, matrix), matrix.inverse()), x)


@given(st.integers(2, 40), st.integers(0, 10), st.data())
def test_crop_cuts_from_the_mirrored_clip(frames, padding, data):
    padding = min(padding, frames)
    start = data.draw(st.integers(0, 2 * padding))
    x = torch.arange(frames, dtype=torch.float32)[None, None, :, None, None]
    mirrored = np.pad(np.arange(frames), padding, mode="symmetric")
    made = augment.crop(x, torch.tensor([start]), padding).flatten().numpy()
    np.testing.assert_array_equal(made, mirrored[start : start + frames])


@given(st.integers(1, 4), st.integers(1, 3))
def test_cropped_and_flipped_clips_are_those_of_plain_indexing(n, m):
    x, padding = clips(n, m=m), 3
    start = torch.arange(n) % (2 * padding + 1)
    mirrored = torch.cat([x[:, :, :padding].flip(2), x, x[:, :, -padding:].flip(2)], dim=2)
    expected = torch.stack([clip[:, int(s) : int(s) + x.shape[2]] for clip, s in zip(mirrored, start, strict=True)])
    assert torch.equal(augment.crop(x, start, padding), expected)
    turned = x.permute(1, 4, 0, 2, 3).contiguous().permute(2, 0, 3, 4, 1)  # the same, in another order in memory
    for given_clips in (x, turned):
        flipped = augment.spatial_flip(given_clips, KINECT_V1.mirror)
        assert torch.equal(flipped, x[:, :, :, list(KINECT_V1.mirror)])


def test_blur_is_a_convolution_with_zeros_beyond_the_ends():
    x, sigma = clips(1, t=20).double(), 1.3
    weights = np.exp(-(np.arange(-7, 8) ** 2) / (2 * sigma**2))
    expected = np.apply_along_axis(lambda line: np.convolve(line, weights, mode="same"), 2, x.numpy())
    made = augment.blur(x, torch.tensor([sigma], dtype=torch.float64), taps=15)
    np.testing.assert_allclose(made.numpy(), expected, atol=1e-12)


def test_one_axis_is_masked_half_of_the_time_and_each_as_often():
    x = torch.ones(3000, 3, 2, 2, 1)
    zero = (augment.AxisMask()(x, draws(3000)) == 0).all((2, 3, 4)).sum(0).tolist()
    assert all(zero_times == pytest.approx(500, abs=100) for zero_times in zero)


def test_noise_has_its_standard_deviation_and_differs_between_joints():
    x = torch.zeros(8, 3, 50, 20, 2)
    made = augment.GaussianNoise(std=0.01)(x, draws(8))
    assert made.std().item() == pytest.approx(0.01, rel=0.02)
    assert made.abs().max() < 0.07


def test_leaving_an_augmentation_out_changes_no_other():
    x = clips()
    with_flip = augment.Chain((augment.Shear(), augment.TemporalFlip(p=1.0)))(x, draws())
    without = augment.Chain((augment.Shear(),))(x, draws())
    assert torch.equal(with_flip, without.flip(2))

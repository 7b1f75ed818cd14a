"""Attention maps of a run: what they are the mean of, who has one, and which runs are refused."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

import tiny
from skelact.evaluation.attention import attention_maps, load_attention
from skelact.layouts import SBU_15
from skelact.skeleton import Skeleton
from skelact.system.world import SkelactError
from skelact.train import pretrain


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("attention")
    store = tiny.store(folder / "two", tiny.recordings(persons=2))
    pretrain(tiny.config("skeattnclr", epochs=2), [store.path], [tiny.SPLIT], folder / "run", tiny.console()[0])
    return folder / "run"


def clips(n: int = 3) -> np.ndarray:
    made = np.random.default_rng(0).normal(size=(n, 3, 12, 5, 2)).astype(np.float32)
    made -= made[:, :, :, [tiny.FIVE.centre], :1]  # as preparation does
    made[1, ..., 1] = 0
    return made


def test_a_map_is_the_mean_of_the_mask_over_channels_person_by_person(run):
    attention, x = load_attention(run), clips()
    maps = attention_maps(attention, x)
    assert maps.shape == (3, 2, 3, 5)
    method = attention.method
    for clip in range(3):
        for person in range(2):
            features = method.encoder.feature_map(torch.from_numpy(x[clip : clip + 1, ..., person : person + 1]))
            mask = method.attention(features)[0].numpy()
            expected = sum(mask) / len(mask)
            if (clip, person) == (1, 1):
                assert np.isnan(maps[clip, person]).all()
            else:
                np.testing.assert_allclose(maps[clip, person], expected, rtol=1e-5)
    assert 0 < np.nanmin(maps) < np.nanmax(maps) < 1


def test_a_map_does_not_depend_on_the_clips_beside(run):
    attention, x = load_attention(run), clips(20)
    together = attention_maps(attention, x)
    np.testing.assert_allclose(attention_maps(attention, x[17:18]), together[17:18], rtol=1e-5)


def test_it_is_the_trained_method_and_leaves_the_generator_alone(run):
    torch.manual_seed(4)
    expected = torch.rand(3)
    torch.manual_seed(4)
    method = load_attention(run).method
    assert torch.equal(torch.rand(3), expected)
    held = tiny.state(run)["method"]
    assert all(torch.equal(tensor, held[name]) for name, tensor in method.state_dict().items())
    assert not method.training


def test_joints_of_another_layout_are_found_by_name_or_named_as_missing(run):
    attention, x = load_attention(run), clips()
    mixed = [3, 0, 4, 1, 2]
    joints = tuple(tiny.FIVE.joints[joint] for joint in mixed)
    other = Skeleton(name="mixed", joints=joints, parents=(1, -1, 1, 1, 1))
    np.testing.assert_array_equal(attention_maps(attention, x[:, :, :, mixed], other), attention_maps(attention, x))
    with pytest.raises(SkelactError, match="1 of its 5 joints are missing: hip_center"):
        attention_maps(attention, np.zeros((1, 3, 12, 15, 1), np.float32), SBU_15)


def test_a_run_of_another_method_or_with_a_strange_checkpoint_is_refused(run, tmp_path):
    store = tiny.store(tmp_path / "five")
    pretrain(tiny.config(epochs=1), [store.path], [tiny.SPLIT], tmp_path / "plain", tiny.console()[0])
    with pytest.raises(SkelactError, match="trained by skeletonclr; only skeattnclr has an attention mask"):
        load_attention(tmp_path / "plain")
    shutil.copytree(run, tmp_path / "mixed")
    shutil.copy(tmp_path / "plain/checkpoints/last.pt", tmp_path / "mixed/checkpoints/last.pt")
    with pytest.raises(SkelactError, match="its checkpoint does not fit its configuration"):
        load_attention(tmp_path / "mixed")
    (tmp_path / "mixed/config.json").write_text("{}")
    with pytest.raises(SkelactError, match=r"config\.json: cannot be read"):
        load_attention(tmp_path / "mixed")

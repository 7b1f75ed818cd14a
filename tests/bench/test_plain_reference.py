"""What `skelact bench` compares with is the published computation: the plain reference against the published arrays."""

import numpy as np
import pytest
import torch

from published_names import encoder_tensors
from skelact.bench.reference import augment
from skelact.bench.reference.aimclr import PlainAimCLR, PlainEmbedder, plain_views
from skelact.bench.reference.evaluate import plain_knn
from skelact.bench.reference.losses import (
    divergence,
    energy_drop,
    info_nce,
    logits_of,
    neighbours_loss,
    neighbours_mask,
)
from skelact.bench.reference.preparation import plain_prepare
from skelact.bench.reference.reading import plain_read
from skelact.encoders.config import STGCNConfig
from skelact.layouts import KINECT_V2
from skelact.maths.neighbours import knn_scores
from skelact.methods import AimCLR


def state(golden, prefix: str) -> dict[str, torch.Tensor]:
    """A published state dict under our names, as an embedder has it."""
    published = {n.removeprefix(prefix): torch.tensor(golden[n]) for n in golden.files if n.startswith(prefix)}
    ours = {f"encoder.{name}": tensor for name, tensor in encoder_tensors(published).items()}
    return ours | {f"head.{n[3:]}": tensor for n, tensor in published.items() if n.startswith("fc.")}


def close(made, expected, relative=1e-5):
    np.testing.assert_allclose(made, expected, rtol=relative, atol=relative * np.abs(expected).max())


@pytest.mark.parametrize("mode", ["train", "eval"])
def test_encoder_and_dropped_branch_equal_the_published_ones(shared, mode):
    golden = np.load(shared / "golden/encoder.npz")
    width, features, projection = (int(golden[name]) for name in ("hidden_channels", "hidden_dim", "feature_dim"))
    network = PlainEmbedder(STGCNConfig(width=width, features=features, dropout=0), KINECT_V2, projection)
    network.load_state_dict(state(golden, "state/"))
    network.train(mode == "train")
    with torch.no_grad():
        features = network.encoder.feature_map(torch.tensor(golden["x"]))
        close(features, golden[f"{mode}_feature_map"])
        for name, maps in (("out", features), ("drop_out", energy_drop(features, 0.7))):
            close(network.head(network.encoder.pool(maps, 2)), golden[f"{mode}_{name}"])


@pytest.mark.parametrize("margin", ["0.65", "0.7", "0.9"])
def test_eadm_equals_the_published_one(shared, margin):
    golden = np.load(shared / "golden/eadm.npz")
    close(energy_drop(torch.tensor(golden["x"]), float(margin)), golden[f"out_keep_{margin}"])


def test_losses_equal_the_published_ones(shared):
    golden = np.load(shared / "golden/losses.npz")
    key, queue = torch.tensor(golden["k"]), torch.tensor(golden["queue"])
    q, extreme, drop = (
        logits_of(torch.tensor(golden[name]), key, queue, float(golden["temperature"]))
        for name in ("q", "q_extreme", "q_drop")
    )
    assert info_nce(q).item() == pytest.approx(float(golden["info_nce"]), abs=1e-9)
    assert divergence(extreme, q).item() == pytest.approx(float(golden["d3m_d1"]), abs=1e-9)
    assert divergence(drop, q).item() == pytest.approx(float(golden["d3m_d2"]), abs=1e-9)
    for k in (1, 3, 5):
        mask = neighbours_mask(q, k) | neighbours_mask(extreme, k) | neighbours_mask(drop, k)
        assert neighbours_loss(q, mask).item() == pytest.approx(float(golden[f"nnm_released_k{k}"]), abs=1e-9)


def test_a_trajectory_equals_the_published_one(shared):
    golden = np.load(shared / "golden/train_aimclr.npz")

    def number(name: str) -> float:
        return golden[name].ravel()[0].item()

    config = AimCLR.Config(
        temperature=number("temperature"),
        momentum=number("ema"),
        bank=int(number("queue_size")),
        projection=int(number("feature_dim")),
    )
    encoder = STGCNConfig(width=int(number("hidden_channels")), features=int(number("hidden_dim")), dropout=0)
    method = PlainAimCLR(config, encoder, KINECT_V2).double()
    method.query.load_state_dict(state(golden, "init/encoder_q."))
    method.key.load_state_dict(state(golden, "init/encoder_k."))
    method.queue.copy_(torch.tensor(golden["init/queue"]))
    optimiser = torch.optim.SGD(
        method.query.parameters(),
        lr=number("lr"),
        momentum=number("sgd_momentum"),
        weight_decay=number("weight_decay"),
    )
    for step, (extreme, query, key) in enumerate(torch.tensor(golden["batches"]).double()):
        views = {"query": query, "key": key, "extreme": extreme}
        losses = method(views, nearest=step >= number("nnm_from_step"))
        optimiser.zero_grad()
        losses["loss"].backward()
        optimiser.step()
        found = [losses[name].item() for name in ("contrast", "d1", "d2", "loss")]
        np.testing.assert_allclose(found, golden["losses"][step], rtol=1e-6, err_msg=f"step {step}")
    np.testing.assert_allclose(method.queue.numpy(), golden["final/queue"], atol=1e-6)


def test_augmentations_equal_the_published_ones(shared):
    golden = np.load(shared / "golden/augment.npz")
    x, slants = golden["x"], golden["shear_draws_s1_s2"].reshape(2, 3)
    made = {f"crop_out_start{start}": augment.crop(x, start) for start in (0, 3, 9, 16)}
    made |= {f"blur_sigma{sigma}_out": augment.blur(x, float(sigma)) for sigma in ("0.1", "0.7", "2.0")}
    for axis in range(3):
        made[f"rotate_main{axis}_out"] = augment.rotate(x, golden[f"rotate_main{axis}_degrees_xyz"])
        made[f"axis_mask_{axis}_out"] = augment.axis_mask(x, axis)
    made["shear_out"] = augment.shear(x, *slants)
    made["spatial_flip_out"] = augment.spatial_flip(x, KINECT_V2.mirror)
    made["time_flip_out"] = augment.temporal_flip(x)
    for name, array in made.items():
        np.testing.assert_allclose(array, golden[name], rtol=0, atol=1e-9, err_msg=name)


def test_prepared_files_equal_the_published_ones(shared):
    golden = np.load(shared / "golden/ntu_preprocess.npz")
    for row, name in enumerate(golden["names"]):
        clip = plain_read(shared / f"golden/ntu_raw/{name}.skeleton")
        assert np.abs(clip - golden["raw_xyz"][row, :, : clip.shape[1]]).max() <= 1e-6
        for frames in (50, 64):
            assert np.abs(plain_prepare(clip, frames) - golden[f"position_{frames}"][row]).max() <= 1e-4


def test_views_are_three_for_each_clip_and_all_different():
    x = np.random.default_rng(0).normal(size=(4, 3, 12, 25, 2)).astype(np.float32)
    views = plain_views(x, KINECT_V2.mirror, np.random.default_rng(1))
    assert set(views) == {"query", "key", "extreme"}
    assert {tuple(view.shape) for view in views.values()} == {x.shape}
    assert not torch.equal(views["query"], views["key"])


def test_neighbours_of_one_row_after_another_vote_as_those_of_the_whole_matrix():
    torch.manual_seed(0)
    queries, train, labels = torch.randn(5, 8), torch.randn(40, 8), torch.randint(0, 3, (40,))
    _, scores = plain_knn(queries, train, labels, classes=3, k=7)
    torch.testing.assert_close(scores, knn_scores(queries, train, labels, 3, 7), rtol=1e-4, atol=1e-2)

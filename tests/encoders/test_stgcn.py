"""ST-GCN against the published network's arrays, and against a plain operation-by-operation reference."""

import subprocess
import sys

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from published_names import encoder_tensors
from skelact.encoders.encoder import there
from skelact.encoders.stgcn.network import STGCN, STGCNConfig
from skelact.encoders.stgcn.published import our_name
from skelact.layouts import COCO_17, KINECT_V1, KINECT_V2, SBU_15
from skelact.maths import graph
from skelact.maths.eadm import energy_drop


@pytest.fixture
def golden(shared):
    return np.load(shared / "golden/encoder.npz")


@pytest.fixture
def network(golden) -> STGCN:
    width, features = (int(golden[name].ravel()[0]) for name in ("hidden_channels", "hidden_dim"))
    made = STGCNConfig(width=width, features=features, dropout=0.0).build(KINECT_V2)
    state = {
        name.removeprefix("state/"): torch.tensor(golden[name]) for name in golden.files if name.startswith("state/")
    }
    made.load_state_dict(encoder_tensors(state))
    return made


def head(golden) -> nn.Sequential:
    weights = {name: torch.tensor(golden[f"state/fc.{name}"]) for name in ("0.weight", "0.bias", "2.weight", "2.bias")}
    features, projection = weights["0.weight"].shape[0], weights["2.weight"].shape[0]
    made = nn.Sequential(nn.Linear(features, features), nn.ReLU(), nn.Linear(features, projection))
    made.load_state_dict(weights)
    return made


@pytest.mark.parametrize("mode", ["train", "eval"])
def test_equals_the_published_network(golden, network, mode):
    network.train(mode == "train")
    with torch.no_grad():
        features = network.feature_map(torch.tensor(golden["x"]))
        made = {
            "feature_map": features,
            "out": head(golden)(network.pool(features, torch.tensor(golden["x"]))),
            "drop_out": head(golden)(network.pool(energy_drop(features), torch.tensor(golden["x"]))),
        }
    for name, array in made.items():
        expected = golden[f"{mode}_{name}"]
        np.testing.assert_allclose(array.numpy(), expected, rtol=1e-5, atol=1e-5 * np.abs(expected).max(), err_msg=name)


def test_batch_statistics_after_a_training_pass_equal_the_published_ones(golden, network):
    network.train()
    network(torch.tensor(golden["x"]))
    after = [name for name in golden.files if name.startswith("state_after_train_forward/")]
    assert len(after) > 40
    state = network.state_dict()
    for name in after:
        ours = our_name(name.removeprefix("state_after_train_forward/"))
        assert ours is not None
        np.testing.assert_allclose(state[ours].numpy(), golden[name], rtol=1e-5, atol=1e-6, err_msg=name)


def plain_block(block: nn.Module, x: torch.Tensor, adjacency: torch.Tensor) -> torch.Tensor:
    """The block as the paper writes it: 1x1 convolution first, then every partition's joints summed."""
    k = len(adjacency)
    wide = functional.conv2d(x, block.spatial.weight, block.spatial.bias)
    n, kc, t, v = wide.shape
    y = torch.einsum("nkctv,kvw->nctw", wide.view(n, k, kc // k, t, v), adjacency * block.importance)
    y = block.temporal_norm(block.temporal(functional.relu(block.spatial_norm(y))))
    return functional.relu(y if block.residual is None else y + block.residual(x))


@pytest.mark.parametrize("training", [True, False])
def test_equals_a_plain_reference_forwards_and_backwards(training):
    torch.manual_seed(0)
    network = STGCNConfig(width=4, features=12, dropout=0.0).build(SBU_15).double().train(training)
    with torch.no_grad():
        for block in network.blocks:
            block.importance.add_(0.2 * torch.randn_like(block.importance))
            block.spatial.bias.normal_()
    x = torch.randn(3, 3, 17, 15, 2, dtype=torch.float64)
    gradients = []
    for plain in (False, True):
        network.zero_grad()
        if plain:
            flat = x.permute(0, 4, 3, 1, 2).reshape(6, 45, 17)
            y = network.input_norm(flat).view(6, 15, 3, 17).permute(0, 2, 3, 1)
            for block in network.blocks:
                y = plain_block(block, y, network.adjacency)
            h = y.mean((2, 3)).view(3, 2, 12).mean(1)
        else:
            h = network(x)
        (h**2).sum().backward()
        gradients.append([h.detach(), *(p.grad.clone() for p in network.parameters() if p.grad is not None)])
    assert len(gradients[0]) > 60
    for fast, slow in zip(*gradients, strict=True):
        torch.testing.assert_close(fast, slow, rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("skeleton", [KINECT_V1, KINECT_V2, COCO_17, SBU_15], ids=lambda skeleton: skeleton.name)
@pytest.mark.parametrize(("frames", "persons"), [(32, 1), (50, 2), (64, 3), (5, 2)])
def test_any_layout_length_and_number_of_persons(skeleton, frames, persons):
    network = STGCNConfig(width=2, features=8).build(skeleton).eval()
    x = torch.randn(2, 3, frames, len(skeleton), persons)
    assert network(x).shape == (2, 8)
    quarter = (frames + 3) // 4
    assert network.feature_map(x).shape == (2 * persons, 8, quarter, len(skeleton))


def test_the_order_of_persons_and_of_clips_does_not_matter():
    network = STGCNConfig(width=2, features=8).build(SBU_15).double().eval()
    x = torch.randn(4, 3, 12, 15, 2, dtype=torch.float64)
    torch.testing.assert_close(network(x.flip(4)), network(x))
    torch.testing.assert_close(network(x.flip(0)), network(x).flip(0))


def test_ten_blocks_of_the_published_widths_and_a_buffer_for_the_graph():
    network = STGCNConfig().build(KINECT_V2)
    assert [block.temporal.out_channels for block in network.blocks] == [16] * 4 + [32] * 3 + [64] * 2 + [256]
    assert [block.temporal.stride[0] for block in network.blocks] == [1, 1, 1, 1, 2, 1, 1, 2, 1, 1]
    np.testing.assert_allclose(network.adjacency.numpy(), graph.spatial(KINECT_V2), atol=1e-7)


def with_absent_persons() -> torch.Tensor:
    """Clips of 3 person slots: all there, only the first, the first and the last, none."""
    x = torch.randn(4, 3, 12, 15, 3, dtype=torch.float64)
    x[1, ..., 1:] = 0
    x[2, ..., 1] = 0
    x[3] = 0
    return x


def trained(absent: str) -> STGCN:
    """A network whose statistics have seen clips, so that an absent person's features are not trivial."""
    torch.manual_seed(0)
    network = STGCNConfig(width=2, features=8, dropout=0, absent=absent).build(SBU_15).double()
    for _ in range(3):
        network(with_absent_persons() + 0.3)
    return network


def test_absent_persons_computed_once_in_evaluation_change_nothing():
    network = trained("computed").eval()
    x = with_absent_persons()
    torch.testing.assert_close(network(x), network.pool(network.feature_map(x), x), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("training", [True, False])
def test_absent_persons_left_out_are_as_if_the_slots_were_not_there(training):
    network = trained("left_out").train(training)
    plain = trained("computed").train(training)
    x = with_absent_persons()
    people = torch.stack(
        [x[0, ..., 0], x[0, ..., 1], x[0, ..., 2], x[1, ..., 0], x[2, ..., 0], x[2, ..., 2], x[3, ..., 0]]
    )
    each = plain(people[..., None])
    wanted = torch.stack([each[:3].mean(0), each[3], each[4:6].mean(0), each[6]])
    torch.testing.assert_close(network(x), wanted, rtol=1e-10, atol=1e-10)
    assert network.feature_map(x).shape[0] == 7


def test_who_is_there():
    assert there(with_absent_persons()).tolist() == [
        [True, True, True],
        [True, False, False],
        [True, False, True],
        [True, False, False],
    ]


COMPILED = """
import torch
from skelact.encoders.config import STGCNConfig
from skelact.layouts import KINECT_V1

torch.manual_seed(0)
network = STGCNConfig(width=4, features=8, dropout=0.0).build(KINECT_V1)
x = torch.randn(2, 3, 16, 20, 1)
wanted = network.feature_map(x), network(x)
network.compile_blocks(backend="eager")
assert all(block._compiled_call_impl is not None for block in network.blocks)
assert torch._dynamo.utils.counters["frames"]["ok"] == 0
assert torch.equal(network.feature_map(x), wanted[0])
assert torch._dynamo.utils.counters["frames"]["ok"] >= 1
assert torch.equal(network(x), wanted[1])
"""


def test_compiled_blocks_are_passed_on_every_path_and_change_no_number():
    # In a process of its own: the types that tests check at run time cannot be compiled.
    ended = subprocess.run([sys.executable, "-c", COMPILED], capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr

"""The CPU path with joints outermost against the plain blocks, its parts against plain operations."""

import pytest
import torch
from torch import nn
from torch.nn import functional

from skelact.encoders.config import STGCNConfig
from skelact.encoders.stgcn import engine, joints
from skelact.encoders.stgcn.joints import block as joints_block
from skelact.encoders.stgcn.joints.mask import Mask
from skelact.encoders.stgcn.joints.normalise import Normalise
from skelact.encoders.stgcn.joints.normalise_plain import PIECE
from skelact.encoders.stgcn.joints.spatial import GraphConvolution, edges_of
from skelact.encoders.stgcn.joints.temporal import TransformedConvolution, matrices
from skelact.encoders.stgcn.network import STGCN
from skelact.layouts import COCO_17, KINECT_V2, SBU_15
from skelact.maths import graph
from skelact.system import native


@pytest.fixture(autouse=True)
def however_small(monkeypatch):
    """A batch of any size takes the path with joints outermost."""
    monkeypatch.setattr(engine, "WORTH", 0)


@pytest.fixture(params=["native", "plain"])
def way(request, monkeypatch):
    """With native code, which works on float32 and bfloat16 alone, and without."""
    monkeypatch.setenv("SKELACT_NATIVE", "1" if request.param == "native" else "0")
    if request.param == "native" and not native.available():
        pytest.skip(f"no native code: {native.state()}")


def test_small_batches_take_the_plain_blocks_and_large_ones_do_not(monkeypatch):
    monkeypatch.setattr(engine, "WORTH", 2 * 8 * 15)
    calls = []
    monkeypatch.setattr(joints, "feature_map", lambda blocks, adjacency, x: calls.append(x.shape) or x)
    network = made(SBU_15).eval()
    network.feature_map(torch.randn(1, 3, 8, 15, 1, dtype=torch.float64))
    network.feature_map(torch.randn(2, 3, 8, 15, 1, dtype=torch.float64))
    assert calls == [(15, 8, 2, 3)]


def made(skeleton, width=4, features=12, dropout=0.0, graph="spatial") -> STGCN:
    torch.manual_seed(0)
    network = STGCNConfig(width=width, features=features, dropout=dropout, graph=graph).build(skeleton).double()
    with torch.no_grad():
        for block in network.blocks:
            block.importance.add_(0.2 * torch.randn_like(block.importance))
            for layer in (block.spatial, block.temporal):
                layer.bias.normal_()
    return network


def plain_features(network: STGCN, x: torch.Tensor) -> torch.Tensor:
    """The feature map by the network's plain blocks, as on other devices."""
    n, c, t, v, m = x.shape
    flat = x.permute(0, 4, 3, 1, 2).reshape(n * m, v * c, t)
    y = network.input_norm(flat).view(n * m, v, c, t).permute(0, 2, 3, 1)
    for block in network.blocks:
        y = block(y, network.adjacency)
    return y


def after(network: STGCN, features: torch.Tensor) -> dict[str, torch.Tensor]:
    """What a pass leaves: the map, every gradient of a sum that weighs its entries unlike, every statistic."""
    weights = torch.arange(features.numel(), dtype=torch.float64).sin().view(features.shape)
    (features * weights).sum().backward()
    gradients = {name: p.grad.clone() for name, p in network.named_parameters()}
    buffers = {name: buffer.double().clone() for name, buffer in network.named_buffers()}
    return {"features": features.detach(), **gradients, **buffers}


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize(
    ("skeleton", "width", "features", "frames", "persons", "graph"),
    [
        (KINECT_V2, 4, 12, 50, 2, "spatial"),
        (KINECT_V2, 4, 12, 64, 2, "directed"),  # joints that receive nothing in a partition
        (KINECT_V2, 4, 64, 50, 1, "spatial"),  # the last block in the transform, an odd length
        (SBU_15, 2, 80, 32, 3, "spatial"),  # an even length
        (COCO_17, 16, 64, 64, 1, "spatial"),  # both blocks behind the last stride in the transform
        (COCO_17, 3, 10, 5, 1, "directed"),
    ],
)
def test_equals_the_plain_blocks(skeleton, width, features, frames, persons, graph, training):
    found = []
    x = torch.randn(3, 3, frames, len(skeleton), persons, dtype=torch.float64)
    for way in (STGCN.feature_map, plain_features):
        network = made(skeleton, width, features, graph=graph).train(training)
        found.append(after(network, way(network, x)))
    assert len(found[0]) > 100
    for name, value in found[1].items():
        torch.testing.assert_close(found[0][name], value, rtol=1e-8, atol=1e-9, msg=lambda text, name=name: name + text)


@pytest.mark.usefixtures("way")
def test_gradients_in_float32_lose_no_more_digits_than_the_plain_ones():
    x = torch.randn(16, 3, 32, len(SBU_15), 2)
    target = torch.randn(16, 64)

    def gradients(network, features):
        loss = functional.mse_loss(network.pool(features, x), target.to(features.dtype))
        return torch.cat([g.flatten().double() for g in torch.autograd.grad(loss, list(network.parameters()))])

    exact = made(SBU_15, width=8, features=64)
    wanted = gradients(exact, plain_features(exact, x.double()))
    ours, plain = (made(SBU_15, width=8, features=64).float() for _ in range(2))
    error = (gradients(ours, ours.feature_map(x)) - wanted).norm() / wanted.norm()
    plain_error = (gradients(plain, plain_features(plain, x)) - wanted).norm() / wanted.norm()
    assert error < max(1e-3, 2 * plain_error)


@pytest.mark.usefixtures("way")
def test_bfloat16_stays_near_and_the_map_is_bfloat16():
    network = made(SBU_15, width=8, features=64).float().eval()
    x = torch.randn(8, 3, 32, len(SBU_15), 1)
    with torch.no_grad():
        wanted = network(x)
        with torch.autocast("cpu", torch.bfloat16):
            assert network.feature_map(x).dtype == torch.bfloat16
            found = network(x)
    assert found.dtype == torch.float32
    assert 0 < (found - wanted).norm() / wanted.norm() < 0.03


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("width", [2, 4, 16])
def test_two_threads_and_few_channels(width):
    """A strided 1x1 convolution of oneDNN wrote beyond its memory here, so the process died."""
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        network = STGCNConfig(width=width, features=8).build(KINECT_V2)
        for _ in range(10):
            network(torch.randn(4, 3, 20, 25, 2)).square().sum().backward()
    finally:
        torch.set_num_threads(before)
    assert all(bool(p.grad.isfinite().all()) for p in network.parameters())


@pytest.mark.parametrize("frames", [1, 2, 5, 8, 13, 16, 25])
@pytest.mark.parametrize("taps", [3, 9])
def test_the_transform_is_the_convolution(frames, taps):
    torch.manual_seed(0)
    x = torch.randn(2, frames, 3, 4, dtype=torch.float64, requires_grad=True)
    weight = torch.randn(5, 4, taps, dtype=torch.float64, requires_grad=True)
    plain = functional.conv1d(x.permute(0, 2, 3, 1).reshape(6, 4, frames), weight, padding=taps // 2)
    plain = plain.view(2, 3, 5, frames).permute(0, 3, 1, 2)
    found = TransformedConvolution.apply(x, weight)
    torch.testing.assert_close(found, plain, rtol=1e-10, atol=1e-10)
    g = torch.randn_like(plain)
    wanted = torch.autograd.grad(plain, (x, weight), g)
    for ours, theirs in zip(torch.autograd.grad(found, (x, weight), g), wanted, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-10, atol=1e-10)


def test_the_transform_needs_few_products():
    assert [len(matrices(frames, 9)[0]) for frames in (8, 13, 16)] == [17, 25, 29]


def test_graph_convolution_sums_over_the_edges_that_exist():
    torch.manual_seed(0)
    adjacency = torch.tensor(graph.spatial(SBU_15))
    adjacency[2, :, 3] = 0  # a joint that receives nothing in one partition
    edges = edges_of(adjacency)
    values = edges.values(adjacency).requires_grad_()
    x = torch.randn(15, 4, 3, 5, dtype=torch.float64, requires_grad=True)
    weight = torch.randn(3, 6, 5, dtype=torch.float64, requires_grad=True)

    offset = torch.randn(15, 6, dtype=torch.float64, requires_grad=True)

    def plain(x, weight, values, offset):
        k, v, w = torch.tensor(edges.ends).unbind(1)
        whole = torch.zeros_like(adjacency).index_put((k, v, w), values)
        return torch.einsum("kvw,kdc,vtnc->wtnd", whole, weight, x) + offset[:, None, None]

    given = (x, weight, values, offset)
    torch.testing.assert_close(GraphConvolution.apply(*given, edges), plain(*given))
    assert torch.autograd.gradcheck(lambda *given: GraphConvolution.apply(*given, edges), given)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("shape", [(3, 4, 2, 5), (2, 7, 11, 13), (2, 13, 64, 256)])
def test_normalise_is_batch_norm_and_what_follows(shape, training):
    c = shape[3]
    torch.manual_seed(0)
    made_up = [torch.randn(*s, dtype=torch.float64, requires_grad=True) for s in (shape, (c,), (c,), (c,), shape)]
    mask = Mask.drawn(torch.Size(shape), 0.5)
    ours, plain = (nn.BatchNorm2d(c).double().train(training) for _ in range(2))

    def by_hand(x, offset, weight, bias, residual):
        y = (x + offset).permute(2, 3, 1, 0)
        y = functional.batch_norm(y, plain.running_mean, plain.running_var, weight, bias, training, 0.1, plain.eps)
        return functional.relu(y.permute(3, 2, 0, 1) * (mask.bytes >= 128) * 2 + residual)

    x, offset, weight, bias, residual = made_up
    found = Normalise.apply(x, offset, weight, bias, residual, mask, ours, True)
    wanted = by_hand(*made_up)
    torch.testing.assert_close(found, wanted)
    g = torch.randn_like(wanted)
    gradients = [torch.autograd.grad(y, made_up, g) for y in (found, wanted)]
    for mine, theirs in zip(*gradients, strict=True):
        torch.testing.assert_close(mine, theirs, rtol=1e-7, atol=1e-9)
    torch.testing.assert_close(ours.running_mean, plain.running_mean)
    torch.testing.assert_close(ours.running_var, plain.running_var)
    assert 2 * 13 * 64 * 256 > PIECE > 2 * 7 * 11 * 13  # several pieces, and one


@pytest.mark.usefixtures("way")
def test_statistics_hold_their_digits_far_from_zero():
    x = torch.randn(4, 25, 64, 8, generator=torch.Generator().manual_seed(0)) + 1000
    norm = nn.BatchNorm2d(8)
    zeros = torch.zeros(8)
    found = Normalise.apply(x, zeros, torch.ones(8), zeros, None, None, norm, False)
    wanted = (x.double() - x.double().mean((0, 1, 2))) / x.double().var((0, 1, 2), unbiased=False).sqrt()
    assert (found - wanted).abs().max() < 2e-3


@pytest.mark.parametrize("p", [0.25, 0.5, 0.8])
def test_dropout_keeps_the_share_it_says(p):
    torch.manual_seed(0)
    shape = torch.Size((10, 20, 30, 17))
    mask = Mask.drawn(shape, p)
    kept = mask.bytes >= mask.dropped
    assert kept.shape == shape
    assert kept.double().mean().item() == pytest.approx(1 - p, abs=0.01)
    assert kept.double().mean().item() * mask.gain == pytest.approx(1, abs=0.02)
    torch.manual_seed(1)
    assert not torch.equal(Mask.drawn(shape, p).bytes, mask.bytes)


def test_every_block_but_the_first_drops_while_training():
    network = STGCN(STGCNConfig(width=2, features=8, dropout=0.9), SBU_15).train()
    edges = edges_of(network.adjacency)
    for place, block in enumerate(network.blocks):
        x = torch.randn(15, 12, 4, block.spatial.in_channels)
        once, again = (joints_block._block(block, x, network.adjacency, edges) for _ in range(2))
        assert torch.equal(once, again) == (place == 0)

"""The C++ of the CPU path against PyTorch's operations: the same results, gradients and statistics."""

import pytest
import torch
from torch import nn

from skelact.encoders.config import STGCNConfig
from skelact.encoders.stgcn import engine
from skelact.encoders.stgcn.joints.mask import Mask
from skelact.encoders.stgcn.joints.normalise import Normalise
from skelact.encoders.stgcn.joints.spatial import GraphConvolution, edges_of
from skelact.encoders.stgcn.joints.spatial_native import NativeGraphConvolution
from skelact.layouts import KINECT_V2
from skelact.maths import graph
from skelact.system import native

TYPES = (torch.float32, torch.bfloat16)
NEAR = {torch.float32: 2e-5, torch.bfloat16: 0.005}
"""Relative L2: bfloat16 keeps 8 bits."""


@pytest.fixture(autouse=True)
def with_native_code():
    if not native.available():
        pytest.skip(f"no native code: {native.state()}")


@pytest.fixture(params=[1, 2, 3], ids="{} threads".format)
def threads(request):
    """As many, whatever the machine has."""
    before = torch.get_num_threads()
    torch.set_num_threads(request.param)
    yield request.param
    torch.set_num_threads(before)


def compare(monkeypatch, work, dtype):
    """`work` with native code, of this type, is as near the plain operations in float64 as the type allows; and in
    float32 near the plain ones of the same type, which have the same types of results."""
    found = {}
    for setting, given in (("1", dtype), ("0", dtype), ("0", torch.float64)):
        monkeypatch.setenv("SKELACT_NATIVE", setting)
        assert native.available() == (setting == "1")
        found[setting, given] = work(given)
    for ours, plain, exact in zip(*found.values(), strict=True):
        assert ours.dtype == plain.dtype
        assert apart(ours, exact) < NEAR[dtype]
        assert dtype != torch.float32 or apart(ours, plain) < NEAR[dtype]


def apart(a: torch.Tensor, b: torch.Tensor) -> float:
    """Relative L2 distance; of what should be zeros, the distance."""
    a, b = a.detach().double(), b.detach().double()
    return float((a - b).norm() / (b.norm() if b.norm() > 1e-9 * b.numel() else 1))


@pytest.mark.parametrize("dtype", TYPES, ids=str)
@pytest.mark.parametrize("training", [True, False], ids=["training", "evaluation"])
@pytest.mark.parametrize("relu", [True, False], ids=["relu", "straight"])
@pytest.mark.parametrize("p", [None, 0.5, 0.3])
@pytest.mark.parametrize("with_residual", [True, False], ids=["residual", "alone"])
@pytest.mark.parametrize(
    ("threads", "shape"),
    [
        *((1, shape) for shape in [(3, 4, 2, 5), (2, 13, 64, 256), (2, 3, 3, 1025), (5, 7, 11, 16), (3, 4, 5, 1)]),
        (2, (2, 13, 64, 256)),
        (3, (2, 13, 64, 256)),
        (3, (2, 3, 3, 1025)),
    ],
    indirect=["threads"],
)
def test_normalise(monkeypatch, threads, shape, with_residual, p, relu, training, dtype):
    torch.manual_seed(0)
    c = shape[3]
    x, residual, g = (torch.randn(shape).to(dtype) for _ in range(3))
    offset, weight, bias = (torch.randn(c) for _ in range(3))
    mask = Mask.drawn(x.shape, p) if p else None

    def work(given):
        wide = torch.promote_types(given, torch.float32)
        norm = nn.BatchNorm2d(c).train(training).to(wide)
        norm.running_mean.copy_(offset)
        inputs = [each.to(given).requires_grad_() for each in (x, residual)]
        parameters = [each.to(wide).requires_grad_() for each in (offset, weight, bias)]
        out = Normalise.apply(inputs[0], *parameters, inputs[1] if with_residual else None, mask, norm, relu)
        wanted = [*inputs[: 2 if with_residual else 1], *parameters]
        return [out, *torch.autograd.grad(out, wanted, g.to(given)), norm.running_mean, norm.running_var]

    compare(monkeypatch, work, dtype)


@pytest.mark.parametrize("dtype", TYPES, ids=str)
@pytest.mark.parametrize("partitions", [graph.spatial, graph.directed])  # directed: joints that receive nothing in one
@pytest.mark.parametrize("sizes", [(4, 3, 5), (1, 1, 1), (20, 16, 16), (13, 9, 19), (1, 3, 2049)])
def test_graph_convolution(monkeypatch, sizes, partitions, dtype, threads):
    torch.manual_seed(0)
    adjacency = torch.tensor(partitions(KINECT_V2), dtype=torch.float32)
    edges = edges_of(adjacency)
    c, d = sizes[2], 6
    x, weight, g = (torch.randn(s).to(dtype) for s in ((25, *sizes), (len(adjacency), d, c), (25, *sizes[:2], d)))
    values, offset = torch.randn(len(edges.ends)), torch.randn(25, d)

    def work(given):
        wide = torch.promote_types(given, torch.float32)
        inputs = [each.to(given).requires_grad_() for each in (x, weight)]
        inputs += [each.to(wide).requires_grad_() for each in (values, offset)]
        convolution = NativeGraphConvolution if native.takes(inputs[0]) else GraphConvolution
        out = convolution.apply(*inputs, edges)
        return [out, *torch.autograd.grad(out, inputs, g.to(given))]

    compare(monkeypatch, work, dtype)


def test_a_network_that_trains_drops_the_same_entries_and_has_the_same_gradients(monkeypatch):
    monkeypatch.setattr(engine, "WORTH", 0)
    x = torch.randn(6, 3, 32, 25, 2, generator=torch.Generator().manual_seed(0))

    def trained(setting: str, half: bool) -> tuple[torch.Tensor, torch.Tensor]:
        monkeypatch.setenv("SKELACT_NATIVE", setting)
        torch.manual_seed(0)
        network = STGCNConfig(width=4, features=64).build(KINECT_V2)
        with torch.autocast("cpu", torch.bfloat16, enabled=half):
            h = network(x)
        gradients = torch.autograd.grad(h.square().sum(), list(network.parameters()))
        return h, torch.cat([gradient.flatten() for gradient in gradients])

    h, gradients = trained("0", half=False)
    found, found_gradients = trained("1", half=False)
    assert apart(found, h) < 1e-5
    assert apart(found_gradients, gradients) < 1e-3
    (ours, our_gradients), (plain, plain_gradients) = (trained(setting, half=True) for setting in "10")
    assert apart(ours, h) < 1.1 * apart(plain, h) < 0.02
    assert apart(our_gradients, gradients) < 1.1 * apart(plain_gradients, gradients)


def test_a_network_with_weights_of_bfloat16_is_read_as_what_it_is(monkeypatch):
    monkeypatch.setattr(engine, "WORTH", 0)
    torch.manual_seed(0)
    network = STGCNConfig(width=4, features=64, dropout=0.0).build(KINECT_V2)
    x = torch.randn(6, 3, 32, 25, 1)
    wanted = network(x)
    found = network.bfloat16()(x.bfloat16())
    assert apart(found, wanted) < 0.02

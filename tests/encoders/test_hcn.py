"""HCN: its shapes, and its forward pass held to plain loops over joints."""

import pytest
import torch
from torch.nn import functional

from skelact.encoders.config import HCNConfig
from skelact.layouts import KINECT_V1
from skelact.system.world import SkelactError


def clips(n: int = 3, t: int = 48, m: int = 2) -> torch.Tensor:
    return torch.randn(n, 3, t, 20, m, generator=torch.Generator().manual_seed(0))


@pytest.fixture
def network():
    torch.manual_seed(0)
    return HCNConfig().build(KINECT_V1, 48).eval()


def test_it_has_half_a_million_weights_and_the_paper_s_sizes(network):
    assert sum(parameter.numel() for parameter in network.parameters()) == 505_728
    with torch.no_grad():
        assert network.feature_map(clips()).shape == (6, 128, 6, 4)
        assert network(clips()).shape == (3, 256)
        assert network(clips(t=20)).shape == (3, 256)


def plain_branch(layers, x):
    """As the layers say, but joint by joint, and joints as channels only where they are added up."""
    first, norm, _, second, norm2, _, third, norm3, _, fourth, norm4, _ = layers
    each = [norm2(second(norm(first(x[..., [joint]])).relu())) for joint in range(x.shape[3])]
    total = third.bias.view(1, -1, 1, 1)
    for joint, one in enumerate(each):
        total = total + functional.conv2d(one[..., 0].transpose(1, 2)[:, None], third.weight[:, [joint]], padding=1)
    return functional.max_pool2d(norm4(fourth(functional.max_pool2d(norm3(total), 2))), 2)


def test_the_forward_pass_equals_a_plain_one(network):
    with torch.no_grad():
        for norm in network.modules():
            if isinstance(norm, torch.nn.BatchNorm2d):
                norm.running_mean.normal_()
                norm.running_var.uniform_(0.5, 2)
        network = network.double()
        x = clips(m=1).double()
        one = x[..., 0]
        motion = torch.zeros_like(one)
        motion[:, :, 1:] = one[:, :, 1:] - one[:, :, :-1]
        both = torch.cat([plain_branch(network.positions, one), plain_branch(network.motions, motion)], 1)
        _, conv, norm, _, _ = network.joined
        fifth = functional.max_pool2d(norm(conv(both)).relu(), 2)
        torch.testing.assert_close(network.feature_map(x), fifth)
        _, conv, norm, _, _ = network.last
        sixth = functional.max_pool2d(norm(conv(fifth)).relu(), 2)
        torch.testing.assert_close(network(x), sixth.mean((2, 3)))


def test_an_absent_person_counts_nothing(network):
    x = clips()
    x[..., 1] = 0
    torch.testing.assert_close(network(x), network(x[..., :1]))


def test_fewer_frames_than_it_halves_are_refused():
    with pytest.raises(SkelactError, match="expected at least 16, found 15"):
        HCNConfig().build(KINECT_V1, 15)

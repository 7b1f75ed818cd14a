"""Where the encoder drops: the goldens are without dropout, so they cannot tell."""

import pytest
import torch

from skelact.encoders.config import STGCNConfig
from skelact.encoders.stgcn.network import STGCN
from skelact.layouts import SBU_15


@pytest.mark.parametrize("block", range(10))
def test_every_block_but_the_first_drops_while_training(block):
    torch.manual_seed(0)
    network = STGCN(STGCNConfig(width=2, features=8, dropout=0.9), SBU_15).train()
    chosen = network.blocks[block]
    x = torch.randn(4, chosen.spatial.in_channels, 12, 15)
    once, again = (chosen(x, network.adjacency) for _ in range(2))
    assert torch.equal(once, again) == (block == 0)


def test_nothing_is_dropped_once_trained():
    network = STGCN(STGCNConfig(width=2, features=8, dropout=0.9), SBU_15).eval()
    x = torch.randn(2, 3, 12, 15, 1)
    torch.testing.assert_close(network(x), network(x), rtol=0, atol=0)

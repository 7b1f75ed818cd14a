"""Checkpoints as the published programs save them, made from a network of ours, and the way back."""

import re

from torch import Tensor, nn

from skelact.encoders.stgcn.published import our_name

# Ours and the published names; written down from the published checkpoint, apart from the reader under test.
_NAMES = (
    (r"adjacency", "A"),
    (r"input_norm\.(.*)", r"data_bn.\1"),
    (r"blocks\.(\d)\.importance", r"edge_importance.\1"),
    (r"blocks\.(\d)\.spatial\.(.*)", r"st_gcn_networks.\1.gcn.conv.\2"),
    (r"blocks\.(\d)\.spatial_norm\.(.*)", r"st_gcn_networks.\1.tcn.0.\2"),
    (r"blocks\.(\d)\.temporal\.(.*)", r"st_gcn_networks.\1.tcn.2.\2"),
    (r"blocks\.(\d)\.temporal_norm\.(.*)", r"st_gcn_networks.\1.tcn.3.\2"),
    (r"blocks\.(\d)\.residual\.(.*)", r"st_gcn_networks.\1.residual.\2"),
)


def published(network: nn.Module, prefix: str = "") -> dict[str, Tensor]:
    """The state dict of an encoder of ours under the published names."""
    renamed = {}
    for name, tensor in network.state_dict().items():
        (new,) = [re.sub(ours, theirs, name) for ours, theirs in _NAMES if re.fullmatch(ours, name)]
        renamed[prefix + new] = tensor.clone()
    return renamed


def encoder_tensors(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """The encoder's tensors of a published state dict without prefixes, under our names."""
    return {name: tensor for old, tensor in state.items() if (name := our_name(old)) is not None}

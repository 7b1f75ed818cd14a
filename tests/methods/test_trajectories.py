"""Whole training trajectories in float64 against those of the published programs: losses and final state."""

import numpy as np
import pytest
import torch

import tiny
from published_names import encoder_tensors
from skelact.encoders.config import STGCNConfig
from skelact.layouts import KINECT_V2
from skelact.methods import AimCLR, SkeletonCLR, build
from skelact.methods.contrast import UnitEmbedder

LOSSES = {"skeletonclr": ("loss",), "aimclr": ("info_nce", "d1", "d2", "loss")}


def state(golden, stage: str, prefix: str) -> dict[str, torch.Tensor]:
    start = f"{stage}/{prefix}"
    return {
        name.removeprefix(start): torch.tensor(golden[name]).double() for name in golden.files if name.startswith(start)
    }


def fill(embedder: UnitEmbedder, published: dict[str, torch.Tensor]) -> None:
    embedder.encoder.load_state_dict(encoder_tensors(published))
    embedder.head.load_state_dict({name[3:]: value for name, value in published.items() if name.startswith("fc.")})


def tensors(embedder: UnitEmbedder, published: dict[str, torch.Tensor]):
    """(name, ours, published) of every tensor."""
    expected = build(AimCLR.Config(bank=2, projection=16), embedder.encoder.config, KINECT_V2, 50, 2).double().query
    fill(expected, published)
    theirs = expected.state_dict()
    return [(name, ours, theirs[name]) for name, ours in embedder.state_dict().items()]


@pytest.mark.parametrize("name", ["skeletonclr", "aimclr"])
def test_equals_the_published_trajectory(shared, name):
    golden = np.load(shared / f"golden/train_{name}.npz")

    def number(key: str) -> float:
        return golden[key].ravel()[0].item()

    numbers = {
        "temperature": number("temperature"),
        "momentum": number("ema"),
        "bank": int(number("queue_size")),
        "projection": int(number("feature_dim")),
    }
    if name == "aimclr":
        config = AimCLR.Config(**numbers, neighbours_form="released", neighbours_from=int(number("nnm_from_step")))
    else:
        config = SkeletonCLR.Config(**numbers)
    encoder = STGCNConfig(width=int(number("hidden_channels")), features=int(number("hidden_dim")), dropout=0.0)
    method = build(config, encoder, KINECT_V2, 50, 2).double()
    fill(method.query, state(golden, "init", "encoder_q."))
    fill(method.twin.key, state(golden, "init", "encoder_k."))
    method.bank.keys.copy_(torch.tensor(golden["init/queue"]).T)
    optimiser = torch.optim.SGD(
        method.query.parameters(),
        lr=number("lr"),
        momentum=number("sgd_momentum"),
        weight_decay=number("weight_decay"),
    )
    for step, (extreme, query, key) in enumerate(torch.tensor(golden["batches"]).double()):
        views = {"query": query, "key": key} | ({"extreme": extreme} if name == "aimclr" else {})
        losses = method(views, tiny.moment(step))
        optimiser.zero_grad()
        losses["loss"].backward()
        optimiser.step()
        found = [losses["nnm" if part == "info_nce" and part not in losses else part].item() for part in LOSSES[name]]
        np.testing.assert_allclose(found, golden["losses"][step], rtol=1e-6, err_msg=f"step {step}")
    # The published final state was stored in float32.
    for stage, embedder in (("encoder_q.", method.query), ("encoder_k.", method.twin.key)):
        for tensor, ours, theirs in tensors(embedder, state(golden, "final", stage)):
            torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-6, msg=lambda text, t=tensor: f"{t}: {text}")
    np.testing.assert_allclose(method.bank.keys.T.numpy(), golden["final/queue"], atol=1e-6)
    assert int(method.bank.place) == int(golden["final/queue_ptr"].item())

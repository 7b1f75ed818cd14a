"""SkeAttnCLR against the published program's arrays: graph, attention neck, and a whole trajectory in float64."""

import numpy as np
import pytest
import torch

import tiny
from published_names import encoder_tensors
from skelact.encoders.config import STGCNConfig
from skelact.layouts import KINECT_V2
from skelact.maths import graph
from skelact.maths.mham import AttentionMask, released_layout
from skelact.methods import SkeAttnCLR, build
from skelact.methods.skeattnclr import head

HEAD = {"mlp.0.weight": "0.weight", "mlp.3.weight": "3.weight"} | {
    f"mlp.1.{name}": f"1.{name}" for name in ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")
}
ATTENTION = {
    f"{theirs}.{name}": f"{ours}.{name}"
    for theirs, ours in (("norm0", "norm"), ("Attn.qkv", "qkv"), ("Attn.proj", "projection"))
    for name in ("weight", "bias")
}
State = dict[str, torch.Tensor]


def below(golden, prefix: str) -> State:
    return {
        name.removeprefix(prefix): torch.tensor(golden[name]).double()
        for name in golden.files
        if name.startswith(prefix)
    }


def renamed(published: State, names: dict[str, str]) -> State:
    """The tensors of those names under ours; weights of 1x1 convolutions without their last axis."""
    return {
        ours: published[theirs][..., 0] if published[theirs].ndim == 3 else published[theirs]
        for theirs, ours in names.items()
    }


def embedder(golden, prefix: str) -> State:
    parts = {
        "encoder": encoder_tensors(below(golden, f"{prefix}backbone.")),
        "head": renamed(below(golden, f"{prefix}neck.proj."), HEAD),
    }
    return {f"{part}.{name}": tensor for part, state in parts.items() for name, tensor in state.items()}


def published(golden, stage: str) -> State:
    """The state of our method but for the bank, from the published one at `stage`."""
    parts = {
        "query": embedder(golden, f"{stage}/encoder_q."),
        "twin.key": embedder(golden, f"{stage}/encoder_k."),
        "attention": renamed(below(golden, f"{stage}/encoder_q.neck."), ATTENTION),
        "predictors.global": renamed(below(golden, f"{stage}/predictor."), HEAD),
        "predictors.salient": renamed(below(golden, f"{stage}/predictor_s."), HEAD),
        "predictors.non_salient": renamed(below(golden, f"{stage}/predictor_ns."), HEAD),
    }
    return {f"{part}.{name}": tensor for part, state in parts.items() for name, tensor in state.items()}


def test_the_directed_graph_equals_the_published_one(shared):
    expected = np.load(shared / "golden/graph_skeattnclr.npz")["A"]
    np.testing.assert_allclose(graph.directed(KINECT_V2), expected, rtol=0, atol=1e-12)


def test_mask_and_masked_features_equal_the_published_neck(shared):
    golden = np.load(shared / "golden/neck_skeattnclr.npz")
    published_map = torch.tensor(golden["feature_map_released_layout_b_c_t_v_m"])
    n, d, s, v, m = published_map.shape
    apart = published_map.permute(0, 4, 1, 2, 3).reshape(n * m, d, s, v)  # as our encoder gives it
    features = released_layout(apart, m)
    state = below(golden, "state/")
    weight = state["proj.mlp.3.weight"]
    g = head(d, weight.shape[1], len(weight)).double().eval()
    g.load_state_dict(renamed({name.removeprefix("proj."): value for name, value in state.items()}, HEAD))
    # The array does not say how many heads there are: of the numbers possible one alone fits.
    fitting = []
    for heads in (heads for heads in (1, 2, 4, 8, 16) if d % heads == 0):
        attention = AttentionMask(d, heads, steepness=2.0).double()
        attention.load_state_dict(renamed(state, ATTENTION))
        mask = attention(features)
        if np.abs(mask.flatten(2).transpose(1, 2).detach().numpy() - golden["mask_bm_n_c"]).max() < 1e-9:
            fitting.append(mask)
    (mask,) = fitting
    masked = {"z": features, "salient": features * mask, "non_salient": features * (1 - mask)}
    for name, weighted in masked.items():
        h = weighted.mean((2, 3)).view(n, m, d).mean(1)
        np.testing.assert_allclose(g(h).detach().numpy(), golden[name][..., 0], atol=1e-9, err_msg=name)
        # The published key map is 0.9 times the query's, pooled with the query's mask.
        np.testing.assert_allclose(g(0.9 * h).detach().numpy(), golden[f"key_{name}"][..., 0], atol=1e-9)


@pytest.fixture
def golden(shared):
    return np.load(shared / "golden/train_skeattnclr.npz")


def test_equals_the_published_trajectory(golden):
    def number(key: str) -> float:
        return golden[key].ravel()[0].item()

    config = SkeAttnCLR.Config(
        temperature=number("temperature"),
        bank=int(number("queue_size")),
        projection=int(number("feature_dim")),
        mu=number("mu"),
        heads=int(number("heads")),
        steepness=float(number("Lambda")),
        momentum=number("ema_per_step"),
    )
    encoder = STGCNConfig(
        width=int(number("hidden_channels")), features=int(number("hidden_dim")), dropout=0.0, graph="directed"
    )
    method = build(config, encoder, KINECT_V2, 64, 2).double()
    bank = {"bank.keys": torch.tensor(golden["init/queue_z"]).T, "bank.place": torch.tensor(0)}
    method.load_state_dict(published(golden, "init") | bank)
    trained = [parameter for parameter in method.parameters() if parameter.requires_grad]
    optimiser = torch.optim.SGD(trained, lr=number("lr"), momentum=0.9, weight_decay=1e-4)
    steps = len(golden["losses"])
    for step in range(steps):
        theirs = {"query": "xq", "key": "xk", "swap": "x_swap"}
        views = {ours: torch.tensor(golden[name][step]).double() for ours, name in theirs.items()}
        losses = method(views, tiny.moment())
        optimiser.zero_grad()
        losses["loss"].backward()
        optimiser.step()
        method.after_step(tiny.moment(step=step, total=steps))
        found = [losses[part].item() for part in ("global", "salient", "non_salient", "loss")]
        np.testing.assert_allclose(found, golden["losses"][step], rtol=1e-6, err_msg=f"step {step}")
    # Everything that the published program holds, statistics and counters of BatchNorm too; stored there in float32.
    expected = published(golden, "final") | {"bank.keys": torch.tensor(golden["final/queue_z"]).T}
    for name, ours in method.state_dict().items():
        if name != "bank.place":
            np.testing.assert_allclose(ours.numpy(), expected[name].numpy(), rtol=1e-5, atol=1e-6, err_msg=name)
    assert int(method.bank.place) == int(golden["final/queue_ptr_z"].item()) % len(method.bank)

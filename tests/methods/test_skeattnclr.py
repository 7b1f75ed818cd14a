"""SkeAttnCLR's own: its loss part by part, its views, its twin, and what it refuses."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn.functional import normalize

import tiny
from skelact.encoders.config import STGCNConfig
from skelact.layouts import COCO_17, KINECT_V2, SBU_15
from skelact.maths import augment
from skelact.maths.draw import Draw
from skelact.maths.momentum import MomentumTwin, cosine_momentum
from skelact.methods import SkeAttnCLR, build
from skelact.skeleton import Skeleton
from skelact.system.world import SkelactError

TINY = STGCNConfig(width=2, features=8, dropout=0.0, graph="directed")
SMALL = {"bank": 16, "projection": 6, "heads": 2}


def made(skeleton=SBU_15, encoder=TINY, **changes) -> SkeAttnCLR:
    torch.manual_seed(0)
    method = build(SkeAttnCLR.Config(**{**SMALL, **changes}), encoder, skeleton, 12, 1).double()
    assert isinstance(method, SkeAttnCLR)
    with torch.no_grad():  # a mask that differs from place to place
        for layer in (method.attention.qkv, method.attention.projection):
            layer.weight.mul_(30)
    return method


def clips(n=5, t=16, v=15, m=1, seed=1) -> torch.Tensor:
    return torch.randn(n, 3, t, v, m, generator=torch.Generator().manual_seed(seed)).double()


def views(method, x, epoch=0):
    return {name: view(x, Draw(torch.arange(len(x)), 0, epoch, name)) for name, view in method.views().items()}


def nce(q, k, bank, others, tau):
    """-log of the key's share, clip by clip and choice by choice."""
    losses, q, k = [], q.detach(), k.detach()
    others = None if others is None else others.detach()
    for i in range(len(q)):
        choices = [float(q[i] @ k[i]), *(float(q[i] @ entry) for entry in bank)]
        choices += [float(q[i] @ others[i])] if others is not None else []
        losses.append(-math.log(math.exp(choices[0] / tau) / sum(math.exp(choice / tau) for choice in choices)))
    return sum(losses) / len(losses)


@pytest.mark.parametrize("persons", [1, 2])
@pytest.mark.parametrize("mu", [0.5, 0.2, 1.0])
def test_every_part_of_the_loss_equals_a_slow_reckoning(persons, mu):
    method = made(mu=mu)
    batch, bank = views(method, clips(m=persons)), method.bank.keys.clone()
    losses = method(batch, tiny.moment())

    def pooled(features):
        return features.flatten(2).mean(2).view(5, persons, -1).mean(1)

    query, key = method.query, method.twin.key
    f_q, f_swap = query.encoder.feature_map(batch["query"]), query.encoder.feature_map(batch["swap"])
    mask = method.attention(f_swap)
    f_k = key.encoder.feature_map(batch["key"])
    q, k = {}, {}
    for part, weight in (("salient", mask), ("non_salient", 1 - mask)):
        q[part] = normalize(method.predictors[part](query.head(pooled(f_swap * weight))))
        k[part] = normalize(key.head(pooled(f_k * weight)))
    q["global"] = normalize(method.predictors["global"](query.head(pooled(f_q))))
    k["global"] = normalize(key.head(pooled(f_k)))
    others = {"global": None, "salient": q["non_salient"], "non_salient": q["salient"]}
    expected = {part: nce(q[part], k[part], bank, others[part], 0.2) for part in others}
    for part, value in expected.items():
        assert losses[part].item() == pytest.approx(value, rel=1e-9)
    whole = expected["global"] + mu * expected["salient"] + (1 - mu) * expected["non_salient"]
    assert losses["loss"].item() == pytest.approx(whole, rel=1e-9)
    torch.testing.assert_close(method.bank.keys[:5], k["global"].detach())


@pytest.mark.parametrize("predictors", [False, True])
def test_only_without_predictors_does_a_view_that_is_its_own_key_meet_itself(predictors):
    method = made(predictors=predictors)
    bank, batch = method.bank.keys.clone(), views(method, clips())
    loss = method({**batch, "key": batch["query"]}, tiny.moment())["global"].item()
    keys = method.bank.keys[:5]  # the twin starts as a copy, so these are the head's vectors of the query too
    assert (loss == pytest.approx(nce(keys, keys, bank, None, 0.2), rel=1e-9)) != predictors
    assert any("predictors" in name for name, _ in method.named_parameters()) == predictors


def test_gradients_reach_encoder_attention_head_and_predictors_and_not_the_twin():
    method = made()
    method(views(method, clips()), tiny.moment())["loss"].backward()
    for name, parameter in method.named_parameters():
        assert (parameter.grad is None) == name.startswith("twin."), name
        assert parameter.grad is None or bool(parameter.grad.abs().sum() > 0) or name.endswith("bias"), name


def test_the_swapped_view_is_the_query_view_with_parts_of_other_clips():
    method, x = made(KINECT_V2), clips(8, 64, 25, 2)
    batch = views(method, x)
    query, swapped = batch["query"], batch["swap"]
    assert torch.equal(query, augment.normal()(x, Draw(torch.arange(8), 0, 0, "query")))
    kept = (swapped == query).all(1)
    assert 0.1 < 1 - kept.double().mean() < 0.4  # 3.5 of 5 parts for 22 of 64 frames: 0.24
    from_others = (swapped[:, None] == query[None]).all(2).any(1)
    assert bool(from_others.all())
    assert not torch.equal(batch["key"], query)


@pytest.mark.parametrize("skeleton", [SBU_15, COCO_17, KINECT_V2], ids=lambda skeleton: skeleton.name)
@pytest.mark.parametrize("absent", ["computed", "left_out"])
@given(persons=st.integers(1, 3), frames=st.sampled_from([32, 50, 64]))
def test_any_layout_number_of_persons_and_length(skeleton, absent, persons, frames):
    method = made(skeleton, TINY.model_copy(update={"absent": absent}))
    x = clips(3, frames, len(skeleton), persons)
    x[0, ..., 1:] = 0
    assert torch.isfinite(method(views(method, x), tiny.moment())["loss"])


def test_a_person_left_out_of_the_swapped_view_is_weighed_by_one_half_in_the_key():
    method = made(encoder=TINY.model_copy(update={"absent": "left_out"}))
    x_swap, x_k = clips(3, m=2), clips(3, m=2, seed=2)
    x_swap[1, ..., 1] = 0
    x_k[2, ..., 1] = 0
    mask = method.attention(method.encoder.feature_map(x_swap))  # of persons 00 01 10 20 21
    aligned = method._of_persons(mask, x_swap, x_k)  # for persons 00 01 10 11 20
    assert torch.equal(aligned[[0, 1, 2, 4]], mask[[0, 1, 2, 3]])
    assert bool((aligned[3] == 0.5).all())


def test_the_released_layout_counts_only_where_there_are_two_persons():
    for persons, same in ((1, True), (2, False)):
        batch = views(made(), clips(m=persons))
        ours, released = (made(layout=layout)(batch, tiny.moment())["loss"] for layout in ("persons", "released"))
        assert torch.equal(ours, released) == same


def test_the_key_follows_after_the_step_in_parameters_and_statistics():
    method = made()
    for other in method.twin.key.parameters():
        other.data.zero_()
    before = {name: tensor.clone() for name, tensor in method.twin.key.state_dict().items()}
    method(views(method, clips()), tiny.moment())["loss"].backward()
    during = {name: tensor.clone() for name, tensor in method.twin.key.state_dict().items()}
    assert all(torch.equal(during[name], value) for name, value in before.items() if name.endswith("weight"))
    method.after_step(tiny.moment(step=3, total=12))
    m = 1 - 0.004 * (math.cos(math.pi / 4) + 1) / 2
    for name, query in method.query.state_dict().items():
        expected = m * during[name] + (1 - m) * query if query.is_floating_point() else query
        torch.testing.assert_close(method.twin.key.state_dict()[name], expected, msg=name)


def test_the_momentum_rises_from_its_start_to_one_along_half_a_cosine():
    assert cosine_momentum(0.996, 0, 10) == pytest.approx(0.996)
    assert cosine_momentum(0.996, 5, 10) == pytest.approx(0.998)
    assert cosine_momentum(0.996, 10, 10) == 1
    rising = [cosine_momentum(0.9, step, 100) for step in range(100)]
    assert rising == sorted(rising)


def momenta(method: SkeAttnCLR, epochs: int, per_epoch: int) -> list[float]:
    """m of every step of a run: how much of a key network of ones is left where the query network is all zeros."""
    found = []
    for parameter in method.query.parameters():
        parameter.data.zero_()
    for step in range(epochs * per_epoch):
        for parameter in method.twin.key.parameters():
            parameter.data.fill_(1)
        method.after_step(tiny.moment(step=step, total=epochs * per_epoch, epochs=epochs))
        (left,) = {parameter.unique().item() for parameter in method.twin.key.parameters()}
        found.append(left)
    return found


@pytest.mark.parametrize(("ahead", "epochs_ahead"), [(0, 0), (None, 1)])
def test_the_released_clock_of_the_momentum_is_one_epoch_ahead(ahead, epochs_ahead):
    epochs, per_epoch = 3, 4
    config = SkeAttnCLR.Config(**SMALL, momentum=0.9, momentum_ahead=ahead).fitted(epochs, per_epoch * 5 + 2, 5)
    method = build(config, TINY, SBU_15, 12, 1).double()
    counted = [epoch * per_epoch + place for epoch in range(epochs) for place in range(per_epoch)]
    angles = [180 * (one + epochs_ahead * per_epoch) / (epochs * per_epoch) for one in counted]
    expected = [1 - 0.1 * math.cos(math.radians(angle / 2)) ** 2 for angle in angles]  # (cos a + 1) / 2
    found = momenta(method, epochs, per_epoch)
    assert found == pytest.approx(expected, abs=1e-12)
    assert (max(found) == 1) == (epochs_ahead == 1)
    assert (found == sorted(found)) == (epochs_ahead == 0)  # in its last epoch the program's falls again


def test_a_twin_that_follows_all_state_by_zero_becomes_the_query():
    query = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4))
    twin = MomentumTwin(query, 0.9)
    query(torch.randn(6, 3))
    torch.nn.init.normal_(query[0].weight)
    twin.follow_state(query, 0.0)
    for name, value in query.state_dict().items():
        torch.testing.assert_close(twin.key.state_dict()[name], value)


def test_heads_start_by_kaiming_and_have_no_bias():
    torch.manual_seed(0)
    method = build(SkeAttnCLR.Config(bank=4, projection=128), STGCNConfig(width=2, features=256), SBU_15, 12, 1)
    for part in (method.query.head, *method.predictors.values()):
        first, norm, _, last = part
        assert first.bias is None
        assert last.bias is None
        assert first.weight.std().item() == pytest.approx(math.sqrt(2 / 256), rel=0.03)
        assert last.weight.std().item() == pytest.approx(math.sqrt(2 / 128), rel=0.03)
        assert bool((norm.weight == 1).all())


def test_released_heads_and_predictors_start_as_all_other_layers_and_the_key_as_a_copy():
    torch.manual_seed(0)
    config = SkeAttnCLR.Config(bank=4, projection=128, head_weights="released")
    method = build(config, STGCNConfig(width=2, features=256), SBU_15, 12, 1)
    for part in (method.query.head, *method.predictors.values()):
        first, norm, _, last = part
        assert (first.bias, last.bias) == (None, None)
        assert [layer.weight.std().item() for layer in (first, last)] == pytest.approx([0.02, 0.02], rel=0.03)
        assert [layer.weight.mean().item() for layer in (first, last)] == pytest.approx([0, 0], abs=5e-4)
        assert norm.weight.std().item() == pytest.approx(0.02, rel=0.2)
        assert norm.weight.mean().item() == pytest.approx(1, abs=5e-3)
        assert not norm.bias.any()
    for layer in (method.attention.qkv, method.attention.projection):  # these do so in either case
        assert layer.weight.std().item() == pytest.approx(0.02, rel=0.03)
    key = method.twin.key.state_dict()
    assert all(torch.equal(key[name], value) for name, value in method.query.state_dict().items())


def test_a_skeleton_without_parts_is_refused_by_name():
    bare = Skeleton(name="bare", joints=("a", "b"), parents=(-1, 0))
    with pytest.raises(SkelactError, match=r"expected a skeleton with at least 2, found 0 in bare; .* `parts`"):
        made(bare)


def test_a_skeleton_of_two_parts_keeps_one_of_them():
    two = Skeleton(name="two", joints=("a", "b", "c"), parents=(-1, 0, 0), parts={"low": (0,), "high": (1, 2)})
    x = clips(6, 16, 3)
    batch = views(made(two), x)
    same = (batch["swap"] == batch["query"]).all(2).all(1)[..., 0]
    assert bool((same[:, 0] ^ same[:, 1]).all())


def test_numbers_that_cannot_work_are_refused():
    with pytest.raises(SkelactError, match=r"features that the 3 heads .* divide, found 8"):
        made(heads=3)
    with pytest.raises(SkelactError, match=r"released mixes a clip's persons"):
        made(encoder=TINY.model_copy(update={"absent": "left_out"}), layout="released")
    with pytest.raises(ValueError, match=r"parts must be two numbers from 1 on, the lower first, got \(4, 3\)"):
        SkeAttnCLR.Config(parts=(4, 3))
    with pytest.raises(ValueError, match=r"window must be two shares .* got \(0.5, 1.5\)"):
        SkeAttnCLR.Config(window=(0.5, 1.5))

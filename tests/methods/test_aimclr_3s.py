"""3s-AimCLR with knowledge mining across streams: AimCLR's own loss on every stream, and CrosSCLR's between them."""

import pytest
import torch

import tiny
from skelact.encoders.config import STGCNConfig
from skelact.layouts import SBU_15
from skelact.maths.draw import Draw
from skelact.maths.losses import cross_stream
from skelact.maths.streams import apply_stream
from skelact.methods import AimCLR, AimCLR3s, build
from skelact.recipes import RECIPES

STREAMS = ("joint", "motion", "bone")
TINY = STGCNConfig(width=2, features=8, dropout=0.0)
SMALL = {"bank": 16, "projection": 6, "neighbours_from": 2}


def made(seed=0, **numbers) -> AimCLR3s:
    torch.manual_seed(seed)
    method = build(AimCLR3s.Config(**{**SMALL, "cross_from": 1, **numbers}), TINY, SBU_15, 12, 1).double()
    assert isinstance(method, AimCLR3s)
    return method


def views(method: AimCLR3s, epoch=0) -> dict[str, torch.Tensor]:
    x = torch.randn(4, 3, 12, 15, 1, generator=torch.Generator().manual_seed(1)).double()
    return {name: view(x, Draw(torch.arange(4), 0, epoch, name)) for name, view in method.views().items()}


def alone(method: AimCLR3s, stream: str) -> AimCLR:
    """AimCLR with the weights and the bank that a stream has now."""
    one = build(AimCLR.Config(**SMALL), TINY, SBU_15, 12, 1).double()
    one.load_state_dict(method.learner(stream).state_dict())
    assert isinstance(one, AimCLR)
    return one


@pytest.mark.parametrize("epoch", [0, 1, 2])
def test_every_stream_has_the_loss_of_aimclr_on_that_stream(epoch):
    method = made()
    batch = views(method)
    learners = {stream: alone(method, stream) for stream in STREAMS}
    found = method(batch, tiny.moment(epoch))
    whole = 0.0
    for stream, learner in learners.items():
        own = learner({name: apply_stream(x, stream, SBU_15) for name, x in batch.items()}, tiny.moment(epoch))
        whole += own.pop("loss")
        assert set(own) == {"nnm" if epoch >= 2 else "info_nce", "d1", "d2"}
        for part, loss in own.items():
            assert found[f"{stream}/{part}"].item() == loss.item()
    across = sum(found[f"{stream}/cross"] for stream in STREAMS) if epoch >= 1 else 0.0
    torch.testing.assert_close(found["loss"], whole + across)


def test_streams_teach_each_other_by_their_normal_queries_from_the_epoch_told():
    method = made(top_k=2, context=False)
    batch = views(method)
    learners = {stream: alone(method, stream) for stream in STREAMS}
    assert not any(part.endswith("/cross") for part in made()(batch, tiny.moment()))
    found = method(batch, tiny.moment(1))
    normal = {
        stream: learner.logits({name: apply_stream(x, stream, SBU_15) for name, x in batch.items()})[0]
        for stream, learner in learners.items()
    }
    for stream in STREAMS:
        teachers = [cross_stream(normal[stream], normal[b], 2, 0.07, False) for b in STREAMS if b != stream]
        torch.testing.assert_close(found[f"{stream}/cross"], (teachers[0] + teachers[1]) / 2)


def test_two_streams_are_enough():
    found = made(streams=("joint", "bone"))
    assert {part.split("/")[0] for part in found(views(found), tiny.moment(2))} == {"loss", "joint", "bone"}


@pytest.mark.parametrize("epoch", [0, 2])
def test_every_key_network_and_bank_moves_in_both_stages(epoch):
    method = made()
    method(views(method), tiny.moment(epoch))["loss"].backward()
    assert all(parameter.grad is not None for parameter in method.parameters() if parameter.requires_grad)
    torch.optim.SGD([one for one in method.parameters() if one.requires_grad], lr=0.1).step()
    before = {name: value.clone() for name, value in method.state_dict().items()}
    method(views(method, epoch=1), tiny.moment(epoch))
    for stream in STREAMS:
        learner = method.learner(stream)
        query = dict(learner.query.named_parameters())
        for name, key in learner.twin.key.named_parameters():
            was = before[f"learners.{stream}.twin.key.{name}"]
            torch.testing.assert_close(key, 0.999 * was + 0.001 * query[name])
        assert not torch.equal(learner.bank.keys, before[f"learners.{stream}.bank.keys"])


def test_without_extreme_views_it_still_learns_across_streams():
    method = made(views="normal", drop=False, neighbours=0)
    parts = {part.split("/")[1] for part in method(views(method), tiny.moment(1)) if part != "loss"}
    assert parts == {"info_nce", "cross"}


def test_both_stages_of_the_small_recipe_begin_with_its_last_sixth():
    recipe = RECIPES["aimclr-3s-small"]()
    method = recipe.method.fitted(recipe.epochs, 1000, recipe.batch)
    assert (method.neighbours_from, method.cross_from, method.bank) == (50, 50, 1000)


def test_it_has_every_number_of_aimclr_with_the_same_default():
    ours, aimclr = AimCLR3s.Config().model_dump(), AimCLR.Config().model_dump()
    assert {name: ours[name] for name in aimclr if name != "name"} == {
        name: value for name, value in aimclr.items() if name != "name"
    }
    assert set(ours) - set(aimclr) == {"streams", "top_k", "context", "cross_from"}


def test_a_run_too_short_for_either_stage_is_doubted_twice():
    doubts = AimCLR3s.Config(bank=16).doubts(100, 10000, 100)
    assert [doubt.split(" begin")[0] for doubt in doubts] == ["learning across streams", "nearest neighbours"]

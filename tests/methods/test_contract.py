"""What every method keeps to, in every configuration that a recipe has."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import tiny
from skelact.draw import Draw
from skelact.encoders.stgcn import STGCNConfig
from skelact.layouts import COCO_17, KINECT_V2, SBU_15
from skelact.methods import AimCLR, SkeletonCLR, build
from skelact.methods.crossstream import CrossStream
from skelact.recipes import RECIPES
from skelact.world import SkelactError

TINY = STGCNConfig(width=2, features=8, dropout=0.0)
ONE_OF_EACH = ("skeletonclr", "aimclr", "crossclr", "aimclr-3s", "skeattnclr")
SMALL = {"bank": 16, "projection": 6}
CONFIGS = {name: recipe().method.fitted(4, 100, 4).model_copy(update=SMALL) for name, recipe in RECIPES.items()}


def made(config, skeleton=SBU_15, seed=0):
    torch.manual_seed(seed)
    return build(config, TINY, skeleton).double()


def learners(method):
    """What learns each stream: the method itself where it is one, by the prefix of its state."""
    if isinstance(method, CrossStream):
        return {f"learners.{stream}.": learner for stream, learner in method.learners.items()}
    return {"": method}


def views(method, x, epoch=0):
    return {name: view(x, Draw(torch.arange(len(x)), 0, epoch, name)) for name, view in method.views().items()}


def clips(n=4, t=12, v=15, m=1):
    return torch.randn(n, 3, t, v, m, generator=torch.Generator().manual_seed(1)).double()


@pytest.mark.parametrize("name", CONFIGS)
@pytest.mark.parametrize("epoch", [0, 1000])
def test_one_step_changes_every_query_and_moves_every_twin_and_fills_every_bank(name, epoch):
    method = made(CONFIGS[name])
    losses = method(views(method, clips()), tiny.moment(epoch))
    assert losses["loss"].ndim == 0
    assert all(torch.isfinite(part) for part in losses.values())
    losses["loss"].backward()
    before = {key: value.clone() for key, value in method.state_dict().items()}
    assert all(int(before[f"{prefix}bank.place"]) == 4 for prefix in learners(method))
    torch.optim.SGD([one for one in method.parameters() if one.requires_grad], lr=0.1).step()
    method.after_step(tiny.moment())
    method(views(method, clips(), epoch=1), tiny.moment(epoch))
    after = method.state_dict()
    changed = {key for key in after if not torch.equal(after[key], before[key])}
    assert all(
        f"{prefix}query.{key}" in changed and f"{prefix}twin.key.{key}" in changed
        for prefix in learners(method)
        for key in (list(learners(method)[prefix].query.state_dict())[-1], "encoder.blocks.9.temporal.weight")
    )
    assert all(f"{prefix}bank.keys" in changed for prefix in learners(method))
    keys = [one.twin.key for one in learners(method).values()]
    assert all(parameter.grad is None for key in keys for parameter in key.parameters())


@pytest.mark.parametrize("name", CONFIGS)
def test_the_loss_does_not_depend_on_the_order_of_the_batch(name):
    method, other = made(CONFIGS[name]), made(CONFIGS[name])
    batch = views(method, clips())
    mixed = {view: x[[2, 0, 3, 1]] for view, x in batch.items()}
    torch.testing.assert_close(method(batch, tiny.moment(1000))["loss"], other(mixed, tiny.moment(1000))["loss"])


@pytest.mark.parametrize("name", CONFIGS)
def test_configuration_survives_json(name):
    config = CONFIGS[name]
    assert type(config).model_validate_json(config.model_dump_json()) == config


@pytest.mark.parametrize("name", CONFIGS)
def test_state_round_trip_gives_the_same_next_loss(name):
    method, other = made(CONFIGS[name]), made(CONFIGS[name], seed=5)
    method(views(method, clips()), tiny.moment())
    other.load_state_dict(method.state_dict())
    batch = views(method, clips(), epoch=1)
    assert torch.equal(method(batch, tiny.moment(1000))["loss"], other(batch, tiny.moment(1000))["loss"])


@pytest.mark.parametrize("skeleton", [SBU_15, COCO_17, KINECT_V2], ids=lambda skeleton: skeleton.name)
@given(persons=st.integers(1, 3), frames=st.sampled_from([32, 50, 64]), name=st.sampled_from(ONE_OF_EACH))
def test_any_layout_number_of_persons_and_length(skeleton, persons, frames, name):
    method = made(CONFIGS[name], skeleton)
    x = clips(2, frames, len(skeleton), persons)
    for epoch in (0, 1000):
        assert torch.isfinite(method(views(method, x), tiny.moment(epoch))["loss"])


def test_aimclr_with_normal_views_only_is_skeletonclr():
    plain = made(SkeletonCLR.Config(**SMALL))
    row = made(AimCLR.Config(**SMALL, views="normal", drop=False, neighbours=0))
    row.load_state_dict(plain.state_dict())
    torch.testing.assert_close(
        row(views(row, clips()), tiny.moment())["loss"], plain(views(plain, clips()), tiny.moment())["loss"]
    )


def test_rows_of_table_1_have_the_parts_that_they_name():
    parts = {
        name: set(made(CONFIGS[name])(views(made(CONFIGS[name]), clips()), tiny.moment(1000))) - {"loss"}
        for name in ("aimclr-na", "aimclr-ea", "aimclr-na-ea", "aimclr-na-ea-eadm", "aimclr")
    }
    assert parts == {
        "aimclr-na": {"info_nce"},
        "aimclr-ea": {"info_nce"},
        "aimclr-na-ea": {"info_nce", "d1"},
        "aimclr-na-ea-eadm": {"info_nce", "d1", "d2"},
        "aimclr": {"nnm", "d1", "d2"},
    }


def test_the_loss_is_whole():
    method = made(AimCLR.Config(**SMALL, alpha=2.0, beta=0.5))
    losses = method(views(method, clips()), tiny.moment())
    expected = 2.0 * losses["info_nce"] + 0.5 * (losses["d1"] + losses["d2"]) / 2
    torch.testing.assert_close(losses["loss"], expected)


def test_dropping_needs_an_extreme_view():
    with pytest.raises(ValueError, match=r"drop .* needs views = both, got views = normal"):
        AimCLR.Config(views="normal")


def test_a_bank_that_cannot_hold_a_batch_or_the_neighbours_is_refused_with_both_numbers():
    with pytest.raises(SkelactError, match=r"at least the 20 clips of a batch, found 16"):
        SkeletonCLR.Config(bank=16).fitted(4, 100, 20)
    with pytest.raises(SkelactError, match=r"within the bank of 16 keys, found 17"):
        AimCLR.Config(bank=16, neighbours=17).fitted(4, 100, 8)

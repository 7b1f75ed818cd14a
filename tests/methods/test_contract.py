"""What every method keeps to, in every configuration that a recipe has."""

import os
import signal

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from masked import Masked, MaskedConfig, register
from masked import config as masked_config

import tiny
from skelact.encoders.config import STGCNConfig
from skelact.layouts import COCO_17, KINECT_V2, SBU_15
from skelact.maths.bank import Bank
from skelact.maths.draw import Draw
from skelact.maths.momentum import MomentumTwin
from skelact.methods import AimCLR, SkeletonCLR, build
from skelact.methods.parts import LOSS_PARTS
from skelact.recipes import RECIPES
from skelact.system.world import SkelactError
from skelact.train import pretrain
from skelact.train.loop import Trainer

TINY = STGCNConfig(width=2, features=8, dropout=0.0)
ONE_OF_EACH = ("skeletonclr", "aimclr", "crossclr", "aimclr-3s", "skeattnclr", "masked")
SMALL = {"bank": 16, "projection": 6}
METHODS = {name: recipe().method.fitted(4, 100, 4) for name, recipe in RECIPES.items()}
CONFIGS = {
    name: config.model_copy(update={key: value for key, value in SMALL.items() if hasattr(config, key)})
    for name, config in METHODS.items()
}


CONFIGS["masked"] = MaskedConfig()


@pytest.fixture(autouse=True)
def with_masked(monkeypatch):
    """The throw-away method stands among the others."""
    register(monkeypatch)


def made(config, skeleton=SBU_15, seed=0):
    torch.manual_seed(seed)
    return build(config, TINY, skeleton, 12, 1).double()


def parts(method, kind):
    """The modules of a kind, such as banks, by name; none of a method that works without."""
    return {name: module for name, module in method.named_modules() if isinstance(module, kind)}


def views(method, x, epoch=0):
    return {name: view(x, Draw(torch.arange(len(x)), 0, epoch, name)) for name, view in method.views().items()}


def clips(n=4, t=12, v=15, m=1):
    return torch.randn(n, 3, t, v, m, generator=torch.Generator().manual_seed(1)).double()


def one_step(method, epoch):
    """Losses of a step, after it and the forward pass of the next one; and the state between the two."""
    losses = method(views(method, clips()), tiny.moment(epoch))
    losses["loss"].backward()
    between = {key: value.clone() for key, value in method.state_dict().items()}
    groups = [{"params": list(group.parameters)} for group in method.parameter_groups()]
    torch.optim.SGD(groups, lr=0.1).step()
    method.after_step(tiny.moment(epoch))
    method(views(method, clips(), epoch=1), tiny.moment(epoch))
    return losses, between


@pytest.mark.parametrize("name", [name for name in CONFIGS if name != "masked"])
@pytest.mark.parametrize("epoch", [0, 1000])
def test_every_part_of_the_loss_is_explained_in_words(name, epoch):
    method = made(CONFIGS[name])
    losses = method(views(method, clips()), tiny.moment(epoch))
    assert {part.rpartition("/")[2] for part in losses} - {"loss"} <= LOSS_PARTS.keys()


@pytest.mark.parametrize("name", CONFIGS)
@pytest.mark.parametrize("epoch", [0, 1000])
def test_one_step_changes_every_encoder_and_the_loss_is_one_number(name, epoch):
    method = made(CONFIGS[name])
    encoders = list(method.encoders().values()) or [method.encoder]
    before = [encoder.blocks[9].temporal.weight.detach().clone() for encoder in encoders]
    losses, _ = one_step(method, epoch)
    assert losses["loss"].ndim == 0
    assert all(torch.isfinite(part) for part in losses.values())
    after = [encoder.blocks[9].temporal.weight for encoder in encoders]
    assert not any(torch.equal(one, other) for one, other in zip(before, after, strict=True))


@pytest.mark.parametrize("name", CONFIGS)
def test_the_groups_hold_every_parameter_that_learns_once(name):
    method = made(CONFIGS[name])
    held = [id(parameter) for group in method.parameter_groups() for parameter in group.parameters]
    assert sorted(held) == sorted(id(one) for one in method.parameters() if one.requires_grad)


@pytest.mark.parametrize("name", [name for name, config in CONFIGS.items() if hasattr(config, "bank")])
@pytest.mark.parametrize("epoch", [0, 1000])
def test_a_bank_takes_in_the_keys_of_every_batch(name, epoch):
    method = made(CONFIGS[name])
    _, between = one_step(method, epoch)
    banks = parts(method, Bank)
    assert banks
    for place, bank in banks.items():
        assert int(between[f"{place}.place"]) == 4
        assert not torch.equal(bank.keys, between[f"{place}.keys"])


@pytest.mark.parametrize("name", [name for name, config in CONFIGS.items() if hasattr(config, "momentum")])
@pytest.mark.parametrize("epoch", [0, 1000])
def test_a_twin_follows_the_whole_of_its_query_and_has_no_gradient(name, epoch):
    method = made(CONFIGS[name])
    _, between = one_step(method, epoch)
    twins = parts(method, MomentumTwin)
    assert twins
    for place, twin in twins.items():
        state = twin.state_dict()
        for key in (list(state)[-1], "key.encoder.blocks.9.temporal.weight"):
            assert not torch.equal(state[key], between[f"{place}.{key}"])
        assert all(parameter.grad is None for parameter in twin.parameters())


@pytest.mark.parametrize("name", CONFIGS)
def test_the_loss_does_not_depend_on_the_order_of_the_batch(name):
    method, other = made(CONFIGS[name]), made(CONFIGS[name])
    batch, places = views(method, clips()), [2, 0, 3, 1]
    mixed = {view: x[places] for view, x in batch.items()}
    found = other(mixed, tiny.moment(1000, clips=places))
    torch.testing.assert_close(method(batch, tiny.moment(1000))["loss"], found["loss"])


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
        assert torch.isfinite(method(views(method, x), tiny.moment(epoch, clips=(0, 1)))["loss"])


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


def test_what_a_method_hides_is_drawn_by_key():
    method = made(MaskedConfig())
    batch = views(method, clips())
    alone = {"clip": batch["clip"][2:3]}
    method.eval()  # so that clips do not meet in BatchNorm
    whole = [method({"clip": batch["clip"][i : i + 1]}, tiny.moment(clips=(i,)))["loss"].item() for i in range(4)]
    assert method(batch, tiny.moment())["loss"].item() == pytest.approx(sum(whole) / 4)
    assert method(alone, tiny.moment(clips=(2,)))["loss"].item() == whole[2]
    assert method(alone, tiny.moment(1, clips=(2,)))["loss"].item() != whole[2]


def test_a_method_of_ones_own_trained_by_adamw_resumes_bit_for_bit(tmp_path, monkeypatch):
    store, config, moments = tiny.store(tmp_path / "five").path, masked_config(), []

    def run(name: str):
        return pretrain(config, [store], [tiny.SPLIT], tmp_path / name, tiny.console()[0])

    take, forward = Trainer._step, Masked.forward

    def stopping(step: int, act):
        def stop(self, *arguments):
            if self.step + 1 == step:
                act()
            return take(self, *arguments)

        return stop

    with monkeypatch.context() as patch:
        patch.setattr(Masked, "forward", lambda self, x, moment: moments.append(moment) or forward(self, x, moment))
        assert run("whole").finished
    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "_step", stopping(5, lambda: 1 / 0))
        with pytest.raises(ZeroDivisionError):
            run("stopped")
    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "_step", stopping(8, lambda: os.kill(os.getpid(), signal.SIGTERM)))
        assert run("stopped").step == 8
    assert run("stopped").finished
    whole, stopped = tmp_path / "whole", tmp_path / "stopped"
    assert tiny.same_bits(tiny.state(stopped), tiny.state(whole))
    assert tiny.metrics(stopped) == tiny.metrics(whole)
    assert (stopped / "encoder.safetensors").read_bytes() == (whole / "encoder.safetensors").read_bytes()
    assert [(one.step, one.total, one.epoch, one.epochs) for one in moments] == [(s, 12, s // 3, 4) for s in range(12)]
    rates = [line["lr"] for line in tiny.metrics(whole) if "lr" in line]
    assert rates[-1] == pytest.approx(0.003 * 0.01 ** ((11 - 2.4) / (12 - 2.4)))

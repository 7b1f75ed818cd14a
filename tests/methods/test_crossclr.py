"""CrosSCLR: the loss across streams against the published numbers, a loop and closed forms; its two stages."""

import math

import numpy as np
import pytest
import torch
from torch.nn import functional

import tiny
from skelact.encoders.config import STGCNConfig
from skelact.layouts import SBU_15
from skelact.maths.losses import cross_stream, similarities
from skelact.maths.streams import apply_stream
from skelact.methods import CrosSCLR, SkeletonCLR, build
from skelact.system.world import SkelactError

STREAMS = ("joint", "motion", "bone")
TINY = STGCNConfig(width=2, features=8, dropout=0.0)
SMALL = {"bank": 16, "projection": 6, "cross_from": 1}
STAGES = (0, 1)


def made(seed=0, **numbers) -> CrosSCLR:
    torch.manual_seed(seed)
    method = build(CrosSCLR.Config(**SMALL, **numbers), TINY, SBU_15, 12, 1).double()
    assert isinstance(method, CrosSCLR)
    return method


def clips(n=4, seed=1) -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return {name: torch.randn(n, 3, 12, 15, 1, generator=generator).double() for name in ("query", "key")}


def unit(*shape: int, seed: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return functional.normalize(torch.randn(*shape, generator=generator, dtype=torch.float64), dim=-1)


def streams_of_logits(temperature=0.1, n=5, bank=9, d=4) -> dict[str, torch.Tensor]:
    parts = {
        s: (unit(n, d, seed=p), unit(n, d, seed=p + 10), unit(bank, d, seed=p + 20)) for p, s in enumerate(STREAMS)
    }
    return {stream: similarities(z, key, entries, temperature) for stream, (z, key, entries) in parts.items()}


@pytest.mark.parametrize("context", [True, False])
@pytest.mark.parametrize("top_k", [1, 4])
def test_the_loss_of_every_stream_equals_the_published_one(shared, top_k, context):
    golden = {name: torch.tensor(array) for name, array in np.load(shared / "golden/crossclr.npz").items()}
    temperature = float(golden["temperature"])
    logits = {
        stream: similarities(
            golden[f"{stream}_query"], golden[f"{stream}_key"], golden[f"{stream}_queue"].T, temperature
        )
        for stream in STREAMS
    }
    found = made(top_k=top_k, context=context, temperature=temperature).taught(logits)
    for stream in STREAMS:
        expected = golden[f"loss_{stream}_top{top_k}_context{int(context)}"].item()
        assert found[stream].item() == pytest.approx(expected, abs=1e-9)


def plain(z, key, bank, teacher_z, teacher_bank, top_k, temperature, context) -> float:
    """-log p, averaged over positives and clips, entry by entry."""
    total = 0.0
    for i in range(len(z)):
        own = [float(z[i] @ entry) for entry in bank]
        other = [float(teacher_z[i] @ entry) for entry in teacher_bank]
        best = sorted(range(len(other)), key=lambda place: -other[place])[:top_k]
        choices = [(float(z[i] @ key[i]), True)]
        choices += [(similarity, place in best) for place, similarity in enumerate(own)]
        if context:
            choices += [(a * b, place in best) for place, (a, b) in enumerate(zip(own, other, strict=True))]
        whole = sum(math.exp(similarity / temperature) for similarity, _ in choices)
        found = [-math.log(math.exp(similarity / temperature) / whole) for similarity, positive in choices if positive]
        total += sum(found) / len(found) / len(z)
    return total


@pytest.mark.parametrize("context", [True, False])
@pytest.mark.parametrize("top_k", [1, 3, 7])
def test_the_loss_equals_a_loop_over_clips_and_entries(top_k, context):
    z, key, bank = unit(5, 4, seed=0), unit(5, 4, seed=1), unit(7, 4, seed=2)
    teacher_z, teacher_key, teacher_bank = unit(5, 4, seed=3), unit(5, 4, seed=4), unit(7, 4, seed=5)
    logits, teacher = similarities(z, key, bank, 0.3), similarities(teacher_z, teacher_key, teacher_bank, 0.3)
    expected = plain(z, key, bank, teacher_z, teacher_bank, top_k, 0.3, context)
    assert cross_stream(logits, teacher, top_k, 0.3, context).item() == pytest.approx(expected, abs=1e-12)


def test_equal_similarities_cost_the_logarithm_of_the_choices():
    equal = torch.zeros(4, 11)
    assert cross_stream(equal, equal, 3, 0.1, context=False).item() == pytest.approx(math.log(11))
    assert cross_stream(equal, equal, 3, 0.1, context=True).item() == pytest.approx(math.log(21))


def test_the_teachers_key_does_not_count():
    logits = streams_of_logits()
    other = logits["bone"].clone()
    other[:, 0] += 5
    for context in (True, False):
        losses = [cross_stream(logits["joint"], teacher, 2, 0.1, context) for teacher in (logits["bone"], other)]
        assert torch.equal(*losses)


@pytest.mark.parametrize("context", [True, False])
def test_the_teacher_has_a_gradient_through_the_context_only(context):
    logits = streams_of_logits()
    student, teacher = logits["joint"].requires_grad_(), logits["bone"].requires_grad_()
    cross_stream(student, teacher, 1, 0.1, context).backward()
    assert student.grad is not None
    assert (teacher.grad is not None) == context


def test_each_stream_is_taught_by_the_mean_of_the_others():
    logits = streams_of_logits()
    found = made(temperature=0.1).taught(logits)
    for stream in STREAMS:
        others = [cross_stream(logits[stream], logits[other], 1, 0.1) for other in STREAMS if other != stream]
        torch.testing.assert_close(found[stream], (others[0] + others[1]) / 2)


def test_of_two_streams_each_is_taught_by_the_other():
    logits = {stream: one for stream, one in streams_of_logits().items() if stream != "motion"}
    found = made(temperature=0.1, streams=("joint", "bone")).taught(logits)
    assert list(found) == ["joint", "bone"]
    torch.testing.assert_close(found["bone"], cross_stream(logits["bone"], logits["joint"], 1, 0.1))


def test_the_first_stage_is_skeletonclr_on_every_stream():
    method, views = made(), clips()
    losses = []
    for stream in STREAMS:
        alone = build(SkeletonCLR.Config(bank=16, projection=6), TINY, SBU_15, 12, 1).double()
        alone.load_state_dict(method.learner(stream).state_dict())
        losses.append(
            alone({name: apply_stream(x, stream, SBU_15) for name, x in views.items()}, tiny.moment())["loss"]
        )
    found = method(views, tiny.moment())
    assert set(found) == {"loss", "joint/info_nce", "motion/info_nce", "bone/info_nce"}
    assert [found[f"{stream}/info_nce"].item() for stream in STREAMS] == [loss.item() for loss in losses]
    torch.testing.assert_close(found["loss"], sum(losses))


def test_the_second_stage_is_the_loss_across_streams_and_begins_at_its_epoch():
    method, views = made(seed=3), clips()
    logits = {}
    for stream in STREAMS:
        learner, seen = made(seed=3).learner(stream), {n: apply_stream(x, stream, SBU_15) for n, x in views.items()}
        logits[stream] = similarities(
            learner.query(seen["query"]), learner.twin.key(seen["key"]), learner.bank.keys, 0.07
        )
    expected = sum(made().taught(logits).values())
    found = method(views, tiny.moment(1))
    assert set(found) == {"loss", "joint/cross", "motion/cross", "bone/cross"}
    torch.testing.assert_close(found["loss"], expected)


@pytest.mark.parametrize("epoch", STAGES)
@pytest.mark.parametrize("streams", [STREAMS, ("joint", "motion"), ("bone", "joint")], ids="+".join)
def test_every_key_network_and_bank_moves_in_both_stages(streams, epoch):
    """In its second stage the published program moves only the key network of motion, and the head that all share."""
    method = made(streams=streams)
    method(clips(), tiny.moment(epoch))["loss"].backward()
    torch.optim.SGD([one for one in method.parameters() if one.requires_grad], lr=0.1).step()
    before = {name: value.clone() for name, value in method.state_dict().items()}
    method(clips(seed=2), tiny.moment(epoch))
    for stream in streams:
        learner = method.learner(stream)
        query = dict(learner.query.named_parameters())
        for name, key in learner.twin.key.named_parameters():
            was = before[f"learners.{stream}.twin.key.{name}"]
            torch.testing.assert_close(key, 0.999 * was + 0.001 * query[name])
        assert any(
            not torch.equal(key, before[f"learners.{stream}.twin.key.{name}"])
            for name, key in learner.twin.key.named_parameters()
        )
        place = int(before[f"learners.{stream}.bank.place"])
        assert int(learner.bank.place) == place + 4
        changed = (learner.bank.keys != before[f"learners.{stream}.bank.keys"]).any(1)
        assert changed.nonzero().flatten().tolist() == list(range(place, place + 4))


def test_no_two_streams_share_a_tensor():
    """In the published program the heads of motion and bone hold the whole head of joint."""
    method = made()
    tensors = [*method.parameters(), *method.buffers()]
    assert len({tensor.data_ptr() for tensor in tensors}) == len(tensors)
    joint, bone = method.learner("joint"), method.learner("bone")
    assert not torch.equal(joint.query.head[2].weight, bone.query.head[2].weight)
    assert len(list(method.parameters())) == 3 * len(list(joint.parameters()))


def test_entries_of_the_banks_are_the_same_clips_in_the_same_order():
    method = made()
    for step in range(6):  # wraps around: 24 keys into 16 places
        method(clips(seed=step), tiny.moment())
    assert {int(method.learner(stream).bank.place) for stream in STREAMS} == {24 % 16}


def test_the_first_stream_stands_for_all():
    method = made(streams=("bone", "joint"))
    assert list(method.encoders()) == ["bone", "joint"]
    assert method.encoder is method.learner("bone").encoder
    assert method.views().keys() == {"query", "key"}


def test_numbers_that_cannot_work_are_refused():
    for streams in (("joint",), ("joint", "joint")):
        with pytest.raises(ValueError, match="streams"):
            CrosSCLR.Config(streams=streams)
    with pytest.raises(SkelactError, match=r"top-k within the bank of 16 keys, found 17"):
        CrosSCLR.Config(bank=16, top_k=17).fitted(4, 100, 8)


def test_the_second_stage_begins_in_the_last_sixth_where_no_epoch_is_given():
    assert CrosSCLR.Config(bank=16, cross_from=None).fitted(60, 100, 8).cross_from == 50
    assert CrosSCLR.Config(bank=16, bank_within_clips=True).fitted(300, 10, 8) == CrosSCLR.Config(
        bank=10, bank_within_clips=True
    )


def test_a_run_too_short_for_the_second_stage_is_doubted():
    (doubt,) = CrosSCLR.Config(bank=16).doubts(100, 10000, 100)
    assert "begins at epoch 150 but the run ends after 100" in doubt


def test_banks_that_are_not_full_of_clips_when_the_second_stage_begins_are_doubted():
    assert CrosSCLR.Config(bank=90, cross_from=1).doubts(100, 10000, 100) == []
    (doubt,) = CrosSCLR.Config(bank=90, cross_from=0).doubts(100, 10000, 100)
    assert "begins after 0 clips, when the banks of 90 keys still hold random ones" in doubt


def test_one_stream_more_does_not_change_what_the_others_start_from():
    two, three = made(streams=("joint", "motion")), made()
    for stream in ("joint", "motion"):
        one, other = two.learner(stream).state_dict(), three.learner(stream).state_dict()
        assert all(torch.equal(one[name], other[name]) for name in one)

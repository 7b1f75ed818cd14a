"""The doorway of an encoder: the same features whichever way clips come in, and a sentence for what does not fit."""

import json
from itertools import permutations

import numpy as np
import pytest
import torch

import tiny
from skelact.data.store import Store
from skelact.encoders.config import STGCNConfig
from skelact.encoders.file import EncoderCard, LoadedEncoder, load_encoder, random_encoder, save_encoder
from skelact.evaluation.features import encoder_hash
from skelact.layouts import KINECT_V1, KINECT_V2
from skelact.maths.streams import STREAMS, apply_stream
from skelact.system.world import SkelactError

FRAMES = 12


def card(**changes) -> EncoderCard:
    values = {"skeleton": tiny.FIVE, "preparation": "released", "frames": FRAMES, "persons": 2, "units": "metres"}
    return EncoderCard(encoder=STGCNConfig(width=2, features=8), **{**values, **changes})


def made(**changes) -> LoadedEncoder:
    return random_encoder(card(**changes), 0)


def clips(count: int = 5, persons: int = 2) -> np.ndarray:
    """Clouds of joints with the first person's centre joint at the origin, as prepared clips have it."""
    x = np.random.default_rng(0).normal(size=(count, 3, FRAMES, 5, persons)).astype(np.float32)
    return x - x[:, :, :, [tiny.FIVE.centre], :1]


@pytest.mark.parametrize("stream", STREAMS)
def test_the_entrance_gives_what_the_network_takes_and_the_module_is_both_together(stream):
    encoder, x = made(stream=stream), clips()
    by_hand = apply_stream(torch.from_numpy(x), stream, tiny.FIVE)
    torch.testing.assert_close(encoder.entrance(x), by_hand, rtol=0, atol=0)
    expected = encoder.network(by_hand)
    torch.testing.assert_close(encoder(encoder.entrance.joints(x)), expected)
    np.testing.assert_allclose(encoder.embed(x, batch=2), expected, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("axes", ["".join(order) for order in permutations("nctvm")])
def test_axes_in_any_order_that_is_told_are_the_same_clips(axes):
    encoder, x = made(), clips(3)
    given = x.transpose(["nctvm".index(axis) for axis in axes])
    np.testing.assert_array_equal(encoder.embed(given, axes=axes, batch=2), encoder.embed(x, batch=2))


def test_without_an_axis_of_persons_every_clip_has_one():
    encoder, x = made(), clips(persons=1)
    given = x[..., 0].transpose(0, 2, 3, 1)
    np.testing.assert_array_equal(encoder.embed(given, axes="ntvc"), encoder.embed(x))


@pytest.mark.parametrize("axes", ["nctv2", "nctvmm", "nct", "ctvm", "NCTVM", ""])
def test_axes_that_are_not_those_letters_are_refused(axes):
    with pytest.raises(SkelactError, match=r"axes: expected each of the letters n c t v m once .*, found"):
        made().embed(clips(), axes=axes)


@pytest.mark.parametrize(
    ("change", "axes", "named", "advice"),
    [
        (lambda x: x.astype(np.float64), "nctvm", "type float32, found float64", "clips.astype('float32')"),
        (lambda x: x.astype(np.int32), "nctvm", "type float32, found int32", "Store.prepared('released', 12)"),
        (lambda x: x[:, :, :9], "nctvm", r"axis 2 \(frames\): .* of 12 frames, found 9", "prepare_clip"),
        (lambda x: x.transpose(0, 2, 3, 4, 1)[:, :9], "ntvmc", r"axis 1 \(frames\): .* 12 frames, found 9", "prepare"),
        (lambda x: x[:, :, :, :4], "nctvm", r"axis 3 \(joints\): .* 5 joints, found clips of 4", "the skeleton of the"),
        (lambda x: x[:, :2], "nctvm", r"axis 1 \(coordinates\): 3 coordinates \(x, y, z\), found 2", "prepare"),
        (lambda x: x[..., 0, :0], "nctvm", "found 4 axes", "axes='nctv'"),
        (lambda x: x[..., :0], "nctvm", r"axis 4 \(persons\): expected at least 1, found 0", "prepare"),
        (lambda x: x.transpose(0, 2, 3, 4, 1), "nctvm", r"looks like \(n, t, v, m, c\)", "use axes='ntvmc'"),
        (lambda x: x[..., 0].transpose(0, 2, 3, 1), "nctv", r"looks like \(n, t, v, c\)", "use axes='ntvc'"),
        (lambda x: x.transpose(2, 0, 1, 3, 4), "tnvcm", r"looks like \(t, n, c, v, m\)", "use axes='tncvm'"),
        (lambda x: x + np.float32(1), "nctvm", r"clip 0 is not prepared: .*: axis 3, entry 0, of axis 4", "Store"),
        (lambda x: x[..., 0] + np.float32(1), "nctv", r"clip 0 is not prepared: .*: axis 3, entry 0\) is", "Store"),
    ],
)
def test_what_does_not_fit_is_refused_by_the_axis_with_what_to_do(change, axes, named, advice):
    with pytest.raises(SkelactError, match=named) as error:
        made().embed(change(clips()), axes=axes)
    assert advice in str(error.value).splitlines()[-1]


def test_float32_clips_are_taken_by_an_encoder_in_another_precision():
    encoder, x = made(stream="bone"), clips()
    expected = encoder.embed(x)
    found = encoder.to(torch.float64).embed(x)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)


def test_a_batch_of_no_clips_is_refused():
    with pytest.raises(SkelactError, match="batch: expected at least 1 clip at once, found -1"):
        made().embed(clips(), batch=-1)


def test_no_clips_have_no_features_and_are_checked_all_the_same():
    assert made().embed(clips(0)).shape == (0, 8)
    with pytest.raises(SkelactError, match="found float64"):
        made().embed(clips(0).astype(np.float64))


def test_the_number_of_a_clip_in_a_message_is_that_in_the_whole_array():
    x = clips(7)
    x[5] += 1
    with pytest.raises(SkelactError, match="clip 5 is not prepared"):
        made().embed(x, batch=2)


def test_lengths_in_another_unit_are_converted_and_what_is_no_length_is_refused():
    encoder, x = made(), clips()
    np.testing.assert_allclose(encoder.embed(x * np.float32(1000), units="mm"), encoder.embed(x), rtol=1e-4, atol=1e-6)
    with pytest.raises(SkelactError, match=r"'pixels', the encoder in 'metres': units that cannot be converted"):
        encoder.embed(x, units="pixels")
    np.testing.assert_array_equal(made(units=None).embed(x, units="mm"), encoder.embed(x))


def test_a_store_is_prepared_and_read_with_its_own_joints_and_units(tmp_path):
    encoder = made(skeleton=KINECT_V1, units="centimetres")
    store = tiny.store(tmp_path / "v2", tiny.recordings(skeleton=KINECT_V2), KINECT_V2)
    found = encoder.embed(store)
    prepared = store.prepared("released", FRAMES).clips
    order = [KINECT_V2.joints.index(joint) for joint in KINECT_V1.joints]
    by_hand = np.ascontiguousarray(prepared[:, :, :, order]) * np.float32(100)
    np.testing.assert_array_equal(found, encoder.embed(by_hand))
    np.testing.assert_array_equal(found, encoder.embed(prepared, KINECT_V2, "m"))
    assert found.shape == (len(store), 8)


def test_a_store_that_does_not_fit_is_refused_before_it_is_prepared(tmp_path):
    store = tiny.store(tmp_path / "five")
    with pytest.raises(SkelactError, match="joints are missing"):
        made(skeleton=KINECT_V1).embed(store)
    with pytest.raises(SkelactError, match="five is in 'm', the encoder in 'pixels'"):
        made(units="pixels").embed(store)
    assert not (store.path / "prepared").exists()


def test_training_gets_the_same_joints_as_evaluation(tmp_path):
    encoder = made(skeleton=KINECT_V1, units="centimetres")
    store = tiny.store(tmp_path / "v2", tiny.recordings(skeleton=KINECT_V2), KINECT_V2)
    prepared, rows = store.prepared("released", FRAMES), np.array([3, 0, 7])
    taken = encoder.entrance.clips_of(store, prepared, rows).take(torch.arange(3))
    expected = encoder.entrance.joints(prepared.clips[rows], KINECT_V2, "m")
    assert torch.equal(taken, expected)
    assert taken.shape == (3, 3, FRAMES, 20, 2)


def test_probabilities_are_those_of_the_head_and_without_one_there_are_none():
    encoder, head = made(), torch.nn.Linear(8, 3)
    named = LoadedEncoder(encoder.network, card(classes=("wave", "bow", "jump")), head)
    x = clips()
    logits = encoder.embed(x) @ head.weight.numpy().T + head.bias.numpy()
    expected = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    np.testing.assert_allclose(named.probabilities(x), expected, rtol=1e-5)
    with pytest.raises(SkelactError, match="no classifier head"):
        encoder.probabilities(x)


def test_a_loaded_encoder_is_a_module_with_its_head_frozen_and_evaluating(tmp_path):
    network, head = STGCNConfig(width=2, features=8).build(tiny.FIVE), torch.nn.Linear(8, 1)
    save_encoder(tmp_path / "a", network, card(classes=("wave",)), head)
    loaded = load_encoder(tmp_path / "a")
    assert not any(module.training for module in loaded.modules())
    assert not any(parameter.requires_grad for parameter in loaded.parameters())
    assert {name.split(".")[0] for name in loaded.state_dict()} == {"network", "head"}
    assert loaded.to(torch.float64).head.weight.dtype == torch.float64


# As the version before cards told frame rates, and called a preparation a view, gave them (commit 8ef95c9).
HASHES = {
    (): "bff56e9fe60d13c4712aebba215ff9da320a52170f10db8c2a91f74d9f298da7",
    ("ab",): "281d8ea2bc84091cb64af8715d6c4d7fa827463f289e1c9ff2bb38f1741a7c07",
}


@pytest.mark.parametrize("learned_from", HASHES)
def test_the_hash_of_an_old_encoder_is_what_it_was_and_changes_with_a_frame_rate(learned_from):
    units = "metres" if learned_from else None
    encoder = made(stream="bone", preparation="robust", units=units, learned_from=learned_from)
    for tensor in encoder.network.state_dict().values():
        tensor.fill_(1)
    assert encoder_hash(encoder) == HASHES[learned_from]
    told = encoder.card.model_copy(update={"seconds": 2.5})
    assert encoder_hash(LoadedEncoder(encoder.network, told)) != HASHES[learned_from]


def test_a_card_from_before_there_were_rates_has_none():
    old = {name: held for name, held in card().model_dump(mode="json").items() if name not in ("frame_rate", "seconds")}
    read = EncoderCard.model_validate_json(json.dumps(old))
    assert (read, read.frame_rate, read.seconds) == (card(), None, None)


@pytest.mark.parametrize("value", [0, -30, "often"])
def test_a_rate_that_is_none_is_refused(value):
    with pytest.raises(ValueError, match="frame_rate"):
        card(frame_rate=value)


def test_the_store_is_left_as_it_is(tmp_path):
    store = tiny.store(tmp_path / "five", tiny.recordings(persons=2))
    before = store.prepared("released", FRAMES).clips.copy()
    made(units="millimetres").embed(store)
    np.testing.assert_array_equal(Store.open(store.path).prepared("released", FRAMES).clips, before)

"""Features against the network run by hand, and the cache."""

import re
import time

import numpy as np
import pytest
import torch
from rich.progress import ProgressColumn

from skelact.data.progress import progress_bar
from skelact.data.recording import Recording
from skelact.data.store import write_store
from skelact.encoders.file import LoadedEncoder, random_encoder
from skelact.evaluation.features import cached_features, encoder_hash, features_key
from skelact.layouts import COCO_17, KINECT_V1, KINECT_V2
from skelact.system.world import SkelactError

FRAMES = 8


def clips(count=5, persons=1, seed=0, layout=KINECT_V1):
    """Clouds of joints about the first person's centre joint, which is at the origin as in prepared clips."""
    x = np.random.default_rng(seed).normal(size=(count, 3, FRAMES, len(layout), persons)).astype(np.float32)
    return x - x[:, :, :, [layout.centre], :1]


def test_features_are_the_network_on_the_clips_whatever_the_batch(encoder):
    x = clips()
    expected = torch.cat([encoder.network(torch.from_numpy(x[row : row + 1])) for row in range(5)])
    for batch in (1, 2, 5, 100):
        found = encoder.embed(x, batch=batch, progress=False)
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-7)


def test_the_bone_stream_of_the_card_is_what_the_network_gets(card):
    bony = random_encoder(card.model_copy(update={"stream": "bone"}), 0)
    x = clips()
    differences = x.copy()
    for joint, parent in KINECT_V1.bones:
        differences[:, :, :, joint] -= x[:, :, :, parent]
    differences[:, :, :, KINECT_V1.centre] = 0
    expected = bony.network(torch.from_numpy(differences))
    np.testing.assert_allclose(bony.embed(x, progress=False), expected, rtol=1e-4, atol=1e-7)


def test_the_motion_stream_of_the_card_is_what_the_network_gets(card):
    moving = random_encoder(card.model_copy(update={"stream": "motion"}), 0)
    x = clips()
    steps = np.concatenate([np.diff(x, axis=2), np.zeros_like(x[:, :, :1])], axis=2)
    expected = moving.network(torch.from_numpy(steps))
    np.testing.assert_allclose(moving.embed(x, progress=False), expected, rtol=1e-4, atol=1e-7)


def test_joints_in_another_layout_are_mapped_by_name(encoder):
    in_v2 = clips(layout=KINECT_V2)
    by_name = np.stack([in_v2[:, :, :, KINECT_V2.joints.index(joint)] for joint in KINECT_V1.joints], axis=3)
    np.testing.assert_array_equal(
        encoder.embed(in_v2, KINECT_V2, progress=False), encoder.embed(by_name, progress=False)
    )


def test_fewer_persons_than_on_the_card_are_filled_up_with_absent_ones(card):
    paired = random_encoder(card.model_copy(update={"persons": 2}), 0)
    alone = clips()
    both = np.concatenate([alone, np.zeros_like(alone)], axis=4)
    np.testing.assert_array_equal(paired.embed(alone, progress=False), paired.embed(both, progress=False))
    assert not np.allclose(paired.embed(alone, progress=False), paired.network(torch.from_numpy(alone)))


def test_more_persons_than_on_the_card_are_pooled_over(encoder):
    crowd = clips(persons=3)
    each = [encoder.network(torch.from_numpy(crowd[..., [person]])) for person in range(3)]
    np.testing.assert_allclose(encoder.embed(crowd, progress=False), torch.stack(each).mean(0), rtol=1e-4, atol=1e-7)


def test_joints_that_the_encoder_needs_and_the_clips_lack_are_named(encoder):
    with pytest.raises(SkelactError, match=r"of its 20 joints are missing: .*hip_center"):
        encoder.embed(clips(layout=COCO_17), COCO_17, progress=False)


def test_clips_of_another_length_or_joint_count_are_refused_with_both_numbers(encoder):
    with pytest.raises(SkelactError, match="clips of 8 frames, found 7"):
        encoder.embed(clips()[:, :, :7], progress=False)
    with pytest.raises(SkelactError, match="has 20 joints, found clips of 19"):
        encoder.embed(clips()[:, :, :, :19], progress=False)


def test_features_that_are_not_finite_are_refused_with_their_number(encoder):
    encoder.network.blocks[0].temporal.weight.fill_(torch.nan)
    with pytest.raises(SkelactError, match="the features of 5 of 5 clips are not finite"):
        encoder.embed(clips(), progress=False)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_coordinate_that_is_not_finite_is_named_with_its_clip_axis_joint_frame_and_person(encoder, value):
    x = clips(persons=2)
    x[3, 1, 6, 2, 1] = value
    named = r"clip 3: coordinate y of joint shoulder_center, frame 6, person 1 is "
    with pytest.raises(SkelactError, match=named):
        encoder.embed(x, batch=2, progress=False)


@pytest.mark.parametrize(
    ("order", "named"),
    [((0, 2, 3, 4, 1), "n, t, v, m, c"), ((0, 4, 2, 3, 1), "n, m, t, v, c"), ((0, 1, 3, 2, 4), "n, c, v, t, m")],
)
def test_axes_in_another_order_are_called_so_and_the_advice_puts_them_right(encoder, order, named):
    x = clips(persons=2)
    found = x.transpose(order)
    with pytest.raises(SkelactError, match="another order") as error:
        encoder.embed(found, progress=False)
    assert f"looks like ({named})" in str(error.value)
    assert "frames, found" not in str(error.value)
    advised = tuple(map(int, re.findall(r"\d", str(error.value).rsplit("transpose", 1)[1])))
    np.testing.assert_array_equal(found.transpose(advised), x)


@pytest.mark.parametrize(
    ("made", "named"),
    [
        (lambda x: x[:, :2], r"axis 1 \(coordinates\): 3 coordinates \(x, y, z\), found 2"),
        (lambda x: x[:, :, :5], r"axis 2 \(frames\): the encoder expects clips of 8 frames, found 5"),
        (lambda x: x[:, :, :, :18], r"axis 3 \(joints\): skeleton kinect_v1 has 20 joints, found clips of 18"),
        (lambda x: x[..., :0], r"axis 4 \(persons\): expected at least 1, found 0"),
        (lambda x: x[0], r"expected clips of shape \(n, 3 coordinates, .*, found 4 axes"),
        (lambda x: x.astype(np.float64), "of type float32, found float64"),
        (lambda x: x.astype(np.int64), "of type float32, found int64"),
    ],
)
def test_arrays_that_cannot_be_prepared_clips_are_refused_by_the_axis_or_type_that_says_so(encoder, made, named):
    with pytest.raises(SkelactError, match=named):
        encoder.embed(made(clips()), progress=False)


@pytest.mark.parametrize("view", ["released", "robust"])
def test_clips_whose_main_actor_is_not_at_the_origin_are_called_unprepared(card, view):
    encoder = random_encoder(card.model_copy(update={"preparation": view}), 0)
    x = clips(persons=2)
    x[2] += 0.5
    with pytest.raises(
        SkelactError, match=rf"clip 2 is not prepared: in preparation {view} .* \(shoulder_center: axis 3"
    ):
        encoder.embed(x, progress=False)
    rounded = clips(persons=2)
    rounded[:, :, :, KINECT_V1.centre, 0] += 1e-6  # what other arithmetic leaves of a zero
    encoder.embed(rounded, progress=False)


def test_strided_views_of_clips_have_the_features_of_their_copies(encoder):
    x = clips(count=10)
    np.testing.assert_array_equal(encoder.embed(x[::2], progress=False), encoder.embed(x[::2].copy(), progress=False))


def test_clips_in_another_unit_are_scaled_and_have_a_key_of_their_own(encoder):
    metric = LoadedEncoder(encoder.network, encoder.card.model_copy(update={"units": "metres"}))
    x = clips()
    found = metric.embed(x, units="mm", batch=2, progress=False)
    np.testing.assert_allclose(found, encoder.embed(x * np.float32(0.001), progress=False), rtol=1e-6)
    keys = [features_key(encoder, "content", KINECT_V1, scale) for scale in (1.0, 0.001, 0.01)]
    assert len(set(keys)) == 3
    assert keys[0] == features_key(encoder, "content", KINECT_V1)


def test_a_bar_that_one_step_fills_tells_a_rate_and_an_empty_one_none():
    with progress_bar(False) as bar:
        line = bar.add_task("features", total=24)
        rate = next(column for column in bar.columns if isinstance(column, ProgressColumn) and "Rate" in repr(column))
        assert str(rate.render(bar.tasks[0])) == ""
        time.sleep(0.01)
        bar.advance(line, 24)
    number, word = str(rate.render(bar.tasks[0])).split()
    assert 0 < int(number) <= 24 / 0.01
    assert word == "clips/s"


class Spy:
    """Counts how often the encoder's network runs."""

    def __init__(self, encoder):
        self.runs = 0
        encoder.network.register_forward_hook(lambda *_: setattr(self, "runs", self.runs + 1))


@pytest.fixture
def cached(store, encoder, tmp_path):
    """Features of the store, with the cache in a folder; and the folder."""
    prepared = store.prepared("released", FRAMES, progress=False)
    folder = tmp_path / "features"

    def compute(one=encoder):
        return cached_features(one, prepared, store.skeleton, folder, progress=False)

    return compute, folder


def test_the_second_time_the_encoder_does_not_run(cached, encoder):
    compute, folder = cached
    spy = Spy(encoder)
    first, again = compute(), compute()
    assert spy.runs == 1
    np.testing.assert_array_equal(again, first)
    assert len(list(folder.iterdir())) == 1


def test_one_changed_weight_is_a_new_computation(cached, encoder):
    compute, _ = cached
    first = compute()
    spy = Spy(encoder)
    encoder.network.blocks[9].temporal_norm.bias[3] += 1
    changed = compute()
    assert spy.runs == 1
    assert not np.array_equal(changed[:, 3], first[:, 3])


def test_a_changed_card_view_or_order_of_joints_is_another_key(encoder, card):
    other_stream = random_encoder(card.model_copy(update={"stream": "motion"}), 77)
    turned = KINECT_V1.model_copy(update={"joints": KINECT_V1.joints[::-1]})
    keys = {
        features_key(encoder, "content", KINECT_V1),
        features_key(other_stream, "content", KINECT_V1),
        features_key(encoder, "other content", KINECT_V1),
        features_key(encoder, "content", turned),
    }
    assert len(keys) == 4


def test_the_same_weights_have_the_same_hash(card):
    assert encoder_hash(random_encoder(card, 5)) == encoder_hash(random_encoder(card, 5))
    assert encoder_hash(random_encoder(card, 5)) != encoder_hash(random_encoder(card, 6))


@pytest.mark.parametrize(
    "damage",
    [
        lambda file: file.write_bytes(file.read_bytes()[:-100]),
        lambda file: file.write_bytes(b"nothing of the kind"),
        lambda file: file.write_bytes(b""),
        lambda file: np.savez(file, features=np.zeros((24, 8), np.float32), key=np.array("another")),
        lambda file: np.savez(file, something=np.zeros(3)),
    ],
    ids=["cut short", "no archive", "empty", "key of another", "without features"],
)
def test_a_damaged_cache_file_is_computed_again_with_a_message(cached, encoder, capsys, damage):
    compute, folder = cached
    first = compute()
    (file,) = folder.iterdir()
    damage(file)
    spy = Spy(encoder)
    np.testing.assert_array_equal(compute(), first)
    assert spy.runs == 1
    assert file.name in capsys.readouterr().err
    compute()
    assert spy.runs == 1


def test_a_view_other_than_the_cards_is_refused(store, encoder, tmp_path):
    with pytest.raises(SkelactError, match="released-8, found released-9"):
        cached_features(encoder, store.prepared("released", 9, progress=False), store.skeleton, tmp_path)


def test_features_of_a_store_in_another_layout_go_through_its_names(encoder, tmp_path):
    joints = np.random.default_rng(0).normal(size=(6, 1, len(KINECT_V2), 3)).astype(np.float32)
    store = write_store(
        tmp_path / "v2",
        dataset="own",
        skeleton=KINECT_V2,
        classes=("a",),
        units="m",
        frame_rate=30.0,
        recordings=[Recording("one", joints, np.zeros((6, 1), np.int64), 0)],
    )
    prepared = store.prepared("released", FRAMES, progress=False)
    found = cached_features(encoder, prepared, store.skeleton, tmp_path / "cache", progress=False)
    order = [KINECT_V2.joints.index(joint) for joint in KINECT_V1.joints]
    expected = encoder.network(torch.from_numpy(np.array(prepared.clips[:, :, :, order])))
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-7)

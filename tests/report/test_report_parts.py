"""Numbers behind the figures, each against another way to get them."""

import base64
import math
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_up import POSE, recording
from sklearn.metrics import confusion_matrix

from skelact.data.recording import Recording
from skelact.layouts import COCO_17, H36M_17, KINECT_V1, KINECT_V2, LAYOUTS
from skelact.report.clips import choose
from skelact.report.compare import class_accuracy
from skelact.report.confusion import confusion
from skelact.report.curves import MOST_POINTS, reference, series, smooth
from skelact.report.figure import Bar, film_strip, result_bars
from skelact.report.joined import Joined
from skelact.report.map import MOST_POINTS as MOST_DOTS
from skelact.report.map import embedding, sample
from skelact.report.markup import data_block, tag, text
from skelact.report.player import UNIT, UNSEEN, encode
from skelact.report.poses import poses, sides
from skelact.report.runs import Predictions, Run, read_run
from skelact.system.world import SkelactError, write_json


def run_with(values: list[float], config: dict | None = None) -> Run:
    entries = tuple({"step": step, "epoch": 0, "loss": value} for step, value in enumerate(values))
    return Run(path=Path("."), name="r", config=config or {}, metrics=entries, evaluations={})


def test_smoothing_keeps_a_straight_line_away_from_its_ends_and_constants_everywhere():
    line = np.arange(200.0)
    np.testing.assert_allclose(smooth(line, 4.0)[20:-20], line[20:-20], atol=1e-9)
    np.testing.assert_allclose(smooth(np.full(50, 3.5), 4.0), 3.5)


def test_smoothing_passes_over_what_is_not_finite():
    values = np.full(60, 2.0)
    values[10:15] = np.nan
    np.testing.assert_allclose(smooth(values, 3.0), 2.0)


def test_a_long_log_is_thinned_to_means_that_keep_its_mean():
    values = np.random.default_rng(0).normal(size=MOST_POINTS * 4).tolist()
    steps, thinned = series(run_with(values), "loss")
    assert len(thinned) == MOST_POINTS
    assert steps[0] == 1.5  # of steps 0, 1, 2, 3
    np.testing.assert_allclose(thinned.mean(), np.mean(values), atol=1e-12)


def test_the_loss_of_a_bank_method_is_held_against_log_of_one_plus_its_keys():
    level = reference(run_with([1.0], {"config": {"method": {"bank": 1023}}}), "loss")
    assert level is not None
    assert level[0] == pytest.approx(10 * math.log(2))
    assert reference(run_with([1.0]), "loss") is None


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=40))
def test_confusion_is_that_of_scikit_learn(pairs):
    labels, predicted = np.array(pairs, dtype=np.int64).T
    expected = confusion_matrix(labels, predicted, labels=range(5))
    np.testing.assert_array_equal(confusion(labels, predicted, 5), expected)


def test_accuracy_of_a_class_is_the_diagonal_over_the_row(run):
    found = read_run(run)
    ((file, result), *_) = found.evaluations.items()
    predictions = found.predictions(file)
    assert isinstance(predictions, Predictions)
    counts = confusion_matrix(predictions.labels, predictions.scores.argmax(1), labels=range(6))
    expected = 100 * counts.diagonal() / counts.sum(1)
    np.testing.assert_allclose(class_accuracy(Joined(found, result, predictions, None)), expected)


def test_the_map_is_the_same_every_time_and_keeps_groups_apart():
    rng = np.random.default_rng(0)
    centres = np.eye(3, 16) * 9
    features = np.concatenate([rng.normal(0, 0.2, (30, 16)) + centre for centre in centres])
    points = embedding(features)
    np.testing.assert_array_equal(points, embedding(features))
    distances = np.linalg.norm(points[:, None] - points[None], axis=2) + np.eye(90) * 1e9
    assert (distances.argmin(1) // 30 == np.arange(90) // 30).all()


@pytest.mark.parametrize("count", [1, 2, 4, 5, 7])
def test_the_map_takes_few_clips(count: int):
    points = embedding(np.random.default_rng(0).normal(size=(count, 3)))
    assert points.shape == (count, 2)
    assert np.isfinite(points).all()


def test_many_clips_are_drawn_by_lot_each_once():
    rows = sample(10 * MOST_DOTS)
    assert len(np.unique(rows)) == MOST_DOTS
    assert rows.max() > 9 * MOST_DOTS
    np.testing.assert_array_equal(sample(7), np.arange(7))


def test_encoded_joints_come_back_to_within_a_unit():
    joints = np.random.default_rng(0).uniform(-1.5, 1.5, (4, 2, 5, 3))
    joints[1, 0, 2] = np.nan
    back = np.frombuffer(base64.b64decode(encode(joints)), "<i2").reshape(joints.shape)
    assert (back[1, 0, 2] == UNSEEN).all()
    seen = np.isfinite(joints)
    assert np.abs(back[seen] / UNIT - joints[seen]).max() <= 0.5 / UNIT


def test_left_stands_on_the_right_of_the_picture_of_a_person_who_faces_the_sensor():
    """KINECT_V1 and H36M_17 differ in which axis is up; a sensor sees the left hand of who faces it on its right."""
    kinect = POSE * [-1, 1, 1]  # sensor frame: x grows to the sensor's left; facing it, the person's left is at -x
    moved = recording("a", 0, 1)
    shown = poses(
        Recording("a", kinect[None, None].astype(np.float32), moved.identity[:1, :1], 0, 1, 1, 1, 1), KINECT_V1
    )
    hand, other = shown.joints[0, 0, KINECT_V1.index("left_hand")], shown.joints[0, 0, KINECT_V1.index("right_hand")]
    assert hand[0] < other[0]


@pytest.mark.parametrize("skeleton", [KINECT_V2, COCO_17, H36M_17], ids=lambda skeleton: skeleton.name)
def test_up_in_the_recording_is_up_in_the_picture_and_nothing_is_mirrored(skeleton):
    rng = np.random.default_rng(0)
    joints = rng.normal(size=(3, 1, len(skeleton), 3)).astype(np.float32)
    clip = Recording("a", joints, np.zeros((3, 1), np.int64), 0, 1, 1, 1, 1)
    shown = poses(clip, skeleton).joints
    height = joints[..., "xyz".index(skeleton.up[1])] * (1 if skeleton.up[0] == "+" else -1)
    assert np.corrcoef(height.ravel(), shown[..., 1].ravel())[0, 1] == pytest.approx(1)
    triple, turned = (cloud[0, 0, 1:4].astype(float) - cloud[0, 0, 0] for cloud in (joints, shown))
    assert np.sign(np.linalg.det(triple)) == np.sign(np.linalg.det(turned))


def test_a_person_keeps_its_row_when_the_file_swaps_the_slots():
    clip = recording("a", 1, 1, frames=10, persons=2)
    joints, identity = clip.joints.copy(), clip.identity.copy()
    joints[5:], identity[5:] = joints[5:, ::-1], identity[5:, ::-1]
    swapped = Recording("a", joints, identity, 1, 1, 1, 1, 1)
    np.testing.assert_array_equal(poses(swapped, KINECT_V1).joints, poses(clip, KINECT_V1).joints)


def test_who_is_absent_and_joints_that_are_zero_are_not_drawn():
    clip = recording("a", 1, 1, frames=4, persons=2)
    joints, identity = clip.joints.copy(), clip.identity.copy()
    joints[2, 1], identity[2, 1] = 0, -1
    joints[3, 0, 7] = 0
    shown = poses(Recording("a", joints, identity, 1, 1, 1, 1, 1), KINECT_V1).joints
    assert np.isnan(shown[2, 1]).all()
    assert np.isnan(shown[3, 0, 7]).all()
    assert np.isnan(shown).sum() == (20 + 1) * 3


def test_where_a_file_says_what_is_missing_a_zero_is_a_place_and_what_is_missing_is_not_drawn():
    clip = recording("a", 1, 1, frames=4)
    joints, missing = clip.joints.copy(), np.zeros(clip.joints.shape[:3], bool)
    joints[3, 0, 7] = 0
    missing[2, 0, 5] = True
    shown = poses(replace(clip, joints=joints, missing=missing), KINECT_V1).joints
    assert np.isnan(shown[2, 0, 5]).all()
    assert np.isnan(shown).sum() == 3


def test_a_left_handed_recording_is_shown_as_its_right_handed_mirror_image():
    right, left = recording("a", 1, 1), KINECT_V1.model_copy(update={"handedness": "left"})
    # Seen from the sensor: z away from it in both frames, x to its left in the right-handed one, to its right here.
    flipped = replace(right, joints=right.joints * np.float32([-1, 1, 1]))
    np.testing.assert_allclose(poses(flipped, left).joints, poses(right, KINECT_V1).joints, atol=1e-6)


def test_a_clip_with_nobody_in_it_is_shown_empty():
    empty = Recording("a", np.zeros((3, 1, 20, 3), np.float32), np.full((3, 1), -1), 1, 1, 1, 1, 1)
    assert np.isnan(poses(empty, KINECT_V1).joints).all()


@pytest.mark.parametrize("skeleton", LAYOUTS, ids=lambda skeleton: skeleton.name)
def test_sides_are_told_by_the_joint_names(skeleton):
    expected = [1 if name.startswith("left") else 2 if name.startswith("right") else 0 for name in skeleton.joints]
    assert sides(skeleton).tolist() == expected


@given(st.lists(st.tuples(st.integers(0, 15), st.booleans(), st.booleans()), min_size=1, max_size=60))
def test_chosen_clips_are_of_different_classes_and_show_a_pair_where_there_is_one(rows):
    labels, wrong, several = (np.array(column) for column in zip(*rows, strict=True))
    chosen = choose(labels, wrong, several)
    assert len(chosen) == min(8, len(np.unique(labels))) == len(np.unique(labels[chosen]))
    clean = [row for row in range(len(labels)) if several[row]]
    if clean and not wrong.any():
        assert several[chosen].any()


def test_every_third_chosen_clip_is_a_mistake_where_there_is_one():
    labels, wrong = np.repeat(np.arange(6), 2), np.tile([False, True], 6)
    chosen = choose(labels, wrong, np.zeros(12, dtype=bool))
    assert wrong[chosen].tolist() == [False, False, True, False, False, True]


def test_text_and_data_are_escaped():
    assert text('<a href="x">&') == "&lt;a href=&quot;x&quot;&gt;&amp;"
    assert str(tag("p", "a<b", title='"')) == '<p title="&quot;">a&lt;b</p>'
    assert "<" not in str(data_block("i", ["</script>"])).removeprefix("<script").removesuffix("</script>")


def test_a_film_strip_is_a_drawing_with_every_bone_of_every_picture():
    clips = [("one & <only>", recording("a", 0, 1)), ("both", recording("b", 1, 1, persons=2))]
    drawing = ElementTree.fromstring(film_strip(clips, KINECT_V1, pictures=5))
    bones = drawing.findall(".//{http://www.w3.org/2000/svg}path")
    assert len(bones) == 5 * 3 * len(KINECT_V1.bones)
    assert "one & <only>" in "".join(drawing.itertext())


def test_bars_are_as_long_as_their_results():
    drawing = ElementTree.fromstring(result_bars([Bar("a", 80.0, 20.0), Bar("b", 40.0, 50.0)]))
    lengths = [float(bar.attrib["width"]) for bar in drawing.iter("{http://www.w3.org/2000/svg}rect")]
    assert lengths[0] == pytest.approx(2 * lengths[1], abs=0.2)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("config", 3),
        ("config", {"method": "aimclr"}),
        ("config", {"method": {"name": 7}}),
        ("config", {"method": {"streams": [1]}}),
        ("config", {"method": {"bank": "many"}}),
        ("config", {"method": {"bank": -5}}),
        ("config", {"stream": {}}),
        ("machine", "fast"),
        ("stores", {"path": "x"}),
        ("stores", [3]),
        ("stores", [{"path": 3}]),
    ],
)
def test_a_configuration_with_values_of_another_type_is_an_error_that_names_the_key(key, value, tmp_path):
    write_json(tmp_path / "config.json", {key: value})
    with pytest.raises(SkelactError, match=rf"config\.json: key '{key}.*': expected .*, found"):
        read_run(tmp_path)


@pytest.mark.parametrize("line", [b"\xff\xfe", b"[" * 100_000, b'{"step": "x"}', b'{"step": ' + b"9" * 5000 + b"}"])
def test_a_line_of_the_log_that_is_none_is_named(line, tmp_path):
    write_json(tmp_path / "config.json", {})
    (tmp_path / "metrics.jsonl").write_bytes(b'{"step": 1}\n' + line + b'\n{"step": 2}\n')
    with pytest.raises(SkelactError, match=r"metrics\.jsonl:2: "):
        read_run(tmp_path)

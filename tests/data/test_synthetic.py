"""Synthetic recordings: the same from the same numbers, balanced, one motion before all cameras, and hard enough."""

import csv
import dataclasses
import itertools
import json
import warnings

import numpy as np
import pytest
from scipy.spatial.transform import Rotation
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from skelact.data.preparations import prepare_clip
from skelact.data.recording import Recording
from skelact.data.store import Store
from skelact.data.synthetic import SyntheticConfig, class_names, recordings, synthesize
from skelact.data.synthetic.actions import ACTIONS
from skelact.data.synthetic.scenes import perform
from skelact.data.synthetic.sensor import Camera, blur, draw_camera, draw_window, lost_frames, record
from skelact.layouts import KINECT_V2
from skelact.system.world import SkelactError

SMALL = SyntheticConfig(clips=48, classes=4, subjects=5, cameras=3)


@pytest.fixture(scope="module")
def small() -> list[Recording]:
    return list(recordings(SMALL))


def same(one: Recording, other: Recording) -> bool:
    arrays = one.joints.tobytes() == other.joints.tobytes() and one.identity.tobytes() == other.identity.tobytes()
    return arrays and (one.name, one.action, one.subject) == (other.name, other.action, other.subject)


def test_same_configuration_gives_the_same_bytes_and_another_seed_others(small):
    again = list(recordings(SMALL))
    assert all(same(one, other) for one, other in zip(small, again, strict=True))
    other_seed = list(recordings(dataclasses.replace(SMALL, seed=1)))
    assert not any(one.joints.tobytes() == other.joints.tobytes() for one, other in zip(small, other_seed, strict=True))


def test_more_clips_begin_with_the_same_ones(small):
    more = itertools.islice(recordings(dataclasses.replace(SMALL, clips=90)), len(small))
    assert all(same(one, other) for one, other in zip(small, more, strict=True))


def test_clips_are_what_the_configuration_says(small):
    assert len(small) == len({clip.name for clip in small}) == 48
    assert np.bincount([clip.action for clip in small]).tolist() == [12] * 4
    assert np.bincount([clip.camera for clip in small]).tolist() == [0, 16, 16, 16]
    assert {clip.subject for clip in small} == {1, 2, 3, 4, 5}
    assert all(30 <= len(clip.joints) <= 120 for clip in small)
    assert len({len(clip.joints) for clip in small}) > 20
    for clip in small:
        assert clip.name == f"S001C{clip.camera:03}P{clip.subject:03}R{clip.repetition:03}A{clip.action + 1:03}"
        assert clip.joints.shape[1] == (2 if ACTIONS[clip.action].answer else 1)


def test_every_performance_is_seen_by_every_camera(small):
    performances = {(clip.action, clip.subject, clip.repetition) for clip in small}
    assert len(performances) == 16
    assert {(clip.action, clip.subject, clip.repetition, clip.camera) for clip in small} == {
        (*performance, camera) for performance in performances for camera in (1, 2, 3)
    }


def test_clips_that_do_not_divide_by_the_cameras_leave_the_last_performance_short():
    cameras = [clip.camera for clip in recordings(SyntheticConfig(clips=11, classes=2, subjects=2, cameras=3))]
    assert cameras == [1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2]


def test_cameras_see_one_motion_that_a_rigid_motion_aligns():
    joints = perform(1, 4, 5, 0).joints
    seen = [draw_camera(camera, 3, np.random.default_rng(camera)).see(joints).reshape(-1, 3) for camera in (1, 2, 3)]
    for one, other in itertools.combinations(seen, 2):
        one_middle, other_middle = one.mean(axis=0), other.mean(axis=0)
        turn, _ = Rotation.align_vectors(other - other_middle, one - one_middle)
        np.testing.assert_allclose(turn.apply(one - one_middle) + other_middle, other, atol=1e-9)
        assert np.abs(one - other).max() > 0.3


def test_cameras_stand_about_45_degrees_apart():
    yaws = [[draw_camera(camera, 3, np.random.default_rng(seed)).yaw for camera in (1, 2, 3)] for seed in range(100)]
    np.testing.assert_allclose(np.mean(yaws, axis=0), [-45, 0, 45], atol=3)
    assert np.std(yaws, axis=0).min() > 2


def test_a_camera_sees_up_as_up_and_what_it_looks_at_ahead():
    camera = Camera(yaw=30.0, height=1.0, distance=3.0, tilt=0.0)
    np.testing.assert_allclose(camera.see(np.array([0.0, 1.0, 0.0])), [0, 0, 3], atol=1e-12)
    np.testing.assert_allclose(camera.see(np.array([0.0, 1.5, 0.0])), [0, 0.5, 3], atol=1e-12)
    level = Camera(yaw=0.0, height=1.0, distance=3.0, tilt=10.0).see(np.array([0.0, 1.0, 0.0]))
    assert level[1] > 0.4  # looking down, what is level with the camera is in the upper half


def test_every_camera_keeps_the_whole_action():
    for seed in range(300):
        window = draw_window((80, 120), 30, 120, np.random.default_rng(seed))
        assert 0 <= window.start <= 80
        assert 120 <= window.stop <= 200
        assert 40 <= window.stop - window.start <= 120


def test_noise_is_small_for_the_trunk_larger_for_hands_and_lasts_for_frames():
    body = perform(0, 4, 5, 0).joints[:1]
    still = np.repeat(Camera(yaw=0.0, height=1.0, distance=3.0, tilt=0.0).see(body), 120, axis=0)
    noise = np.concatenate([blur(still, np.random.default_rng(seed)) - still for seed in range(20)], axis=1)
    size = np.median(np.abs(noise), axis=(0, 1, 3))
    assert 0.003 < size[KINECT_V2.index("spine")] < 0.04
    assert size[KINECT_V2.index("left_hand_tip")] > 1.5 * size[KINECT_V2.index("spine")]
    moving = noise - noise.mean(axis=0)
    assert (moving[1:] * moving[:-1]).sum() / (moving**2).sum() > 0.5


def test_noise_is_larger_on_the_side_that_the_body_hides():
    sideways = np.tile([0.0, 0.0, 3.0], (200, 1, 25, 1))
    hidden = [KINECT_V2.index(f"right_{joint}") for joint in ("shoulder", "elbow", "wrist")]
    visible = [KINECT_V2.index(f"left_{joint}") for joint in ("shoulder", "elbow", "wrist")]
    sideways[:, :, hidden, 2] += 0.25
    sideways[:, :, visible, 2] -= 0.25
    noise = np.stack([blur(sideways.copy(), np.random.default_rng(seed)) - sideways for seed in range(20)])
    size = np.median(np.abs(noise), axis=(0, 1, 2, 4))
    assert (size[hidden] > 2 * size[visible]).all()


def test_one_clip_in_four_loses_frames_and_none_the_first():
    lost = np.stack([lost_frames(60, np.random.default_rng(seed)) for seed in range(400)])
    assert 0.18 < lost.any(axis=1).mean() < 0.32
    assert 1 <= lost.sum(axis=1)[lost.any(axis=1)].min() <= lost.sum(axis=1).max() <= 5
    assert not lost[:, 0].any()


def test_lost_frames_are_zero_and_nobody_elses_are(small):
    for clip in small:
        empty = clip.identity == -1
        assert (clip.joints[empty] == 0).all()
        assert np.abs(clip.joints[~empty]).max(axis=(1, 2)).min() > 0.5
        assert clip.identity[0].tolist() == list(range(clip.joints.shape[1]))
    assert any((clip.identity == -1).any() for clip in small)


def test_identity_follows_a_person_who_changes_slots():
    joints = np.zeros((60, 2, 25, 3))
    joints[:, 1] = 1.0  # far enough from the other one for any noise
    for seed in range(200):
        seen, identity = record(joints, Camera(0.0, 0.0, 3.0, 0.0), np.random.default_rng(seed))
        if (identity == [1, 0]).all(axis=1).any():
            centre = seen[:, :, KINECT_V2.centre, 0]
            who = [centre[identity == person] for person in (0, 1)]
            assert max(np.ptp(who[0]), np.ptp(who[1])) < 0.5
            assert abs(who[0].mean() - who[1].mean()) > 0.8
            return
    pytest.fail("no clip of 200 exchanged its slots")


@pytest.mark.parametrize(
    ("numbers", "words"),
    [
        ({"classes": 19}, ("classes", "18", "got 19")),
        ({"classes": 1}, ("classes", "2", "got 1")),
        ({"subjects": 1}, ("subjects", "2", "got 1")),
        ({"cameras": 0}, ("cameras", "1", "got 0")),
        ({"cameras": 9}, ("cameras", "8", "got 9")),
        ({"seed": -1}, ("seed", "0", "got -1")),
        ({"clips": 35}, ("clips", "36", "got 35")),
        ({"clips": 100, "classes": 19}, ("classes", "18", "got 19")),
        ({"persons": 3}, ("persons", "1 to 2", "got 3")),
        ({"persons": 1, "classes": 15}, ("classes", "14", "got 15")),
    ],
)
def test_a_number_out_of_its_range_is_told_with_the_range(numbers, words):
    with pytest.raises(SkelactError) as error:
        SyntheticConfig(**numbers)
    assert all(word in str(error.value) for word in words)


def test_one_person_leaves_out_the_actions_of_two():
    config = SyntheticConfig(clips=36, classes=12, cameras=1, persons=1)
    names = class_names(config)
    assert "handshake" in class_names(SyntheticConfig())
    assert "handshake" not in names
    assert len(set(names)) == 12
    assert all(clip.joints.shape[1] == 1 for clip in recordings(config))


def test_class_names_differ_and_two_of_the_first_twelve_are_of_two_persons():
    names = class_names(SyntheticConfig(classes=18))
    assert len(set(names)) == 18
    assert sum(action.answer is not None for action in ACTIONS[:12]) >= 2


def test_synthesize_writes_a_store_with_a_prepared_view(tmp_path):
    summary = synthesize(tmp_path / "s", clips=18, classes=3, subjects=4, seed=5, frames=20, progress=False)
    store = Store.open(tmp_path / "s")
    assert (summary.clips, summary.classes, summary.dataset) == (18, 3, "synthetic")
    assert store.classes == ("wave", "handshake", "drink")
    assert store.prepared("robust", 20).clips.shape == (18, 3, 20, 25, 2)
    assert not store.verify()
    meta = json.loads((tmp_path / "s" / "meta.json").read_text())
    assert (meta["frame_rate"], meta["units"], meta["skeleton"]["name"]) == (30.0, "metres", "kinect_v2")
    assert meta["log"][0]["parameters"]["seed"] == 5
    expected = list(recordings(SyntheticConfig(clips=18, classes=3, subjects=4, seed=5)))
    assert same(store.recording(7), expected[7])
    with (tmp_path / "s" / "clips.csv").open(newline="") as file:
        assert [row["name"] for row in csv.DictReader(file)] == [clip.name for clip in expected]


def test_synthesize_leaves_an_existing_folder_alone(tmp_path):
    (tmp_path / "mine").mkdir()
    with pytest.raises(SkelactError, match="exists already"):
        synthesize(tmp_path / "mine", clips=6, classes=2, subjects=2, progress=False)
    assert list(tmp_path.iterdir()) == [tmp_path / "mine"]


def raw_coordinates(clip: Recording) -> np.ndarray:
    """32 frames of both persons around the first one's centre joint, flat: nothing else is done for the classifier."""
    joints = np.zeros((len(clip.joints), 2, 25, 3))
    joints[:, : clip.joints.shape[1]] = clip.joints
    joints = joints[(clip.identity >= 0).all(axis=1)]
    joints[:, : clip.joints.shape[1]] -= joints[:, :1, KINECT_V2.centre, None].copy()
    return joints[np.linspace(0, len(joints) - 1, 32).round().astype(int)].ravel()


def linear_accuracy(features: np.ndarray, labels: np.ndarray, test: np.ndarray) -> float:
    scaler = StandardScaler().fit(features[~test])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        classifier = LogisticRegression(C=0.01, max_iter=60).fit(scaler.transform(features[~test]), labels[~test])
    return 100 * float(classifier.score(scaler.transform(features[test]), labels[test]))


@pytest.mark.slow
def test_a_linear_classifier_fails_on_raw_coordinates_across_views_and_passes_when_bodies_are_turned_to_the_front():
    """Below 70 % and above twice chance as recorded; above 70 % with the heading gone, so the labels can be learned."""
    clips = list(recordings(SyntheticConfig(clips=600)))
    labels, camera = np.array([clip.action for clip in clips]), np.array([clip.camera for clip in clips])
    raw = np.stack([raw_coordinates(clip) for clip in clips])
    turned = np.stack([prepare_clip(clip, KINECT_V2, "robust", 32, 2).ravel() for clip in clips])
    assert 2 * 100 / 12 < linear_accuracy(raw, labels, camera == 1) < 70
    assert linear_accuracy(turned, labels, camera == 1) > 70

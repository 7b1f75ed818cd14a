"""Synthetic people: bones that do not stretch, joints that end somewhere, left-handers, the ground, partners."""

from dataclasses import replace

import numpy as np
import pytest

from skelact.data.synthetic.actions import ACTIONS
from skelact.data.synthetic.bodies import ANGLES, LIMITS, Body, mirrored, positions
from skelact.data.synthetic.scenes import act, cast, draw_timing, perform, subject_body
from skelact.layouts import KINECT_V2

ALL = len(ACTIONS)
BODY = Body(height=1.75)


def bone_lengths(joints: np.ndarray) -> np.ndarray:
    ends = np.array(KINECT_V2.bones)
    return np.linalg.norm(joints[..., ends[:, 0], :] - joints[..., ends[:, 1], :], axis=-1)


def joint(joints: np.ndarray, name: str) -> np.ndarray:
    return joints[..., KINECT_V2.index(name), :]


def bend_at(joints: np.ndarray, before: str, at: str, after: str) -> np.ndarray:
    """Degrees by which the limb is bent: 0 when straight."""
    one, two = joint(joints, at) - joint(joints, before), joint(joints, after) - joint(joints, at)
    cosine = (one * two).sum(-1) / np.linalg.norm(one, axis=-1) / np.linalg.norm(two, axis=-1)
    return np.degrees(np.arccos(np.clip(cosine, -1, 1)))


def facing(joints: np.ndarray) -> np.ndarray:
    """Level unit vectors ahead: (right to left) x up."""
    left = joint(joints, "left_shoulder") - joint(joints, "right_shoulder")
    ahead = np.cross(left, [0.0, 1.0, 0.0])
    return ahead / np.linalg.norm(ahead, axis=-1, keepdims=True)


def played(action: int, body: Body, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    timing = draw_timing(ACTIONS[action], BODY, rng)
    return act(ACTIONS[action], timing, body, BODY, rng)


@pytest.mark.parametrize("number", range(ALL))
def test_bones_keep_their_length_within_a_clip(number):
    lengths = bone_lengths(perform(number, ALL, 5, 0).joints)
    assert np.ptp(lengths, axis=0).max() < 1e-9
    assert lengths.min() > 0.01


def test_subjects_differ_in_build_and_keep_it():
    first, again, other = (perform(number, 2, 2, 0) for number in (0, 4, 1))
    assert (first.subject, again.subject, other.subject) == (1, 1, 2)
    np.testing.assert_allclose(bone_lengths(first.joints)[0, 0], bone_lengths(again.joints)[0, 0], atol=1e-9)
    assert np.abs(bone_lengths(first.joints)[0, 0] - bone_lengths(other.joints)[0, 0]).max() > 0.005


def test_standing_at_attention_is_as_tall_and_wide_as_the_body_says():
    still = positions(BODY, np.zeros((1, len(ANGLES))))[0]
    assert joint(still, "head")[1] == pytest.approx(BODY.height * 0.93, rel=0.02)  # the middle of the head
    assert joint(still, "left_shoulder")[0] - joint(still, "right_shoulder")[0] == pytest.approx(0.21 * BODY.height)
    np.testing.assert_allclose(still[list(KINECT_V2.mirror)] * [-1, 1, 1], still, atol=1e-12)


@pytest.mark.parametrize("number", range(ALL))
def test_elbows_and_knees_stay_inside_their_limits(number):
    joints = perform(number, ALL, 5, 1).joints
    for side in ("left", "right"):
        elbow = bend_at(joints, f"{side}_shoulder", f"{side}_elbow", f"{side}_wrist")
        knee = bend_at(joints, f"{side}_hip", f"{side}_knee", f"{side}_ankle")
        assert elbow.max() <= LIMITS[f"{side}_elbow"][1] + 1e-6
        assert knee.max() <= LIMITS[f"{side}_knee"][1] + 1e-6


def test_angles_beyond_a_limit_are_the_limit():
    wild = np.random.default_rng(0).normal(0, 300, (40, len(ANGLES)))
    low, high = np.array(list(LIMITS.values()), dtype=float).T
    np.testing.assert_array_equal(positions(BODY, wild), positions(BODY, np.minimum(np.maximum(wild, low), high)))
    assert bend_at(positions(BODY, wild), "left_hip", "left_knee", "left_ankle").max() <= 145 + 1e-6


def test_knees_bend_backwards_and_elbows_forwards():
    angles = np.zeros((1, len(ANGLES)))
    angles[0, [ANGLES.index("left_knee"), ANGLES.index("right_elbow")]] = 60
    joints = positions(BODY, angles)[0]
    assert joint(joints, "left_ankle")[2] < joint(joints, "left_knee")[2] - 0.1
    assert joint(joints, "right_wrist")[2] > joint(joints, "right_elbow")[2] + 0.1


def test_mirroring_angles_mirrors_the_body():
    angles = np.random.default_rng(1).normal(0, 25, (30, len(ANGLES)))
    seen_in_a_mirror = positions(BODY, angles)[:, list(KINECT_V2.mirror)] * [-1, 1, 1]
    np.testing.assert_allclose(positions(BODY, mirrored(angles)), seen_in_a_mirror, atol=1e-12)


@pytest.mark.parametrize("action", range(ALL))
def test_a_left_hander_is_the_mirror_image_of_a_right_hander(action):
    right, left = (played(action, replace(BODY, left_handed=handed))[:, 0] for handed in (False, True))
    np.testing.assert_allclose(left, right[:, list(KINECT_V2.mirror)] * [-1, 1, 1], atol=1e-9)
    assert np.abs(left - right).max() > 0.01


def test_some_subjects_are_left_handed_and_most_are_not():
    left = sum(subject_body(0, subject).left_handed for subject in range(1, 201))
    assert 30 <= left <= 75


@pytest.mark.parametrize("action", range(ALL))
def test_feet_stay_above_the_ground_and_only_jumps_leave_it(action):
    lowest = played(action, BODY)[..., 1].min(axis=2)
    assert lowest.min() > -1e-9
    assert (lowest.max() > 0.05) == (ACTIONS[action].name in ("jump", "jumping jack"))


@pytest.mark.parametrize("action", range(ALL))
def test_only_actions_with_an_answer_have_two_persons(action):
    assert played(action, BODY).shape[1] == (2 if ACTIONS[action].answer else 1)


@pytest.mark.parametrize("action", [number for number in range(ALL) if ACTIONS[number].answer])
@pytest.mark.parametrize("seed", range(5))
def test_two_persons_face_each_other_at_arms_length(action, seed):
    joints = played(action, BODY, seed)
    ahead = facing(joints)
    across = joint(joints, "shoulder_center")[:, 1] - joint(joints, "shoulder_center")[:, 0]
    across[:, 1] = 0
    distance = np.linalg.norm(across, axis=-1)
    assert (ahead[:, 0] * ahead[:, 1]).sum(-1).mean() < -0.7
    assert ((across / distance[:, None]) * ahead[:, 0]).sum(-1).mean() > 0.7
    assert distance.min() > 0.15
    assert distance.min() < 1.4


def test_facing_is_forward_for_a_body_at_attention():
    np.testing.assert_allclose(facing(positions(BODY, np.zeros((1, len(ANGLES)))))[0], [0, 0, 1], atol=1e-12)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("left_handed", [False, True])
def test_hands_meet_in_a_handshake(seed, left_handed):
    action = next(number for number, action in enumerate(ACTIONS) if action.name == "handshake")
    joints = played(action, replace(BODY, left_handed=left_handed), seed)
    hand = joint(joints, "left_hand" if left_handed else "right_hand")
    assert np.linalg.norm(hand[:, 0] - hand[:, 1], axis=-1).min() < 0.3


def test_a_pushed_person_goes_back():
    action = next(number for number, action in enumerate(ACTIONS) if action.name == "push")
    joints = played(action, BODY)
    apart = np.linalg.norm(joint(joints, "hip_center")[:, 0] - joint(joints, "hip_center")[:, 1], axis=-1)
    assert apart[-1] > apart[0] + 0.1


@pytest.mark.parametrize(("classes", "subjects"), [(12, 20), (12, 5), (7, 20), (2, 2), (18, 9)])
def test_every_pair_of_class_and_subject_comes_once_before_any_comes_twice(classes, subjects):
    whole = [cast(number, classes, subjects) for number in range(classes * subjects)]
    assert len({(action, subject) for action, subject, _ in whole}) == classes * subjects
    assert {repetition for *_, repetition in whole} == {1}
    assert cast(classes * subjects, classes, subjects)[2] == 2


@pytest.mark.parametrize("count", [12, 50, 100, 300, 800])
def test_classes_and_subjects_are_balanced_in_any_number_of_performances(count):
    dealt = np.array([cast(number, 12, 20) for number in range(count)])
    assert np.ptp(np.bincount(dealt[:, 0], minlength=12)) <= 1
    assert np.ptp(np.bincount(dealt[:, 1] - 1, minlength=20)) <= 2

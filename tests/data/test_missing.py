"""Joints that nobody saw: no place in any measure, zero in the view, counted, kept by the store."""

from dataclasses import replace

import numpy as np
import pytest
from made_clips import STORE, clips, moving, recording

from skelact.data.preparations import prepare_and_count
from skelact.data.preparations.bodies import bodies_of
from skelact.data.recording import Recording
from skelact.data.store import Store, write_store
from skelact.layouts import COCO_17, H36M_17, KINECT_V2, OPENPOSE_25
from skelact.skeleton import Skeleton
from skelact.system.world import SkelactError

LEGS = [KINECT_V2.joints.index(f"{side}_{joint}") for side in ("left", "right") for joint in ("knee", "ankle", "foot")]


def robust(clip: Recording, skeleton: Skeleton = KINECT_V2, frames: int = 20, persons: int = 1):
    return prepare_and_count(clip, skeleton, "robust", frames, persons)


def without(joints: np.ndarray, missing: list[int], frames: slice = slice(None)) -> np.ndarray:
    """A copy in which these joints are (0, 0, 0), as detectors write one they do not find."""
    joints = joints.copy()
    joints[frames, missing] = 0
    return joints


def test_a_joint_never_seen_is_zero_in_the_view_and_counted_and_the_others_are_where_they_were():
    whole, _ = robust(recording(moving(20)))
    clip, repairs = robust(recording(without(moving(20), LEGS)))
    others = np.setdiff1d(np.arange(25), LEGS)
    assert not clip[:, :, LEGS].any()
    assert np.array_equal(clip[:, :, others], whole[:, :, others])
    assert dict(repairs) == {"joints_never_seen": 6}


@pytest.mark.parametrize("scale", [1.0, 300.0])
def test_legs_below_the_picture_do_not_move_against_the_body(scale):
    walk = np.linspace(0, 2, 30)[:, None, None] * [1.0, 0.0, 0.0]
    upper = without((moving(30, OPENPOSE_25) + walk) * scale, list(range(8, 25)))
    upper[..., 2] = 0
    clip, _ = robust(recording(upper), OPENPOSE_25)
    assert not clip[:, :, 8:].any()
    assert np.abs(clip).max() < 3 * scale


def test_an_unseen_joint_of_the_second_person_is_zero_too_though_that_is_not_their_place():
    second = np.add(moving(20, seed=1, strength=0.05), [1.5, 0, 0.3])
    clip, repairs = robust(recording(moving(20), without(second, LEGS)), persons=2)
    assert not clip[:, :, LEGS, 1].any()
    assert clip[:, :, LEGS, 0].all()
    assert repairs["joints_never_seen"] == 6


def test_an_ear_that_flickers_does_not_make_a_bystander_the_main_actor():
    still = moving(40, COCO_17, seed=3, strength=0.01)
    flicker = still.copy()
    flicker[::2, 3] = 0
    actor = np.add(moving(40, COCO_17, seed=4, strength=0.1), [3.0, 0, 0])
    people, _ = bodies_of(recording(flicker, actor), COCO_17)
    plain, _ = bodies_of(recording(still, actor), COCO_17)
    assert [body.identity for body in people] == [body.identity for body in plain] == [1, 0]
    assert people[1].stray == pytest.approx(plain[1].stray, rel=0.05)


def test_an_ear_never_seen_makes_nobody_flat():
    frames = np.arange(40)[:, None, None]
    sitting = 300 + 60 * moving(40, COCO_17, seed=5)  # far from (0, 0) as pixels are
    other = sitting + 200 + 3 * np.sin(frames)
    people, noise = bodies_of(recording(without(sitting, [3]), other), COCO_17)
    assert (len(people), noise) == (2, 0)


def test_only_an_outline_that_is_known_is_judged_flat():
    """Arms stretched out, legs below the picture: wider than tall, and nevertheless a person."""
    pose = np.full((17, 3), 0.0)
    pose[:5] = [[0, 0, 0], [-3, -2, 0], [3, -2, 0], [-6, 0, 0], [6, 0, 0]]
    pose[5:11] = [[20, 25, 0], [-20, 25, 0], [50, 25, 0], [-50, 25, 0], [80, 25, 0], [-80, 25, 0]]
    arms = 400 + pose + 2 * np.sin(np.arange(30))[:, None, None] * [1, 1, 0]
    other = 900 + 40 * moving(30, COCO_17)
    people, noise = bodies_of(recording(without(arms, list(range(11, 17))), other), COCO_17)
    assert (len(people), noise) == (2, 0)


def test_a_centre_never_seen_is_replaced_by_the_middle_of_its_neighbours():
    seen = 500 + 100 * moving(20, COCO_17)
    clip, repairs = robust(recording(without(seen, [0])), COCO_17)
    near = [COCO_17.joints.index(f"{side}_{joint}") for side in ("left", "right") for joint in ("eye", "shoulder")]
    assert np.abs(clip[:, :, near, 0].mean(axis=2)).max() < 1e-3
    assert not clip[:, :, 0].any()
    assert dict(repairs) == {"joints_never_seen": 1, "centre_unknown": 1}


def test_a_shoulder_never_seen_leaves_the_heading_to_the_other_pairs():
    crab = Skeleton(
        name="crab",
        joints=("body", "left_shoulder", "right_shoulder", "left_hip", "right_hip"),
        parents=(-1, 0, 0, 0, 0),
    )
    pose = np.array([[3, 1, 3], [3, 1.5, 2.8], [3, 1.5, 3.2], [3, 0.5, 2.8], [3, 0.5, 3.2]])
    clip, repairs = robust(recording(without(np.repeat(pose[None], 9, axis=0), [1])), crab)
    assert clip[0, :, 4, 0] == pytest.approx(0.2, abs=1e-5)
    assert "heading_unknown" not in repairs


def test_a_place_at_the_origin_is_kept_where_the_file_tells_that_nothing_is_missing():
    path = np.linspace(0, 2, 10)[:, None, None] * [1.0, 0.0, 0.5]
    pose = moving(1)[0] - moving(1)[0, KINECT_V2.centre]
    joints = pose + path
    joints[0, 7] = 0
    clip = recording(joints)
    told, repairs = robust(replace(clip, missing=np.zeros((10, 1, 25), bool)), frames=10)
    assert not repairs
    assert np.linalg.norm(told[:, 0, 7, 0]) == pytest.approx(np.linalg.norm(joints[0, 20]), abs=1e-5)
    assert robust(clip, frames=10)[1]["joints_filled"] == 2  # untold: the centre of frame 0 and that joint


def test_what_the_file_calls_missing_is_filled_whatever_stands_in_its_place():
    joints = moving(20)
    wild = joints.copy()
    wild[5:8, 11] = 99
    missing = np.zeros((20, 1, 25), bool)
    missing[5:8, 0, 11] = True
    clip, repairs = robust(replace(recording(wild), missing=missing))
    holes = joints.copy()
    holes[5:8, 11] = 0
    assert np.array_equal(clip, robust(recording(holes))[0])
    assert dict(repairs) == {"joints_filled": 3}


def test_the_released_view_sees_zeros_where_the_file_tells_that_a_joint_is_missing():
    missing = np.zeros((20, 1, 25), bool)
    missing[:, 0, 11] = True
    told = prepare_and_count(replace(recording(moving(20)), missing=missing), KINECT_V2, "released", 20, 1)[0]
    zeros = prepare_and_count(recording(without(moving(20), [11])), KINECT_V2, "released", 20, 1)[0]
    assert np.array_equal(told, zeros)


@pytest.mark.parametrize("view", ["robust", "released"])
def test_a_left_handed_recording_becomes_what_the_right_handed_one_is(view):
    left = KINECT_V2.model_copy(update={"handedness": "left"})
    mirrored = moving(20) * [1, 1, -1]
    one = prepare_and_count(recording(moving(20)), KINECT_V2, view, 20, 1)[0]
    other = prepare_and_count(recording(mirrored), left, view, 20, 1)[0]
    assert np.allclose(one, other, atol=1e-6)
    assert not np.allclose(one, prepare_and_count(recording(mirrored), KINECT_V2, view, 20, 1)[0], atol=0.01)


def test_a_store_keeps_what_each_clip_tells_of_missing_joints(tmp_path):
    plain = clips(4)
    missing = np.random.default_rng(0).random(plain[1].joints.shape[:3]) < 0.2
    given = [plain[0], replace(plain[1], missing=missing), plain[2]]
    store = write_store(tmp_path / "store", **STORE, recordings=given)
    opened = Store.open(store.path)
    assert [opened.recording(row).missing is None for row in range(3)] == [True, False, True]
    assert np.array_equal(opened.recording(1).missing, missing)
    assert np.array_equal(opened.recording(2).joints, plain[2].joints)
    assert opened.meta.format_version == 3
    assert opened.verify() == []


def test_a_store_whose_clips_tell_nothing_is_as_older_programs_read_it(tmp_path):
    store = write_store(tmp_path / "store", **STORE, recordings=clips())
    assert store.meta.format_version == 1
    assert not (store.path / "missing.npy").exists()


def test_clips_that_differ_only_in_what_is_missing_are_no_copies(tmp_path):
    clip = clips(2)[0]
    other = replace(clip, name="other", missing=np.zeros(clip.joints.shape[:3], bool))
    assert write_store(tmp_path / "store", **STORE, recordings=[clip, other]).table["same_as"].tolist() == ["", ""]


def test_a_mask_of_another_shape_is_refused(tmp_path):
    wrong = clips(2)[0]
    object.__setattr__(wrong, "missing", np.zeros((1, 1, 25), bool))  # past the checks of types that tests have
    with pytest.raises(SkelactError, match=r"expected missing of shape \(10, 1, 25\), found \(1, 1, 25\)"):
        write_store(tmp_path / "store", **STORE, recordings=[wrong])


PLACES = {
    "hip_center": (0, 0.95, 0),
    "spine": (0, 1.15, 0),
    "shoulder_center": (0, 1.42, 0),
    "nose": (0, 1.6, 0.1),
    "head": (0, 1.65, 0),
    "eye": (0.03, 1.63, 0.09),
    "ear": (0.07, 1.62, 0),
    "shoulder": (0.18, 1.4, 0),
    "elbow": (0.25, 1.12, 0),
    "wrist": (0.28, 0.9, 0.05),
    "hip": (0.1, 0.92, 0),
    "knee": (0.11, 0.5, 0),
    "ankle": (0.11, 0.08, 0),
}
"""Of joints of somebody who stands on the floor at the origin, metres; of the left side, which the right mirrors."""


def upright_person(skeleton: Skeleton) -> np.ndarray:
    """Somebody (t, v, 3) who stands at the origin of a room and sways, in the axes of the skeleton's recordings."""
    places = [
        np.multiply(PLACES[joint.split("_", 1)[1] if joint[:5] in ("left_", "right") else joint], side)
        for joint, side in ((joint, (-1 if joint.startswith("right_") else 1, 1, 1)) for joint in skeleton.joints)
    ]
    sway = 0.02 * np.sin(np.arange(30)[:, None, None] * 0.3 + np.arange(len(skeleton))[:, None])
    x, y, z = np.moveaxis(np.array(places) + sway, -1, 0)
    return np.stack({"+z": (x, -z, y), "-y": (x, -y, -z)}[skeleton.up], axis=-1)


@pytest.mark.parametrize("skeleton", [H36M_17, COCO_17], ids=lambda skeleton: skeleton.name)
def test_a_joint_never_seen_of_somebody_at_the_origin_of_a_room_has_no_place_there(skeleton):
    for joint in range(len(skeleton)):
        repairs = robust(recording(without(upright_person(skeleton), [joint])), skeleton)[1]
        assert repairs["joints_never_seen"] == 1, skeleton.joints[joint]


def test_a_recording_centred_on_a_joint_of_the_trunk_or_a_hip_keeps_that_joint():
    person = upright_person(H36M_17)
    for joint in ("hip_center", "spine", "shoulder_center", "nose", "left_hip", "right_hip", "right_shoulder"):
        centred = person - person[:, [H36M_17.joints.index(joint)]]
        clip, repairs = robust(recording(centred), H36M_17)
        assert not repairs, joint
        assert np.abs(clip - robust(recording(person), H36M_17)[0]).max() < 1e-5


def test_an_ear_never_seen_is_not_taken_for_the_hips_that_others_were_centred_on():
    person = upright_person(COCO_17)
    hips = person[:, [COCO_17.joints.index(f"{side}_hip") for side in ("left", "right")]].mean(axis=1, keepdims=True)
    for joint in ("left_ear", "right_wrist", "left_knee", "nose"):
        repairs = robust(recording(without(person - hips, [COCO_17.joints.index(joint)])), COCO_17)[1]
        assert repairs["joints_never_seen"] == 1, joint

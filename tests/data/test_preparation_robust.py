import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from made_clips import moving, recording

from skelact.data.preparations import PREPARATIONS, check_preparation, persons_needed, prepare_and_count, prepare_clip
from skelact.data.recording import Recording
from skelact.layouts import H36M_17, KINECT_V1, KINECT_V2, MEDIAPIPE_33, SBU_15
from skelact.skeleton import Axis, Skeleton
from skelact.system.world import SkelactError

LEFT, RIGHT = KINECT_V2.shoulders


def robust(clip: Recording, frames: int = 20, persons: int = 2, skeleton: Skeleton = KINECT_V2):
    return prepare_and_count(clip, skeleton, "robust", frames, persons)


def about_y(angle: float) -> np.ndarray:
    """Turn row vectors about y."""
    cos, sin = np.cos(angle), np.sin(angle)
    return np.array([[cos, 0, sin], [0, 1, 0], [-sin, 0, cos]])


def far(frames: int, seed: int = 1) -> np.ndarray:
    """A second person, a metre and a half to the side, who moves less than the first."""
    return np.add(moving(frames, seed=seed, strength=0.05), [1.5, 0.0, 0.3])


@given(angle=st.floats(-10, 10), shift=st.tuples(*[st.floats(-5, 5)] * 3), seed=st.integers(0, 50))
def test_where_the_camera_stands_changes_nothing(angle, shift, seed):
    people = moving(30, seed=seed), far(30, seed=seed + 1)
    seen_from_there = [np.add(joints @ about_y(angle), shift) for joints in people]
    assert np.abs(robust(recording(*people))[0] - robust(recording(*seen_from_there))[0]).max() < 2e-5


def test_shoulders_point_along_x_on_the_whole():
    clip, _ = robust(recording(moving(30) @ about_y(2.0)))
    line = clip[:, :, RIGHT, 0] - clip[:, :, LEFT, 0]
    angles = np.arctan2(line[2], line[0])
    assert abs(np.median(angles)) < 0.05
    assert angles.std() > 1e-3  # one heading for the clip, not one a frame


def test_a_moment_turned_away_does_not_turn_the_clip():
    still = np.repeat(moving(1), 40, axis=0) + np.linspace(0, 0.3, 40)[:, None, None] * [0.0, 1.0, 0.0]
    turned = still.copy()
    turned[10:14] = turned[10:14] @ about_y(1.5)
    calm, away = robust(recording(still), 40)[0], robust(recording(turned), 40)[0]
    assert np.abs(calm[:, 20:] - away[:, 20:]).max() < 1e-5


def test_a_clip_as_long_as_asked_is_only_moved_and_turned():
    people = np.stack([moving(20), far(20)], axis=1)
    clip, repairs = robust(recording(*people.swapaxes(0, 1)), frames=20)
    out = clip.transpose(1, 3, 2, 0).reshape(20, 50, 3)
    into = people.reshape(20, 50, 3)
    between = np.linalg.norm(into[:, :, None] - into[:, None], axis=-1)
    assert np.abs(np.linalg.norm(out[:, :, None] - out[:, None], axis=-1) - between).max() < 1e-5
    assert np.allclose(out[:, :25, 1] - out[:, :1, 1], into[:, :25, 1] - into[:, :1, 1], atol=1e-5)
    assert not repairs


def test_the_main_actor_is_at_the_origin_and_the_other_keeps_their_place():
    clip, _ = robust(recording(moving(20), far(20)), frames=20)
    centre = clip[:, :, KINECT_V2.centre]
    raw = far(20)[:, KINECT_V2.centre] - moving(20)[:, KINECT_V2.centre]
    assert not centre[..., 0].any()
    assert np.allclose(np.linalg.norm(centre[..., 1], axis=0), np.linalg.norm(raw, axis=1), atol=1e-5)


def test_one_frame_is_repeated():
    clip, _ = robust(recording(moving(1)), frames=7)
    assert np.array_equal(clip, np.repeat(clip[:, :1], 7, axis=1))


def test_half_as_many_frames_are_means_of_neighbours():
    whole, half = robust(recording(moving(20)), 20)[0], robust(recording(moving(20)), 10)[0]
    assert np.allclose(half, (whole[:, 0::2] + whole[:, 1::2]) / 2, atol=1e-6)


def test_the_one_who_moves_more_comes_first_whatever_the_slot():
    lively, calm = moving(20), far(20)
    assert np.array_equal(robust(recording(lively, calm))[0], robust(recording(calm, lively))[0])


def test_bodies_that_change_slots_are_followed_by_identity():
    people = np.stack([moving(20), far(20)], axis=1).astype(np.float32)
    identity = np.tile(np.arange(2), (20, 1))
    straight = Recording("clip", people, identity)
    people, identity = people.copy(), identity.copy()
    people[7:12], identity[7:12] = people[7:12, ::-1], identity[7:12, ::-1]
    assert np.array_equal(robust(straight)[0], robust(Recording("clip", people, identity))[0])


@pytest.mark.parametrize(
    "noise",
    [
        pytest.param(np.repeat(moving(1, seed=9), 40, axis=0), id="static"),
        pytest.param(moving(40, seed=9) * [3.0, 0.2, 1.0], id="flat"),
        pytest.param(np.where(np.arange(40)[:, None, None] < 8, moving(40, seed=9), 0.0), id="few frames"),
    ],
)
def test_a_noise_body_is_removed_and_counted(noise):
    clean, nothing = robust(recording(moving(40)))
    clip, repairs = robust(recording(noise, moving(40)))
    assert np.array_equal(clip, clean)
    assert (dict(repairs), dict(nothing)) == ({"noise_bodies_removed": 1}, {})


def test_the_only_body_is_kept_however_little_it_moves():
    clip, repairs = robust(recording(np.repeat(moving(1), 30, axis=0)))
    assert clip[..., 0].any()
    assert not repairs


def test_persons_beyond_the_limit_are_dropped_and_counted():
    people = [np.add(moving(20, strength=0.1 / number), [number, 0, 0]) for number in (1, 2, 3)]
    clip, repairs = robust(recording(*people), persons=2)
    assert np.array_equal(clip, robust(recording(*people[:2]), persons=2)[0])
    assert dict(repairs) == {"persons_dropped": 1}
    assert robust(recording(*people), persons=3)[0].any(axis=(0, 1, 2)).all()


def straight(frames: int) -> np.ndarray:
    """Every joint goes along a line of its own, but the shoulders side by side: the heading stays."""
    away = np.random.default_rng(0).normal(size=(25, 3))
    away[RIGHT] = away[LEFT]
    return np.linspace(0, 1, frames)[:, None, None] * away + moving(1)


def test_a_gap_is_filled_in_a_straight_line_and_counted():
    path = straight(20)
    gap = path.copy()
    gap[5:9] = 0
    clip, repairs = robust(recording(gap))
    assert np.abs(clip - robust(recording(path))[0]).max() < 1e-5
    assert dict(repairs) == {"frames_filled": 4}


def test_a_joint_that_was_missed_is_filled_and_counted():
    path = straight(20)
    missed = path.copy()
    missed[6:9, 11] = 0
    missed[15, 3] = 0
    clip, repairs = robust(recording(missed))
    assert np.abs(clip - robust(recording(path))[0]).max() < 1e-5
    assert dict(repairs) == {"joints_filled": 4}


def test_a_joint_that_is_the_origin_throughout_is_left_there():
    centred = moving(20)
    centred -= centred[:, KINECT_V2.centre, None]
    clip, repairs = robust(recording(centred))
    assert np.abs(clip - robust(recording(centred + 1.0))[0]).max() < 1e-5
    assert not repairs


def test_frames_without_anybody_at_the_ends_are_trimmed_and_counted():
    padded = np.concatenate([np.zeros((3, 25, 3)), moving(20), np.zeros((5, 25, 3))])
    clip, repairs = robust(recording(padded))
    assert np.array_equal(clip, robust(recording(moving(20)))[0])
    assert dict(repairs) == {"frames_trimmed": 8}


def test_a_person_who_comes_late_is_zero_until_then_and_whole_from_then_on():
    late = far(20)
    late[:8] = 0
    clip, repairs = robust(recording(moving(20), late), frames=20)
    always, _ = robust(recording(moving(20), far(20)), frames=20)
    assert not clip[:, :8, :, 1].any()
    assert np.allclose(clip[:, 8:, :, 1], always[:, 8:, :, 1], atol=1e-6)
    assert not repairs


def test_a_clip_without_anybody_is_zero_and_counted():
    clip, repairs = robust(recording(np.zeros((5, 25, 3))))
    assert not clip.any()
    assert dict(repairs) == {"empty": 1}


UPWARDS: dict[Axis, list[list[int]]] = {  # rows: where x, y and z of an upright body go
    "+z": [[1, 0, 0], [0, 0, 1], [0, -1, 0]],
    "-z": [[1, 0, 0], [0, 0, -1], [0, 1, 0]],
    "-y": [[1, 0, 0], [0, -1, 0], [0, 0, -1]],
    "+x": [[0, -1, 0], [1, 0, 0], [0, 0, 1]],
    "-x": [[0, 1, 0], [-1, 0, 0], [0, 0, 1]],
}


@pytest.mark.parametrize("up", UPWARDS)
def test_any_axis_that_points_up_ends_along_y(up):
    tilt = np.array(UPWARDS[up], float)
    assert np.linalg.det(tilt) == pytest.approx(1)
    tilted = KINECT_V2.model_copy(update={"up": up})
    people = moving(20), far(20)
    other = robust(recording(*(joints @ tilt for joints in people)), skeleton=tilted)[0]
    assert np.abs(robust(recording(*people))[0] - other).max() < 1e-5


def test_a_skeleton_without_shoulders_turns_by_its_left_and_right_pairs():
    crab = Skeleton(name="crab", joints=("body", "left_claw", "right_claw"), parents=(-1, 0, 0))
    path = np.array([[0, 1, 0], [-1, 0, 0], [1, 0, 0]]) + np.linspace(0, 1, 9)[:, None, None] * [0.0, 1.0, 0.0]
    straight, turned = (robust(recording(path @ about_y(a) + 2), skeleton=crab)[0] for a in (0.0, 2.5))
    assert np.abs(straight - turned).max() < 1e-5
    assert (straight[0, :, 2, 0] > 0.9).all()


def test_a_heading_that_cannot_be_known_is_counted_and_the_clip_not_turned():
    snake = Skeleton(name="snake", joints=("head", "middle", "tail"), parents=(1, -1, 1))
    path = moving(9, snake)
    clip, repairs = robust(recording(path), frames=9, skeleton=snake)
    assert dict(repairs) == {"heading_unknown": 1}
    assert np.allclose(clip[..., 0].transpose(1, 2, 0), path - path[:, 1:2], atol=1e-6)


@given(
    data=st.data(),
    skeleton=st.sampled_from([KINECT_V2, KINECT_V1, SBU_15, H36M_17, MEDIAPIPE_33]),
    length=st.sampled_from([0, 1, 2, 5, 201]),
    people=st.integers(0, 3),
    persons=st.integers(1, 3),
    frames=st.sampled_from([1, 7, 50]),
    view=st.sampled_from(PREPARATIONS),
)
def test_any_finite_clip_becomes_a_finite_array(data, skeleton, length, people, persons, frames, view):
    number = st.floats(-1e6, 1e6, width=32)
    shape = (length, people, len(skeleton), 3)
    joints = data.draw(arrays(np.float32, shape, elements=number, fill=st.sampled_from([0.0, 1.0])))
    identity = data.draw(arrays(np.int64, shape[:2], elements=st.integers(-1, 4)))
    clip = Recording("clip", joints, identity)
    if view == "released" and skeleton is H36M_17:
        return
    made = prepare_clip(clip, skeleton, view, frames, persons)
    assert made.shape == (3, frames, len(skeleton), persons)
    assert made.dtype == np.float32
    assert np.isfinite(made).all()


def test_coordinates_that_overflow_are_refused_by_name():
    joints = moving(5)
    joints[:, 0], joints[:, KINECT_V2.centre] = 3e38, -3e38
    with pytest.raises(SkelactError, match=r"clip: coordinates up to 3e\+38 are too large"):
        prepare_clip(recording(joints), KINECT_V2, "robust", 5, 1)


def test_two_slots_are_needed_only_if_somebody_else_is_there():
    alone, two = recording(moving(20)), recording(moving(20), far(20))
    chair = recording(moving(20), np.repeat(far(1), 20, axis=0))
    needed = [persons_needed([alone, clip], KINECT_V2, "robust", "own") for clip in (alone, two, chair)]
    assert needed == [1, 2, 1]
    needed = [persons_needed([alone, clip], KINECT_V2, "released", "own") for clip in (alone, two, chair)]
    assert needed == [1, 2, 2]
    assert persons_needed([alone], KINECT_V2, "released", "ntu") == 2


def test_a_view_that_is_not_there_is_named_with_those_that_are():
    with pytest.raises(SkelactError, match="no preparation 'fancy'; there are released, robust"):
        check_preparation("fancy", 50, None, KINECT_V2)

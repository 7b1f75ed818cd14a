"""Preparation `body`: one frame of reference a clip, in sizes of the body."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_clips import moving, recording

from skelact.data.preparations import prepare_and_count
from skelact.data.preparations.body import body_size
from skelact.data.recording import Recording
from skelact.layouts import KINECT_V2

LEFT, RIGHT = KINECT_V2.shoulders
CENTRE = KINECT_V2.centre


def body(clip: Recording, frames: int = 20, persons: int = 2):
    return prepare_and_count(clip, KINECT_V2, "body", frames, persons)


def about_y(angle: float) -> np.ndarray:
    cos, sin = np.cos(angle), np.sin(angle)
    return np.array([[cos, 0, sin], [0, 1, 0], [-sin, 0, cos]])


def far(frames: int, seed: int = 1) -> np.ndarray:
    return np.add(moving(frames, seed=seed, strength=0.05), [1.5, 0.0, 0.3])


@given(
    angle=st.floats(-10, 10),
    shift=st.tuples(*[st.floats(-5, 5)] * 3),
    scale=st.floats(0.1, 1000),
    seed=st.integers(0, 9),
)
def test_where_the_camera_stands_and_the_unit_of_length_change_nothing(angle, shift, scale, seed):
    people = moving(30, seed=seed), far(30, seed=seed + 1)
    from_there = [scale * np.add(joints @ about_y(angle), shift) for joints in people]
    assert np.abs(body(recording(*people))[0] - body(recording(*from_there))[0]).max() < 2e-5


def test_the_path_of_the_body_is_kept_and_begins_at_the_origin():
    walking = moving(20) + np.linspace(0, 2, 20)[:, None, None] * [0.0, 0.0, 1.0]
    clip, repairs = body(recording(walking), persons=1)
    path = clip[:, :, CENTRE, 0].T * body_size(walking, KINECT_V2, np.ones(25, bool))
    assert not path[0].any()
    steps = np.linalg.norm(np.diff(walking[:, CENTRE], axis=0), axis=1)
    assert np.allclose(np.linalg.norm(np.diff(path, axis=0), axis=1), steps, atol=1e-5)
    assert not repairs


def test_bones_sum_to_one_in_most_frames():
    clip, _ = body(recording(moving(21)), frames=21, persons=1)
    joints = clip[..., 0].transpose(1, 2, 0)
    total = sum(np.linalg.norm(joints[:, one] - joints[:, two], axis=1) for one, two in KINECT_V2.bones)
    assert np.median(total) == pytest.approx(1, abs=1e-5)


def test_the_clip_is_turned_once_so_that_shoulders_point_along_x_on_the_whole():
    clip, _ = body(recording(moving(30) @ about_y(2.0)), persons=1)
    line = clip[:, :, RIGHT, 0] - clip[:, :, LEFT, 0]
    angles = np.arctan2(line[2], line[0])
    assert abs(np.median(angles)) < 0.05
    assert angles.std() > 1e-3


def test_the_other_person_keeps_their_place_in_sizes_of_the_main_actor():
    clip, _ = body(recording(moving(20), far(20)))
    size = body_size(moving(20), KINECT_V2, np.ones(25, bool))
    apart = np.linalg.norm(clip[:, :, CENTRE, 1] - clip[:, :, CENTRE, 0], axis=0)
    raw = np.linalg.norm(far(20)[:, CENTRE] - moving(20)[:, CENTRE], axis=1)
    assert np.allclose(apart * size, raw, atol=1e-5)


def test_a_body_that_is_a_point_is_not_divided_and_counted():
    clip, repairs = body(recording(np.ones((20, 25, 3))), persons=1)
    assert repairs["size_unknown"] == 1
    assert not clip.any()


def test_a_clip_without_anybody_is_empty_and_counted():
    nobody = Recording("nobody", np.zeros((20, 1, 25, 3), np.float32), np.full((20, 1), -1))
    clip, repairs = body(nobody)
    assert not clip.any()
    assert repairs["empty"] == 1

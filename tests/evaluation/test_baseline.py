"""Raw-pose baselines."""

import numpy as np
import pytest

from skelact.data.readers import reader
from skelact.data.store import Store, write_store
from skelact.evaluation.baseline import baseline, pose, score
from skelact.layouts import KINECT_V1, MEDIAPIPE_33
from skelact.train.task import task


def turned(joints: np.ndarray, angle: float) -> np.ndarray:
    """About the vertical, y."""
    cos, sin = np.cos(angle), np.sin(angle)
    return (joints @ np.array([[cos, 0, -sin], [0, 1, 0], [sin, 0, cos]])).astype(np.float32)


def test_heading_and_place_of_a_clip_do_not_count_when_it_is_normalised(recordings):
    joints = recordings(persons=2)[0].joints
    elsewhere = turned(joints, 1.1) + np.array([1, 2, 3], dtype=np.float32)
    normal = pose(joints, KINECT_V1, heading=True)
    np.testing.assert_allclose(pose(elsewhere, KINECT_V1, heading=True), normal, atol=1e-5)
    assert not np.allclose(pose(elsewhere, KINECT_V1, heading=False), pose(joints, KINECT_V1, heading=False), atol=0.1)


def test_after_normalising_the_first_hip_line_points_along_x_with_the_left_hip_ahead(recordings):
    frames = pose(recordings()[3].joints, KINECT_V1, heading=True)
    line = frames[0, 0, KINECT_V1.index("left_hip")] - frames[0, 0, KINECT_V1.index("right_hip")]
    assert line[0] > 0
    assert line[2] == pytest.approx(0, abs=1e-6)


def test_first_and_last_frame_stay_and_the_others_lie_on_the_line_between():
    joints = np.zeros((3, 1, 20, 3), np.float32)
    joints[:, 0, KINECT_V1.index("head"), 0] = [1, 2, 5]
    head = pose(joints, KINECT_V1, heading=False)[:, 0, KINECT_V1.index("head"), 0]
    np.testing.assert_allclose(head, np.interp(np.linspace(0, 2, 32), [0, 1, 2], [1, 2, 5]))


def test_a_single_frame_is_repeated(recordings):
    joints = recordings()[0].joints[:1]
    assert np.ptp(pose(joints, KINECT_V1, heading=True), axis=0).max() == 0


def test_where_z_points_up_the_clip_is_turned_in_the_plane_of_x_and_y(recordings):
    upright = KINECT_V1.model_copy(update={"up": "+z"})
    joints = recordings()[0].joints
    frames = pose(joints, upright, heading=True)
    line = frames[0, 0, upright.index("left_hip")] - frames[0, 0, upright.index("right_hip")]
    assert line[1] == pytest.approx(0, abs=1e-6)
    original = pose(joints, upright, heading=False)
    np.testing.assert_allclose(frames[..., 2], original[..., 2])


def test_a_layout_without_a_hip_centre_is_taken_relative_to_its_root():
    joints = np.random.default_rng(0).normal(size=(4, 1, 33, 3)).astype(np.float32)
    assert np.abs(pose(joints, MEDIAPIPE_33, heading=True)[:, 0, MEDIAPIPE_33.centre]).max() == 0


def test_actions_that_differ_by_one_raised_joint_are_told_apart(store):
    assert baseline(store, "subject=0,1,2").nearest_metres == 100


def test_standardised_classifiers_are_not_misled_by_one_coordinate_of_large_spread():
    rng = np.random.default_rng(0)
    labels = np.arange(80) % 2
    wide = rng.normal(scale=1000, size=80)
    narrow = 4 * labels + rng.normal(scale=0.1, size=80)
    found = score(task(np.stack([narrow, wide], axis=1), labels, np.arange(40), np.arange(40, 80)))
    assert (found.logistic, found.nearest) == (100, 100)
    assert found.nearest_metres < 75


def real(name, source, folder) -> Store:
    chosen = reader(name)
    return write_store(
        folder / name,
        dataset=name,
        skeleton=chosen.skeleton,
        classes=chosen.classes,
        units=chosen.units,
        frame_rate=chosen.frame_rate,
        recordings=(chosen.read(item) for item in chosen.find(source)),
    )


@pytest.mark.slow
def test_real_recordings_give_the_known_figures(shared, tmp_path):
    utd = baseline(real("utd", shared / "data/utd-mhad/raw", tmp_path), "xsub", heading=False)
    assert (utd.logistic, utd.nearest) == pytest.approx((77.2, 60.2), abs=0.06)
    store = real("ucla", shared / "data/nw-ucla/raw/all_sqe", tmp_path)
    clean = baseline(store, "xview-clean")
    assert (clean.logistic, clean.nearest) == pytest.approx((51.1, 45.3), abs=0.06)
    leaking = baseline(store, "xview")
    assert (leaking.logistic, leaking.nearest) == pytest.approx((63.4, 58.4), abs=0.06)

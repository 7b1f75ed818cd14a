"""Scores in array files: joints that were not seen are missing, and no score is taken for a depth."""

import pickle
import re
from pathlib import Path

import numpy as np
import pytest

from skelact.cli.shared import FormatOptions
from skelact.data.prepare import prepare
from skelact.data.readers import options_of, reader
from skelact.data.recording import ReadError, Recording
from skelact.data.store import Store
from skelact.layouts import LAYOUTS, named_layout

PICTURES = sorted(layout.name for layout in LAYOUTS if layout.picture)


def scored(joints: int) -> np.ndarray:
    """Two clips (n, t, m, v, 3) of x, y and a score; joint 3 of person 0 is not seen in frame 1 of the first."""
    x = np.random.default_rng(0).uniform(0.1, 1, (2, 4, 2, joints, 3)).astype(np.float32)
    x[0, 1, 0, 3, 2] = 0
    return x


def source(folder: Path, name: str, x: np.ndarray) -> Path:
    """The clips as a source of a format."""
    if name == "arrays":
        np.save(folder / "x.npy", x)
        return folder / "x.npy"
    if name == "position":
        np.save(folder / "train_data.npy", x.transpose(0, 4, 1, 3, 2))
        (folder / "train_label.pkl").write_bytes(pickle.dumps((["a", "b"], [0, 1])))
        return folder
    annotations = [
        {"frame_dir": name, "label": 0, "keypoint": clip.transpose(1, 0, 2, 3)}
        for name, clip in zip("ab", x, strict=True)
    ]
    (folder / "a.pkl").write_bytes(pickle.dumps(annotations))
    return folder / "a.pkl"


def read(folder: Path, name: str, x: np.ndarray, layout: str, **options: str) -> list[Recording]:
    path = source(folder, name, x)
    made = reader(name, path, skeleton=layout, **({"axes": "ntmvc"} if name == "arrays" else {}), **options)
    return [made.read(item) for item in made.find(path)]


formats = pytest.mark.parametrize("name", ["arrays", "position", "pyskl"])


@formats
@pytest.mark.parametrize("layout", PICTURES)
def test_a_third_channel_of_a_picture_says_which_joints_were_not_seen_and_is_no_depth(tmp_path, name, layout):
    x = scored(len(named_layout(layout)))
    for got, clip in zip(read(tmp_path, name, x, layout), x, strict=True):
        assert got.missing is not None
        assert np.array_equal(got.missing, clip[..., 2] == 0)
        assert not got.joints[..., 2].any()
        assert np.array_equal(got.joints[..., :2], np.where(clip[..., 2:] == 0, 0, clip[..., :2]))


@formats
def test_told_that_it_is_a_depth_it_is_kept_and_no_joint_is_missing(tmp_path, name):
    x = scored(17) * 100
    for got, clip in zip(read(tmp_path, name, x, "coco_17", third="depth"), x, strict=True):
        assert np.array_equal(got.joints, clip)
        assert got.missing is None


def test_in_other_layouts_a_third_channel_is_a_depth_unless_told(tmp_path):
    x = scored(25)
    depth, score = (read(tmp_path, "arrays", x, "kinect_v2", **told)[0] for told in ({}, {"third": "score"}))
    assert np.array_equal(depth.joints, x[0])
    assert depth.missing is None
    assert not score.joints[..., 2].any()
    assert score.missing is not None
    assert np.argwhere(score.missing).tolist() == [[1, 0, 3]]


def test_a_reason_that_does_not_hold_is_not_given_and_nothing_is_said_of_a_third_channel_that_is_not_there(tmp_path):
    told = {"axes": "ntmvc", "third": "score"}
    pictured = reader("arrays", source(tmp_path, "arrays", scored(25)), skeleton="openpose_25", **told)
    assert "as openpose_25 is a layout of pictures" in pictured.notes[0]
    assert reader("arrays", pictured.source, skeleton="kinect_v2", **told).notes == ("third channel: a score",)
    np.save(tmp_path / "two.npy", scored(17)[..., :2])
    assert reader("arrays", tmp_path / "two.npy", skeleton="coco_17", **told).notes == ()


@formats
@pytest.mark.parametrize("value", [-0.1, 1.6, 2.5, np.nan, np.inf])
def test_numbers_that_are_no_score_are_refused_with_the_way_to_say_that_they_are_a_depth(tmp_path, name, value):
    x = scored(17)
    x[1, 2, 1, 5, 2] = value
    with pytest.raises(
        ReadError, match=re.escape("expected scores from 0 to 1.5 as third channel of coco_17")
    ) as error:
        read(tmp_path, name, x, "coco_17")
    found = repr(float(np.float32(value)))
    assert f"[1]: expected scores from 0 to 1.5 as third channel of coco_17, found {found} for joint 5" in str(
        error.value
    )
    assert "of person 1 in frame 2" in str(error.value)
    assert "give --third depth" in str(error.value)


def test_frames_in_which_nobody_has_a_score_at_the_end_are_padding(tmp_path):
    x = scored(17)
    x[0, 2:, ..., 2] = 0  # while x and y are not zero there
    assert [len(clip.joints) for clip in read(tmp_path, "arrays", x, "coco_17")] == [2, 4]


def test_a_person_whose_scores_are_all_0_is_not_there(tmp_path):
    x = scored(17)
    x[1, 1, 1, :, 2] = 0
    got = read(tmp_path, "arrays", x, "coco_17")[1]
    assert got.identity.tolist() == [[0, 1], [0, -1], [0, 1], [0, 1]]


def test_a_seen_joint_in_the_corner_of_the_picture_is_not_missing(tmp_path):
    x = scored(17)
    x[0, 0, 0, 7, :2] = 0
    got = read(tmp_path, "arrays", x, "coco_17")[0]
    assert got.missing is not None
    assert not got.missing[0, 0, 7]
    assert not got.unseen[0, 0, 7]


def test_scores_beside_the_places_of_pyskl_tell_what_is_missing(tmp_path):
    places, scores = scored(17)[..., :2].transpose(0, 2, 1, 3, 4), np.full((2, 2, 4, 17), 300.0)  # any scale
    scores[0, 0, 1, 3] = 0
    clips = [
        {"frame_dir": name, "keypoint": one, "keypoint_score": score}
        for name, one, score in zip("ab", places, scores, strict=True)
    ]
    (tmp_path / "a.pkl").write_bytes(pickle.dumps({"annotations": clips}))
    made = reader("pyskl", tmp_path / "a.pkl")
    first, second = (made.read(item) for item in made.find(tmp_path / "a.pkl"))
    assert first.missing is not None
    assert second.missing is not None
    assert np.argwhere(first.missing).tolist() == [[1, 0, 3]]
    assert not first.joints[1, 0, 3].any()
    assert not second.missing.any()


def test_the_choice_is_kept_in_the_log_and_the_missing_joints_in_the_store(tmp_path):
    path = source(tmp_path, "arrays", scored(17))
    told = {"axes": "ntmvc", "skeleton": "coco_17"}
    assert options_of(reader("arrays", path, **told))["third"] == "score"
    assert options_of(reader("arrays", path, **told, third="depth"))["third"] == "depth"
    np.save(tmp_path / "two.npy", scored(17)[..., :2])
    assert "third" not in options_of(reader("arrays", tmp_path / "two.npy", **told))
    made = FormatOptions(**told).reader("arrays", path)
    prepare(made, path, tmp_path / "store", frames=4, progress=False)
    store = Store.open(tmp_path / "store")
    assert store.meta.log[0].parameters["third"] == "score"
    assert np.argwhere(store.recording(0).unseen).tolist() == [[1, 0, 3]]

"""UTD-MHAD: hand-made files, damage, and the real set."""

import re
import zipfile

import numpy as np
import pytest
import scipy.io
from hypothesis import given, settings
from hypothesis import strategies as st
from reader_files import UTD_PLACES, damaged, mat_bytes, points, read_or_refuse, utd_bytes, write

from skelact.data.readers import reader
from skelact.data.recording import ReadError

UTD = reader("utd")
FILE = "a10_s2_t3_skeleton.mat"


def test_joints_come_in_the_order_of_the_skeleton(tmp_path):
    # In the file: head 1, shoulder centre 2, spine 3, hip centre 4, left shoulder 5 ... right foot 20 (counted from 1).
    stored = np.tile(np.arange(1.0, 21)[:, None, None], (1, 3, 2))
    got = UTD.read(write(tmp_path / FILE, mat_bytes(stored)))
    where = {name: got.joints[0, 0, joint, 0] for joint, name in enumerate(UTD.skeleton.joints)}
    assert got.joints.shape == (2, 1, 20, 3)
    assert [where[name] for name in ("head", "shoulder_center", "spine", "hip_center")] == [1, 2, 3, 4]
    assert [where[name] for name in ("left_shoulder", "left_hand", "right_shoulder", "right_hand")] == [5, 8, 9, 12]
    assert [where[name] for name in ("left_hip", "left_foot", "right_hip", "right_foot")] == [13, 16, 17, 20]


def test_axes_and_frames_keep_their_places(tmp_path):
    joints = np.zeros((4, 20, 3), np.float32)
    joints[3, 19] = [1, 2, 3]  # right foot in the last frame, x y z
    got = UTD.read(write(tmp_path / FILE, utd_bytes(joints)))
    assert got.joints[3, 0, 19].tolist() == [1, 2, 3]
    assert got.identity.tolist() == [[-1], [-1], [-1], [0]]


def test_the_name_tells_class_subject_and_trial(tmp_path):
    got = UTD.read(write(tmp_path / FILE, utd_bytes(points(1, 1, 20)[:, 0])))
    assert (got.name, got.action, got.subject, got.repetition) == ("a10_s2_t3", 9, 2, 3)
    assert (got.camera, got.setup) == (-1, -1)
    assert UTD.classes[9] == "draw circle (counter clockwise)"
    assert len(set(UTD.classes)) == 27


def test_a_single_frame_that_lost_its_last_axis_is_read(tmp_path):
    got = UTD.read(write(tmp_path / FILE, mat_bytes(np.ones((20, 3)))))
    assert got.joints.shape == (1, 1, 20, 3)


def test_depth_and_inertial_files_beside_are_passed_over_and_a_zip_reads_as_the_folder(tmp_path):
    item = write(tmp_path / "set" / "Skeleton" / FILE, utd_bytes(points(4, 1, 20)[:, 0]))
    write(tmp_path / "set" / "Depth" / "a10_s2_t3_depth.mat", b"other")
    write(tmp_path / "set" / "Inertial" / "a10_s2_t3_inertial.mat", b"other")
    with zipfile.ZipFile(tmp_path / "utd.zip", "w") as archive:
        archive.write(item.path, f"Skeleton/{FILE}")
    (zipped,) = UTD.find(tmp_path / "utd.zip")
    assert UTD.find(tmp_path / "set") == [item]
    assert np.array_equal(UTD.read(zipped).joints, UTD.read(item).joints)


def holding(value: float) -> bytes:
    stored = np.ones((20, 3, 2))
    stored[0, 1, 1] = value  # the head, which is joint 3 of the skeleton
    return mat_bytes(stored)


MATLAB = ": not a MATLAB file that can be read: "
BAD = {
    "empty": (b"", MATLAB + "expected the 128 bytes that a MATLAB 5 file starts with"),
    "rubbish": (b"rubbish" * 50, MATLAB + ""),
    "cut off": (utd_bytes(points(2, 1, 20)[:, 0])[:700], MATLAB + "expected 1024 bytes of an element, found 564"),
    "packed, cut off": (utd_bytes(points(2, 1, 20)[:, 0], True)[:400], MATLAB + "expected "),
    "newer format": (
        b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM",
        MATLAB + "expected MATLAB format 1.0 (save it with -v7), found 2.0",
    ),
    "other variable": (mat_bytes(np.ones((20, 3, 2)), key="d_iner"), MATLAB + "expected a variable d_skel, found none"),
    "25 joints": (mat_bytes(np.ones((25, 3, 2))), ": expected d_skel of 20 joints x 3 x frames, found 25 x 3 x 2"),
    "4 axes": (mat_bytes(np.ones((20, 3, 2, 2))), ": expected d_skel of 20 joints x 3 x frames, found 20 x 3 x 2 x 2"),
    "text": (mat_bytes("d_skel"), MATLAB + "expected d_skel to hold real numbers"),
    "complex": (mat_bytes(np.ones((20, 3, 2)) * 1j), MATLAB + "expected d_skel to hold real numbers"),
    "cells": (mat_bytes(np.array([["a", 1]], object)), MATLAB + "expected d_skel to hold real numbers"),
    "no frames": (mat_bytes(np.ones((20, 3, 0))), ": expected at least 1 frame, found 0"),
    "nan": (holding(np.nan), ": expected finite numbers, found nan as y of joint 3 of person 0 in frame 1"),
    "inf": (holding(-np.inf), ": expected finite numbers, found -inf as y of joint 3 of person 0 in frame 1"),
    "nobody": (mat_bytes(np.zeros((20, 3, 2))), ": expected a person, found only zeros in all 2 frames"),
}


@pytest.mark.parametrize(("data", "message"), BAD.values(), ids=BAD)
def test_bad_files_are_refused_with_what_was_expected_and_found(tmp_path, data, message):
    item = write(tmp_path / FILE, data)
    with pytest.raises(ReadError, match=re.escape(f"{item.path}{message}")):
        UTD.read(item)


@given(frames=st.integers(1, 8), seed=st.integers(0, 2**32 - 1), compress=st.booleans())
def test_what_is_written_is_read_back_equal(folder, frames, seed, compress):
    joints = points(frames, 1, 20, seed)
    got = UTD.read(write(folder / FILE, utd_bytes(joints[:, 0], compress)))
    assert np.array_equal(got.joints, joints)


@settings(max_examples=150)
@given(data=st.booleans().flatmap(lambda compress: damaged(utd_bytes(points(3, 1, 20)[:, 0], compress))))
def test_a_damaged_file_is_refused_or_holds_finite_numbers(folder, data):
    read_or_refuse(UTD, write(folder / FILE, data))


def test_the_real_set_has_861_clips_of_27_actions_and_8_subjects(shared):
    items = UTD.find(shared / "data/utd-mhad")
    assert len(items) == 861
    clips = [UTD.read(item) for item in items[::10]]
    assert {clip.action for clip in clips} == set(range(27))
    assert {clip.subject for clip in clips} == set(range(1, 9))
    for item, clip in zip(items[::10], clips, strict=True):
        stored = scipy.io.loadmat(item.path)["d_skel"]
        assert np.array_equal(clip.joints[:, 0].transpose(1, 2, 0), stored[UTD_PLACES].astype(np.float32))
        head, foot = clip.joints[:, 0, 3, 1], clip.joints[:, 0, 15, 1]
        assert (head > foot + 0.5).mean() > 0.9  # y points up: people stand on their feet

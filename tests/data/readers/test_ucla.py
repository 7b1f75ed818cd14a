"""NW-UCLA: hand-made files, damage, and the real set."""

import json
import re
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reader_files import damaged, points, read_or_refuse, ucla_text, write

from skelact.data.readers import reader
from skelact.data.recording import ReadError

UCLA = reader("ucla")
NAME = "a11_s02_e04_v03"
FILE = f"{NAME}.json"


@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["LF", "CRLF"])
def test_one_person_stands_where_the_file_has_it(tmp_path, end):
    # Joint j of frame f stands at (f, j, 1); laid out over lines as another program may write it.
    clip = {"file_name": NAME, "skeletons": [[[f, j, 1] for j in range(20)] for f in range(3)]}
    item = write(tmp_path / FILE, json.dumps(clip, indent=1).replace("\n", end).encode())
    got = UCLA.read(item)
    assert got.joints.shape == (3, 1, 20, 3)
    assert got.joints[2, 0, 7].tolist() == [2, 7, 1]
    assert got.joints[0, 0, 19].tolist() == [0, 19, 1]
    assert got.identity.tolist() == [[0], [0], [0]]


def test_the_name_tells_class_subject_repetition_and_view(tmp_path):
    got = UCLA.read(write(tmp_path / FILE, ucla_text(NAME, points(1, 1, 20)[:, 0])))
    assert (got.name, got.subject, got.repetition, got.camera, got.setup) == (NAME, 2, 4, 3, -1)
    assert UCLA.classes[got.action] == "throw"


def test_action_numbers_with_gaps_become_classes_without(tmp_path):
    classes = []
    for number in (1, 2, 3, 4, 5, 6, 8, 9, 11, 12):
        name = f"a{number:02}_s01_e00_v01"
        classes.append(UCLA.read(write(tmp_path / f"{name}.json", ucla_text(name, points(1, 1, 20)[:, 0]))).action)
    assert classes == list(range(10))


def test_a_number_that_was_never_given_out_is_refused(tmp_path):
    item = write(tmp_path / "a07_s01_e00_v01.json", b"{}")
    with pytest.raises(ReadError, match="expected an action of 1, 2, 3, 4, 5, 6, 8, 9, 11, 12 in the name, found 7"):
        UCLA.read(item)


def test_a_frame_of_zeros_is_a_frame_without_a_person(tmp_path):
    joints = points(3, 1, 20)[:, 0]
    joints[1] = 0
    assert UCLA.read(write(tmp_path / FILE, ucla_text(NAME, joints))).identity.tolist() == [[0], [-1], [0]]


def test_a_zip_reads_as_the_folder(tmp_path):
    item = write(tmp_path / "clips" / FILE, ucla_text(NAME, points(4, 1, 20)[:, 0]))
    with zipfile.ZipFile(tmp_path / "ucla.zip", "w") as archive:
        archive.write(item.path, f"all_sqe/{FILE}")
    (zipped,) = UCLA.find(tmp_path / "ucla.zip")
    assert UCLA.find(tmp_path / "clips") == [item]
    assert np.array_equal(UCLA.read(zipped).joints, UCLA.read(item).joints)


def changed(**fields: object) -> bytes:
    return json.dumps({"file_name": NAME, "skeletons": [[[0.5] * 3] * 20] * 2} | fields).encode()


def point(value: object) -> bytes:
    """A second frame whose fifth joint is this."""
    return changed(skeletons=[[[0.5] * 3] * 20, [*[[0.5] * 3] * 4, value, *[[0.5] * 3] * 15]])


BAD = {
    "empty": (b"", ":1: not JSON: Expecting value at column 1"),
    "cut off": (changed()[:100], ":1: not JSON: "),
    "second line": (b'{\n"skeletons": x}', ":2: not JSON: Expecting value at column 14"),
    "binary": (b"\xff\x00\xfe", ": not JSON: "),
    "many brackets": (b"[" * 100_000, ": not JSON: "),
    "endless number": (point(0.5).replace(b"0.5", b"9" * 5000, 1), ": not JSON: "),
    "a list": (b"[]", ': expected {"skeletons": [frames]}, found no such list'),
    "no list": (changed(skeletons=3), ': expected {"skeletons": [frames]}, found no such list'),
    "another name": (changed(file_name="a01_s01_e00_v01"), f": expected file_name '{NAME}', found 'a01_s01_e00_v01'"),
    "no frames": (changed(skeletons=[]), ": expected at least 1 frame, found 0"),
    "25 joints": (changed(skeletons=[[[1, 2, 3]] * 25]), ": expected 20 joints in frame 0, found 25"),
    "no joints": (changed(skeletons=[3]), ": expected 20 joints in frame 0, found int"),
    "2 numbers": (point([1, 2]), ": expected 3 numbers in joint 4 of frame 1, found 2"),
    "text": (point([1, "2.0", 3]), ": expected a number in joint 4 of frame 1, found '2.0'"),
    "true": (point([1, True, 3]), ": expected a number in joint 4 of frame 1, found 'True'"),
    "nothing": (point([1, None, 3]), ": expected a number in joint 4 of frame 1, found 'None'"),
    "nan": (point([1, float("nan"), 3]), ": expected finite numbers, found nan as y of joint 4 of person 0 in frame 1"),
    "inf": (
        point([1, 2, float("-inf")]),
        ": expected finite numbers, found -inf as z of joint 4 of person 0 in frame 1",
    ),
    "beyond float32": (point([1e39, 2, 3]), ": expected finite numbers, found 1e+39 as x of joint 4"),
    "beyond float64": (point([10**400, 2, 3]), ": expected finite numbers, found a whole number beyond them"),
    "nobody": (changed(skeletons=[[[0, 0, 0]] * 20]), ": expected a person, found only zeros in all 1 frames"),
}


@pytest.mark.parametrize(("data", "message"), BAD.values(), ids=BAD)
def test_bad_files_are_refused_with_what_was_expected_and_found(tmp_path, data, message):
    item = write(tmp_path / FILE, data)
    with pytest.raises(ReadError, match=re.escape(f"{item.path}{message}")):
        UCLA.read(item)


@given(frames=st.integers(1, 8), seed=st.integers(0, 2**32 - 1))
def test_what_is_written_is_read_back_equal(folder, frames, seed):
    joints = points(frames, 1, 20, seed)
    got = UCLA.read(write(folder / FILE, ucla_text(NAME, joints[:, 0])))
    assert np.array_equal(got.joints, joints)


@settings(max_examples=150)
@given(data=damaged(ucla_text(NAME, points(3, 1, 20)[:, 0])))
def test_a_damaged_file_is_refused_or_holds_finite_numbers(folder, data):
    got = read_or_refuse(UCLA, write(folder / FILE, data))
    if got is not None:
        assert got.joints.shape[1] == 1
        assert np.array_equal(got.joints[:, 0], np.array(json.loads(data)["skeletons"], np.float32))


def test_the_real_set_has_1484_clips_of_10_classes_10_subjects_and_3_views(shared):
    items = UCLA.find(shared / "data/nw-ucla")
    assert len(items) == 1484
    clips = [UCLA.read(item) for item in items[::20]]
    assert {clip.camera for clip in clips} == {1, 2, 3}
    assert {clip.action for clip in clips} == set(range(10))
    assert {clip.subject for clip in clips} <= set(range(1, 11))
    for item, clip in zip(items[::20], clips, strict=True):
        stored = json.loads(item.path.read_text())
        assert clip.action == int(stored["label"]) - 1
        assert np.array_equal(clip.joints[:, 0], np.array(stored["skeletons"], np.float32))

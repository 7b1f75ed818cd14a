"""SBU: hand-made files, damage, and the real set."""

import re
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reader_files import damaged, points, read_or_refuse, sbu_text, write

from skelact.data.readers import reader
from skelact.data.recording import Item, ReadError

SBU = reader("sbu")
FILE = "s02s07/05/003/skeleton_pos.txt"


@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["LF", "CRLF"])
def test_the_first_person_comes_first_joint_by_joint(tmp_path, end):
    # After the frame number the numbers count from 1: person p, joint j, axis a is number 45 p + 3 j + a + 1.
    lines = [f"{180 + frame}," + ",".join(str(number) for number in range(1, 91)) for frame in range(2)]
    got = SBU.read(write(tmp_path / FILE, end.join(lines).encode()))
    assert got.joints.shape == (2, 2, 15, 3)
    assert got.joints[0, 0, 0].tolist() == [1, 2, 3]
    assert got.joints[0, 0, 14].tolist() == [43, 44, 45]
    assert got.joints[1, 1, 0].tolist() == [46, 47, 48]
    assert got.joints[1, 1, 14].tolist() == [88, 89, 90]
    assert got.identity.tolist() == [[0, 1], [0, 1]]


def test_the_folders_tell_both_people_class_and_repetition(tmp_path):
    got = SBU.read(write(tmp_path / FILE, sbu_text(points(2, 2, 15))))
    assert (got.name, got.subject, got.action, got.repetition) == ("s02s07-05-003", 207, 4, 3)
    assert (got.camera, got.setup) == (-1, -1)
    assert SBU.classes[got.action] == "shaking hands"


def test_commas_and_blank_lines_at_the_end_do_no_harm(tmp_path):
    text = sbu_text(points(2, 2, 15))
    want = SBU.read(write(tmp_path / FILE, text)).joints
    got = SBU.read(write(tmp_path / FILE, text.replace(b"\n", b", ,\r\n") + b"\r\n  \n\n")).joints
    assert np.array_equal(got, want)


def test_a_person_of_zeros_is_absent_and_the_one_who_appears_first_is_number_0(tmp_path):
    joints = points(3, 2, 15)
    joints[0, 0] = 0
    joints[2, 1] = 0
    assert SBU.read(write(tmp_path / FILE, sbu_text(joints))).identity.tolist() == [[-1, 0], [1, 0], [1, -1]]


def test_a_zip_a_folder_and_a_file_given_from_within_its_folder_read_the_same(tmp_path, monkeypatch):
    item = write(tmp_path / "set" / FILE, sbu_text(points(3, 2, 15)))
    with zipfile.ZipFile(tmp_path / "sbu.zip", "w") as archive:
        archive.write(item.path, FILE)
    (zipped,) = SBU.find(tmp_path / "sbu.zip")
    assert SBU.find(tmp_path / "set") == [item]
    monkeypatch.chdir(item.path.parent)
    (bare,) = SBU.find(item.path.relative_to(item.path.parent))
    assert SBU.read(bare).name == SBU.read(zipped).name == SBU.read(item).name == "s02s07-05-003"
    assert np.array_equal(SBU.read(zipped).joints, SBU.read(item).joints)


def test_another_folder_name_is_refused_with_an_example(tmp_path):
    item = write(tmp_path / "s02-s07" / "05" / "003" / "skeleton_pos.txt", sbu_text(points(2, 2, 15)))
    with pytest.raises(ReadError, match=re.escape("expected a file named like s01s02/03/001/skeleton_pos.txt")):
        SBU.read(item)
    with pytest.raises(ReadError, match="expected an action from 1 to 8 in the name, found 9"):
        SBU.read(Item(tmp_path / "s02s07/09/003/skeleton_pos.txt"))


def line(number: str, numbers: int = 90, last: str = "1") -> bytes:
    return ",".join([number, *["0.5"] * (numbers - 1), last]).encode()


BAD = {
    "empty": (b"", ": expected at least 1 frame, found 0"),
    "binary": (b"\x00\xff\n", ":1: expected a frame number, found '\\x00\\xff'"),
    "cut off": (
        line("1") + b"\n" + line("2", 7),
        ":2: expected 90 numbers after the frame number, found 7\n  the file",
    ),
    "one person": (line("1", 45) + b"\n", ":1: expected 90 numbers after the frame number, found 45"),
    "too many": (line("1", 91) + b"\n", ":1: expected 90 numbers after the frame number, found 91"),
    "no number": (line("x") + b"\n", ":1: expected a frame number, found 'x'"),
    "negative": (line("-1") + b"\n", ":1: expected a frame number, found '-1'"),
    "blank line": (line("1") + b"\n\n" + line("2"), ":2: expected a frame number, found ''"),
    "frame twice": (line("7") + b"\n" + line("7"), ":2: expected a frame number above 7, found 7"),
    "word": (
        line("1") + b"\n" + line("2", last="abc") + b"\n",
        ":2: expected a number, found 'abc'\n  the file looks dam",
    ),
    "underscore": (line("1", last="1_0"), ":1: expected a number, found '1_0'"),
    "nan": (line("1", last="nan"), ": expected finite numbers, found nan as z of joint 14 of person 1 in frame 0"),
    "inf": (line("1", last="1e999"), ": expected finite numbers, found inf as z of joint 14 of person 1 in frame 0"),
    "nobody": (sbu_text(np.zeros((2, 2, 15, 3))), ": expected a person, found only zeros in all 2 frames"),
}


@pytest.mark.parametrize(("data", "message"), BAD.values(), ids=BAD)
def test_bad_files_are_refused_with_the_line_and_what_was_expected_and_found(tmp_path, data, message):
    item = write(tmp_path / FILE, data)
    with pytest.raises(ReadError, match=re.escape(f"{item.path}{message}")):
        SBU.read(item)


@given(frames=st.integers(1, 8), seed=st.integers(0, 2**32 - 1), end=st.sampled_from(["\n", "\r\n"]))
def test_what_is_written_is_read_back_equal(folder, frames, seed, end):
    joints = points(frames, 2, 15, seed)
    assert np.array_equal(SBU.read(write(folder / FILE, sbu_text(joints, end=end))).joints, joints)


@settings(max_examples=150)
@given(data=damaged(sbu_text(points(3, 2, 15))))
def test_a_damaged_file_is_refused_or_holds_the_numbers_of_its_lines(folder, data):
    got = read_or_refuse(SBU, write(folder / FILE, data))
    if got is not None:
        words = re.split(rb"[,\s]+", data.replace(b" ", b"").strip(b", \t\r\n\v\f"))
        plain = np.array([float(word) for word in words if word]).reshape(len(got.joints), 91)[:, 1:]
        assert np.array_equal(got.joints.reshape(-1, 90), plain.astype(np.float32))


def test_the_real_set_has_282_clips_of_8_classes_and_21_pairs(shared):
    items = SBU.find(shared / "data/sbu-kinect")
    clips = [SBU.read(item) for item in items]
    assert len(clips) == 282
    assert {clip.action for clip in clips} == set(range(8))
    assert len({clip.subject for clip in clips}) == 21
    assert sum(len(clip.joints) for clip in clips) == 6822
    for item, clip in zip(items[::10], clips[::10], strict=True):
        assert np.array_equal(
            clip.joints.reshape(-1, 90), np.loadtxt(item.path, delimiter=",", dtype=np.float32, ndmin=2)[:, 1:]
        )

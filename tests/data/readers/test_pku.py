"""PKU-MMD: hand-made recordings and labels, damage, and one real recording."""

import re
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from reader_files import body, damaged, fresh, points, write

from skelact.data.prepare import prepare
from skelact.data.readers import reader
from skelact.data.recording import ReadError
from skelact.data.splits import split
from skelact.data.store import Store
from skelact.system.world import SkelactError


def text(joints: np.ndarray, end: str = "\n") -> bytes:
    """A recording of joints (t, 2, 25, 3)."""
    return "".join(" " + " ".join(repr(float(n)) for n in frame.ravel()) + end for frame in joints).encode()


def recording(folder: Path, name: str = "0002-L", frames: int = 12, seed: int = 0) -> np.ndarray:
    joints = body(frames, 2, 25, seed)
    joints[:, 1] = 0
    write(folder / "skeleton" / f"{name}.txt", text(joints))
    return joints


def labels(folder: Path, name: str, *rows: str, end: str = "\n") -> None:
    write(folder / "label" / f"{name}.txt", "".join(row + end for row in rows).encode())


def clips_of(folder: Path, **options) -> list:
    made = reader("pku", labels=folder / "label", **options)
    return [made.read(item) for item in made.find(folder / "skeleton")]


@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["LF", "CRLF"])
def test_the_first_person_comes_first_joint_by_joint(tmp_path, end):
    # The numbers count from 1: person p, joint j, axis a is number 75 p + 3 j + a + 1.
    line = " " + " ".join(str(number) for number in range(1, 151)) + end
    got = reader("pku").read(write(tmp_path / "0002-L.txt", (line * 2).encode()))
    assert got.joints.shape == (2, 2, 25, 3)
    assert got.joints[1, 0, 0].tolist() == [1, 2, 3]
    assert got.joints[1, 0, 24].tolist() == [73, 74, 75]
    assert got.joints[0, 1, 0].tolist() == [76, 77, 78]
    assert got.joints[0, 1, 24].tolist() == [148, 149, 150]
    assert got.identity.tolist() == [[0, 1], [0, 1]]


def test_a_row_of_labels_is_frames_start_to_before_end(tmp_path):
    joints = recording(tmp_path)
    labels(tmp_path, "0002-L", "34,0,4,2", "51,3,12,1", "1, 11, 12, 2 ", end="\r\n")
    got = clips_of(tmp_path)
    assert [clip.name for clip in got] == ["0002-L-001", "0002-L-002", "0002-L-003"]
    assert [clip.action for clip in got] == [33, 50, 0]
    for clip, rows in zip(got, [slice(0, 4), slice(3, 12), slice(11, 12)], strict=True):
        assert np.array_equal(clip.joints, joints[rows])
        assert (clip.identity == [0, -1]).all()
    assert reader("pku").classes[33] == "stand up"


@pytest.mark.parametrize(
    ("name", "told"),
    [("0002-L", (2, -1, 1)), ("0364-M", (364, -1, 2)), ("A01N13-R", (1, 13, 3)), ("A26N01-L", (26, 1, 1))],
)
def test_names_of_both_parts_tell_setup_subject_and_view(tmp_path, name, told):
    recording(tmp_path, name)
    got = reader("pku").read(reader("pku").find(tmp_path / "skeleton")[0])
    assert (got.setup, got.subject, got.camera) == told
    assert (got.name, got.action, len(got.joints)) == (name, -1, 12)


def test_a_zip_reads_as_its_folder_and_any_order_of_reading_gives_the_same(tmp_path):
    for number, name in enumerate(["0002-L", "0003-M", "0004-R"]):
        recording(tmp_path, name, seed=number)
        labels(tmp_path, name, "1,0,5,2", "2,5,12,2")
    with zipfile.ZipFile(tmp_path / "pku.zip", "w") as archive:
        for path in (tmp_path / "skeleton").iterdir():
            archive.write(path, path.name)
    made = reader("pku", labels=tmp_path / "label")
    folder, zipped = made.find(tmp_path / "skeleton"), made.find(tmp_path / "pku.zip")
    assert len(folder) == 6
    backwards = [made.read(item) for item in reversed(zipped)][::-1]
    for one, other in zip([made.read(item) for item in folder], backwards, strict=True):
        assert one.name == other.name
        assert np.array_equal(one.joints, other.joints)


ROWS = {
    "three": ("1,2,3", "0002-L.txt:2: expected class,start,end,confidence, found '1,2,3'"),
    "words": ("a,2,3,2", "0002-L.txt:2: expected class,start,end,confidence, found 'a,2,3,2'"),
    "class 0": ("0,2,3,2", "0002-L.txt:2: expected a class from 1 to 51, found 0"),
    "class 52": ("52,2,3,2", "0002-L.txt:2: expected a class from 1 to 51, found 52"),
    "empty": ("1,3,3,2", "0002-L.txt:2: expected an end after the start, found 3 to 3"),
    "backwards": ("1,5,3,2", "0002-L.txt:2: expected an end after the start, found 5 to 3"),
    "beyond": ("1,5,13,2", "0002-L.txt:2: expected an end of at most 12, the frames of 0002-L.txt, found 13"),
}


@pytest.mark.parametrize(("row", "message"), ROWS.values(), ids=ROWS)
def test_a_bad_row_names_its_file_and_line_and_the_others_can_be_kept(tmp_path, row, message):
    recording(tmp_path)
    labels(tmp_path, "0002-L", "1,0,4,2", row, "2,4,8,2")
    made = reader("pku", labels=tmp_path / "label")
    with pytest.raises(ReadError, match=re.escape(message)):
        prepare(made, tmp_path / "skeleton", tmp_path / "store", frames=4, progress=False)
    prepare(made, tmp_path / "skeleton", tmp_path / "store", frames=4, skip_bad=True, progress=False)
    store = Store.open(tmp_path / "store")
    assert store.table["name"].tolist() == ["0002-L-001", "0002-L-003"]
    assert [left.name for left in store.meta.left_out] == ["0002-L-002"]
    assert message in store.meta.left_out[0].reason


def test_a_recording_without_labels_is_an_error_that_can_be_left_out(tmp_path):
    recording(tmp_path, "0002-L")
    recording(tmp_path, "0003-L")
    recording(tmp_path, "0004-L")
    labels(tmp_path, "0003-L", "1,0,4,2")
    labels(tmp_path, "0004-L")
    made = reader("pku", labels=tmp_path / "label")
    with pytest.raises(ReadError, match=r"0002-L.txt\[labels\]: expected lines class,start,end,confidence in .*0002-L"):
        prepare(made, tmp_path / "skeleton", tmp_path / "store", frames=4, progress=False)
    prepare(made, tmp_path / "skeleton", tmp_path / "store", frames=4, skip_bad=True, progress=False)
    store = Store.open(tmp_path / "store")
    assert store.table["name"].tolist() == ["0003-L-001"]
    assert [left.name for left in store.meta.left_out] == ["0002-L-labels", "0004-L-labels"]
    listed = (store.path / "sources.csv").read_text()
    assert "0003-L.txt" in listed
    assert "label/0003-L.txt" in listed
    with pytest.raises(ReadError, match=r"nowhere: expected a folder of label files, found none"):
        reader("pku", labels=tmp_path / "nowhere").find(tmp_path / "skeleton")


LIST = "Training videos: \n0002-M, 0002-R, \n\nValidataion videos: \n0002-L,0007-L\n"


def test_a_list_of_recordings_becomes_a_split_of_their_clips(tmp_path):
    for view in "LMR":
        recording(tmp_path, f"0002-{view}")
        recording(tmp_path, f"0003-{view}")
        labels(tmp_path, f"0002-{view}", "1,0,4,2", "2,4,8,2")
        labels(tmp_path, f"0003-{view}", "1,0,4,2")
    (tmp_path / "cross-subject.txt").write_text(LIST)
    made = reader("pku", labels=tmp_path / "label", lists=(f"xsub={tmp_path}/cross-subject.txt",))
    prepare(made, tmp_path / "skeleton", tmp_path / "store", frames=4, progress=False)
    store = Store.open(tmp_path / "store")
    names = store.table["name"]
    found = split(store, "xsub")
    assert names[found.train].tolist() == ["0002-M-001", "0002-M-002", "0002-R-001", "0002-R-002"]
    assert names[found.test].tolist() == ["0002-L-001", "0002-L-002"]
    views = split(store, "xview")
    assert {name[5] for name in names[views.train]} == {"M", "R"}
    assert {name[5] for name in names[views.test]} == {"L"}


LISTS = {
    "no heading": ("0002-L\n", ":1: expected `Training videos:` or `Validation videos:` and names, found '0002-L'"),
    "heading": ("Others:\n0002-L\n", ":1: expected `Training videos:`"),
    "both": ("Training videos:\n0002-L\nTesting videos:\n0002-L\n", ":4: expected a recording to train or to test"),
    "one part": ("Training videos:\n0002-L\n", ": expected recordings that train and recordings that test, found 1"),
    "none": ("", ": expected recordings that train and recordings that test, found 0 in all"),
}


@pytest.mark.parametrize(("content", "message"), LISTS.values(), ids=LISTS)
def test_a_file_that_is_no_list_is_refused_before_anything_is_read(tmp_path, content, message):
    path = write(tmp_path / "list.txt", content.encode()).path
    with pytest.raises(ReadError, match=re.escape(f"{path}{message}")):
        reader("pku", lists=(f"xsub={path}",)).find(tmp_path)


def test_a_list_without_a_name_and_one_called_as_a_column_are_refused(tmp_path):
    recording(tmp_path)
    with pytest.raises(SkelactError, match=r"expected NAME=FILE with a different name for each list, found 'a.txt'"):
        reader("pku", lists=("a.txt",)).find(tmp_path / "skeleton")
    path = write(tmp_path / "list.txt", LIST.encode()).path
    made = reader("pku", lists=(f"camera={path}",))
    with pytest.raises(SkelactError, match="division 'camera': expected letters and digits, and no column's name"):
        prepare(made, tmp_path / "skeleton", tmp_path / "store", frames=4, progress=False)


BAD = {
    "empty": (b"", ": expected at least 1 line of 150 numbers, found none"),
    "binary": (b"\x00\xff\n", ":1: expected 150 numbers, found 1"),
    "cut off": (text(points(2, 2, 25))[:-400], ":2: expected 150 numbers, found "),
    "word": (text(points(2, 2, 25)).replace(b"e-", b"x-", 1), ":1: expected a number, found "),
    "nan": (b" ".join([b"nan"] * 150), ":1: expected a number, found 'nan'"),
    "sign": (b" ".join([b"1"] * 149 + [b"-"]), ":1: expected 150 numbers, found "),
    "inf": (b" ".join([b"1"] * 149 + [b"1e999"]), ": expected finite numbers, found inf as z of joint 24 of person 1"),
    "nobody": (text(np.zeros((2, 2, 25, 3))), ": expected a person, found only zeros in all 2 frames"),
}


@pytest.mark.parametrize(("data", "message"), BAD.values(), ids=BAD)
def test_bad_recordings_are_refused_with_the_line_and_what_was_expected_and_found(tmp_path, data, message):
    item = write(tmp_path / "0002-L.txt", data)
    with pytest.raises(ReadError, match=re.escape(f"{item.path}{message}")):
        reader("pku").read(item)


def test_another_name_is_refused_with_examples(tmp_path):
    for name in ("0002-X.txt", "A1N01-L.txt", "2-L.txt"):
        with pytest.raises(ReadError, match=re.escape("expected a file named like 0002-L.txt or A01N01-L.txt")):
            reader("pku").read(write(tmp_path / name, b""))


@settings(max_examples=80)
@given(data=damaged(text(points(3, 2, 25))))
def test_a_damaged_recording_is_refused_or_holds_the_numbers_of_its_lines(folder, data):
    item = write(fresh(folder) / "0002-L.txt", data)
    try:
        got = reader("pku").read(item)
    except ReadError as error:
        if str(item) not in str(error):
            raise AssertionError(f"a ReadError that does not name the file: {error}") from error
        return
    plain = np.array([float(word) for word in data.split()]).astype(np.float32)
    assert np.array_equal(got.joints.ravel(), plain)


@settings(max_examples=80)
@given(data=damaged(b"34,0,4,2\n51,3,12,1\n1,11,12,2\n"))
def test_damaged_labels_give_clips_within_the_recording_or_name_the_file(folder, data):
    folder = fresh(folder)
    joints = recording(folder)
    write(folder / "label" / "0002-L.txt", data)
    made = reader("pku", labels=folder / "label")
    lines = data.split(b"\n")  # a lone carriage return ends no line
    for item in made.find(folder / "skeleton"):
        try:
            got = made.read(item)
        except ReadError as error:
            if "0002-L.txt" not in str(error):
                raise AssertionError(f"a ReadError that does not name the file: {error}") from error
            continue
        action, start, end = (int(word) for word in lines[int(item.part) - 1].split(b",")[:3])
        assert got.action == action - 1
        assert np.array_equal(got.joints, joints[start:end])


def test_a_real_recording_is_cut_by_labels(shared, tmp_path):
    (item,) = reader("pku").find(shared / "data/pku_raw_real")
    whole = reader("pku").read(item)
    assert len(whole.joints) == 1040
    assert np.array_equal(whole.joints.reshape(1040, 150), np.loadtxt(item.path, dtype=np.float32))
    labels(tmp_path, item.path.stem, "8,100,200,2", "33,150,1040,2")
    made = reader("pku", labels=tmp_path / "label")
    first, second = (made.read(clip) for clip in made.find(shared / "data/pku_raw_real"))
    assert np.array_equal(first.joints, whole.joints[100:200])
    assert np.array_equal(second.joints, whole.joints[150:])
    heights = whole.joints[:, 0, 3, 1] - whole.joints[:, 0, 15, 1]  # head over foot, in metres
    assert 0.5 < np.median(heights) < 2.2

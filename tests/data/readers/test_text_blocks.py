"""MSR Action3D, UTKinect, Florence and KARD: hand-made files in their published formats, and damage."""

import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from reader_files import body, damaged, fresh, points, read_or_refuse, write

from skelact.data.prepare import prepare
from skelact.data.readers import reader
from skelact.data.recording import Item, ReadError
from skelact.data.splits import split
from skelact.data.store import Store
from skelact.system.world import SkelactError

# Where each joint of the Kinect v1 layout (hip centre, spine, shoulder centre, head, left arm, right arm, left leg,
# right leg) stands in a MSR file; typed here from the drawing that comes with the set, not derived from names.
MSR_PLACES = [6, 3, 2, 19, 0, 7, 9, 11, 1, 8, 10, 12, 4, 13, 15, 17, 5, 14, 16, 18]
# Head, neck, torso, left arm, right arm, left leg, right leg in a KARD file.
KARD_PLACES = [0, 1, 8, 5, 6, 7, 2, 3, 4, 12, 13, 14, 9, 10, 11]


def lines(rows: np.ndarray, end: str = "\n") -> bytes:
    return "".join("  ".join(repr(float(number)) for number in row) + end for row in rows).encode()


def msr(joints: np.ndarray, end: str = "\n") -> bytes:
    """A MSR file from joints (t, 20, 3) in the order of the layout; the fourth number is a confidence."""
    stored = np.ones((len(joints), 20, 4))
    stored[:, MSR_PLACES, :3] = joints
    return lines(stored.reshape(-1, 4), end)


def kard(joints: np.ndarray, end: str = "\n") -> bytes:
    stored = np.zeros((len(joints), 15, 3))
    stored[:, KARD_PLACES] = joints
    return lines(stored.reshape(-1, 3), end)


BLOCKS = {
    "msr": (msr, 20, "a12_s03_e02_skeleton3D.txt", "a12_s03_e02_skeleton.txt", "side boxing", 4),
    "kard": (kard, 15, "a12_s03_e02_realworld.txt", "a12_s03_e02_screen.txt", "bend", 3),
}
blocks = pytest.mark.parametrize("name", BLOCKS)


@blocks
@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["LF", "CRLF"])
def test_a_joint_a_line_is_brought_into_the_order_of_the_layout(tmp_path, name, end):
    made, count, file, _, label, _ = BLOCKS[name]
    joints = points(3, 1, count)[:, 0]
    got = reader(name).read(write(tmp_path / file, made(joints, end)))
    assert np.array_equal(got.joints[:, 0], joints)
    assert (got.identity == 0).all()
    assert (got.name, got.subject, got.repetition, got.camera) == ("a12_s03_e02", 3, 2, -1)
    assert reader(name).classes[got.action] == label


@blocks
def test_files_of_the_picture_are_another_kind_with_y_down(tmp_path, name):
    made, count, world, screen, _, _ = BLOCKS[name]
    joints = points(2, 2, count)
    write(tmp_path / world, made(joints[:, 0]))
    write(tmp_path / screen, made(joints[:, 1]))
    room, picture = reader(name), reader(name, points="screen")
    assert np.array_equal(room.read(room.find(tmp_path)[0]).joints[:, 0], joints[:, 0])
    assert np.array_equal(picture.read(picture.find(tmp_path)[0]).joints[:, 0], joints[:, 1])
    assert (room.skeleton.up, picture.skeleton.up) == ("+y", "-y")
    assert (room.skeleton.joints, room.skeleton.centre) == (picture.skeleton.joints, picture.skeleton.centre)
    assert "pixels" in picture.units
    assert "pixels" not in room.units
    with pytest.raises(SkelactError, match="no points 'depth'; there are world, screen"):
        reader(name, points="depth")


# Right shoulder, left shoulder, hips and what is in front of them (knees of a sitting person, toes), from the first
# frame of the sets' own files: a18_s01_e01 of KARD, a02_s01_e01 of MSR Action3D. People look at the sensor, at z = 0.
SEEN = {
    ("kard", "world"): ([-117, 49, 3207], [231, 27, 3087], [-67, -363, 3153], [-75, -397, 2679]),
    ("kard", "screen"): ([299, 231, 3207], [363, 235, 3087], [308, 306, 3153], [304, 325, 2679]),
    ("msr", "world"): ([-0.004, 0.366, 2.656], [-0.359, 0.364, 2.704], [-0.348, -1.0, 2.779], [-0.378, -1.024, 2.615]),
}


@pytest.mark.parametrize(("name", "points"), SEEN)
def test_handedness_is_that_of_people_who_look_at_the_sensor(name, points):
    right, left, behind, front = (np.array(place, float) for place in SEEN[name, points])
    skeleton = reader(name, points=points).skeleton
    up = np.array([0, 1 if skeleton.up == "+y" else -1, 0])
    assert (front - behind)[2] < 0
    # In a right-handed frame people look along up x (left to right).
    agrees = np.cross(up, right - left) @ (front - behind) > 0
    assert skeleton.handedness == ("right" if agrees else "left")
    other = reader(name, points="screen" if points == "world" else "world").skeleton
    assert other.handedness != skeleton.handedness  # y turns over from one to the other, x and z do not


@blocks
def test_bad_files_name_the_line(tmp_path, name):
    made, count, file, _, _, width = BLOCKS[name]
    valid = made(points(2, 1, count)[:, 0] + 1)
    rows = valid.splitlines(keepends=True)
    bad = {
        b"": f": expected at least 1 line of {width} numbers, found none",
        b"".join(rows[:-1]): f":{2 * count - 1}: expected {count} lines a frame, found {2 * count - 1}, which leaves",
        b"".join([*rows[:4], b"1 2\n", *rows[5:]]): f":5: expected {width} numbers, found 2",
        b"".join([*rows[:4], b"1 2 x 4"[: 2 * width] + b"\n", *rows[5:]]): ":5: expected a number, found 'x'",
        lines(np.zeros((count, width))): ": expected a person, found only zeros in all 1 frames",
    }
    for data, message in bad.items():
        item = write(tmp_path / file, data)
        with pytest.raises(ReadError, match=re.escape(f"{item.path}{message}")):
            reader(name).read(item)
    with pytest.raises(ReadError, match=r"expected an action from 1 to .* in the name, found 77"):
        reader(name).read(write(tmp_path / file.replace("a12", "a77"), valid))


@settings(max_examples=80)
@given(data=damaged(msr(points(2, 1, 20)[:, 0])))
def test_a_damaged_msr_file_is_refused_or_read(folder, data):
    assert_columns("msr", write(folder / "a01_s01_e01_skeleton3D.txt", data), data, MSR_PLACES, 4)


@settings(max_examples=80)
@given(data=damaged(kard(points(2, 1, 15)[:, 0])))
def test_a_damaged_kard_file_is_refused_or_read(folder, data):
    assert_columns("kard", write(folder / "a01_s01_e01_realworld.txt", data), data, KARD_PLACES, 3)


def assert_columns(name: str, item: Item, data: bytes, places: list[int], width: int) -> None:
    got = read_or_refuse(reader(name), item)
    if got is not None:
        plain = np.array([float(word) for word in data.split()]).reshape(-1, len(places), width)
        assert np.array_equal(got.joints[:, 0], plain[:, places, :3].astype(np.float32))


def utkinect(folder: Path, labels: str, **recordings: np.ndarray) -> Path:
    """joints_<name>.txt from (t, 61): the number of a frame and 20 joints; and actionLabel.txt."""
    for name, rows in recordings.items():
        write(folder / "joints" / f"joints_{name}.txt", lines(rows))
    write(folder / "actionLabel.txt", labels.encode())
    return folder / "joints"


def frames(*numbers: int, seed: int = 0) -> np.ndarray:
    return np.column_stack([numbers, body(len(numbers), 1, 20, seed).reshape(len(numbers), 60)])


LABELS = "s01_e01 \nwalk: 252 254\nsitDown: 256 260\ncarry: NaN NaN\n\ns01_e02\nclapHands: 10 10\n"


def test_utkinect_is_cut_by_the_numbers_of_its_frames_each_once(tmp_path):
    one, two = frames(250, 252, 253, 253, 254, 256, 260, 262), frames(9, 10, seed=1)
    source = utkinect(tmp_path, LABELS, s01_e01=one, s01_e02=two)
    made = reader("utkinect")
    got = {clip.name: clip for clip in map(made.read, made.find(source))}
    assert list(got) == ["s01_e01-walk", "s01_e01-sitDown", "s01_e02-clapHands"]
    assert np.array_equal(got["s01_e01-walk"].joints.reshape(-1, 60), one[[1, 2, 4], 1:].astype(np.float32))
    assert np.array_equal(got["s01_e01-sitDown"].joints.reshape(-1, 60), one[[5, 6], 1:].astype(np.float32))
    assert np.array_equal(got["s01_e02-clapHands"].joints.reshape(-1, 60), two[[1], 1:].astype(np.float32))
    clip = got["s01_e02-clapHands"]
    assert (clip.subject, clip.repetition, made.classes[clip.action]) == (1, 2, "clap hands")
    assert [item.part for item in made.find(tmp_path)] == ["walk", "sitDown", "clapHands"]
    elsewhere = reader("utkinect", labels=write(tmp_path / "else" / "mine.txt", b"s01_e01\nwalk: 250 262\n").path)
    assert [item.part for item in elsewhere.find(source)] == ["walk", "labels"]


def test_utkinect_without_labels_or_frames_of_a_label_is_refused(tmp_path):
    source = utkinect(tmp_path, "s01_e01\nwalk: 300 400\n", s01_e01=frames(1, 2), s02_e01=frames(1, 2))
    made = reader("utkinect")
    first, second = made.find(source)
    with pytest.raises(ReadError, match=r"joints_s01_e01.txt\[walk\]: expected frames 300 to 400 as .*, found 1 to 2"):
        made.read(first)
    with pytest.raises(ReadError, match=r"joints_s02_e01.txt\[labels\]: expected labels of s02_e01 in .*, found none"):
        made.read(second)
    (tmp_path / "actionLabel.txt").unlink()
    with pytest.raises(ReadError, match=r"expected actionLabel.txt in it or beside it, found none"):
        made.find(source)


UTKINECT_BAD = {
    "before": ("walk: 1 2\n", ":1: expected a line s01_e01 before, found 'walk: 1 2'"),
    "word": ("s01_e01\nskip: 1 2\n", ":2: expected one of walk, sitDown"),
    "twice": ("s01_e01\nwalk: 1 2\nwalk: 1 2\n", ":3: expected one of walk, sitDown"),
    "again": ("s01_e01\n\ns01_e01\n", ":3: expected each recording once, found 's01_e01'"),
    "backwards": ("s01_e01\nwalk: 2 1\n", ":2: expected a last frame after the first, found 'walk: 2 1'"),
    "one": ("s01_e01\nwalk: 2\n", ":2: expected a line s01_e01, or word: first last, found 'walk: 2'"),
}


@pytest.mark.parametrize(("labels", "message"), UTKINECT_BAD.values(), ids=UTKINECT_BAD)
def test_bad_labels_of_utkinect_name_the_line(tmp_path, labels, message):
    source = utkinect(tmp_path, labels, s01_e01=frames(1, 2))
    with pytest.raises(ReadError, match=re.escape(f"{tmp_path}/actionLabel.txt{message}")):
        reader("utkinect").find(source)


@settings(max_examples=80)
@given(data=damaged(lines(frames(252, 253, 256))))
def test_damaged_recordings_of_utkinect_are_refused_or_read(folder, data):
    source = utkinect(fresh(folder), LABELS)
    write(source / "joints_s01_e01.txt", data)
    made = reader("utkinect")
    for item in made.find(source):
        try:
            got = made.read(item)
        except ReadError as error:
            if "joints_s01_e01.txt" not in str(error):
                raise AssertionError(f"a ReadError that does not name the file: {error}") from error
            continue
        assert np.isfinite(got.joints).all()


@settings(max_examples=80)
@given(data=damaged(LABELS.encode()))
def test_damaged_labels_of_utkinect_are_refused_or_cut_clips(folder, data):
    source = utkinect(fresh(folder), "", s01_e01=frames(252, 253, 256))
    write(source.parent / "actionLabel.txt", data)
    made = reader("utkinect")
    try:
        for item in made.find(source):
            made.read(item)
    except ReadError as error:
        if str(source.parent) not in str(error):
            raise AssertionError(f"a ReadError that does not name the file: {error}") from error


FLORENCE = "Florence_dataset_WorldCoordinates.txt"


def florence(*clips: tuple[int, int, int, int]) -> np.ndarray:
    """Rows (clip, actor, action, 45 coordinates) for clips of so many frames."""
    rows = [(clip, actor, action) for clip, actor, action, length in clips for _ in range(length)]
    return np.column_stack([rows, body(len(rows), 1, 15).reshape(len(rows), 45)])


def test_florence_holds_all_clips_in_one_file(tmp_path):
    rows = florence((1, 1, 1, 3), (2, 1, 9, 1), (10, 10, 2, 4))
    item = write(tmp_path / FLORENCE, lines(rows))
    made = reader("florence")
    got = [made.read(clip) for clip in made.find(item.path)]
    assert [(clip.name, clip.subject, clip.action, len(clip.joints)) for clip in got] == [
        ("video001", 1, 0, 3),
        ("video002", 1, 8, 1),
        ("video010", 10, 1, 4),
    ]
    assert np.array_equal(np.concatenate([clip.joints for clip in got]).reshape(-1, 45), rows[:, 3:].astype(np.float32))
    assert made.classes[8] == "bow"
    assert made.skeleton.index("left_wrist") == 5  # f16-f18 of the list that comes with the set
    assert made.skeleton.index("right_ankle") == 14  # f43-f45


FLORENCE_BAD = {
    "short": (lines(florence((1, 1, 1, 2)))[:-30], ":2: expected 48 numbers, found "),
    "half": (lines(florence((1, 1, 1, 2))).replace(b"1.0", b"1.5", 1), ":1: expected whole numbers of clip, actor and"),
    "negative": (lines(florence((-1, 1, 1, 1))), ":1: expected whole numbers of clip, actor and action, found -1 1 1"),
    "two actors": (
        lines(florence((1, 1, 1, 1), (1, 2, 1, 1))),
        "[001]: expected one actor and one action, found 1 and 1",
    ),
    "action": (lines(florence((1, 1, 10, 1))), "[001]: expected an action from 1 to 9, found 10"),
}


@pytest.mark.parametrize(("data", "message"), FLORENCE_BAD.values(), ids=FLORENCE_BAD)
def test_bad_files_of_florence_name_the_line_or_the_clip(tmp_path, data, message):
    item = write(tmp_path / FLORENCE, data)
    made = reader("florence")
    with pytest.raises(ReadError, match=re.escape(f"{item.path}{message}")):
        [made.read(clip) for clip in made.find(item.path)]


@settings(max_examples=80)
@given(data=damaged(lines(florence((1, 1, 1, 2), (2, 1, 2, 1)))))
def test_a_damaged_file_of_florence_is_refused_or_read(folder, data):
    item = write(fresh(folder) / FLORENCE, data)
    made = reader("florence")
    try:
        got = [made.read(clip) for clip in made.find(item.path)]
    except ReadError as error:
        if str(item) not in str(error):
            raise AssertionError(f"a ReadError that does not name the file: {error}") from error
        return
    assert sum(len(clip.joints) for clip in got) == len(data.rstrip().splitlines())


def test_every_set_goes_through_preparation_and_its_splits(tmp_path):
    for subject in (1, 2, 6):
        for repetition in (1, 2):
            for action in (1, 2, 6):
                name = f"a{action:02}_s{subject:02}_e{repetition:02}"
                seed = 100 * action + 10 * subject + repetition
                write(tmp_path / "msr" / f"{name}_skeleton3D.txt", msr(body(4, 1, 20, seed)[:, 0]))
                write(tmp_path / "kard" / f"{name}_realworld.txt", kard(body(1, 1, 15, seed)[:, 0]))
    labels = "".join(f"s{s:02}_e{e:02}\nwalk: 1 2\npull: 2 3\n" for s in (1, 2, 6) for e in (1, 2))
    rows = {f"s{s:02}_e{e:02}": frames(1, 2, 3, seed=10 * s + e) for s in (1, 2, 6) for e in (1, 2)}
    utkinect(tmp_path / "utkinect", labels, **rows)
    write(tmp_path / "florence" / FLORENCE, lines(florence((1, 1, 1, 2), (2, 2, 1, 2), (3, 6, 2, 2))))
    wanted = {
        "msr": {"xsub": (6, 12), "as1": (4, 8), "as2": (2, 4), "as3": (2, 4)},
        "kard": {"one-third": (9, 9), "actor2": (12, 6), "actor6": (12, 6)},
        "utkinect": {"xsub": (8, 4), "s06_e02": (10, 2)},
        "florence": {"actor1": (2, 1), "actor6": (2, 1)},
    }
    for name, sizes in wanted.items():
        prepare(reader(name), tmp_path / name, tmp_path / f"{name}-store", frames=5, progress=False)
        store = Store.open(tmp_path / f"{name}-store")
        assert np.isfinite(store.prepared("robust", 5).clips).all()
        found = {one: (len(split(store, one).train), len(split(store, one).test)) for one in sizes}
        assert found == sizes
    assert "actions a02, a03, a05, a06, a10, a13, a18, a20" in split(Store.open(tmp_path / "msr-store"), "as1").rule

"""What is odd about BVH files and is read nevertheless, with a sentence that says so; files that ask for memory."""

import tracemalloc

import numpy as np
import pytest
from bvh_files import bvh, human
from reader_files import write

from skelact.data.prepare import prepare
from skelact.data.readers import bvh_body
from skelact.data.readers.bvh import BvhFormat
from skelact.data.readers.bvh_text import CUT_OFF, ONE_LESS, ONE_MORE
from skelact.data.recording import ReadError
from skelact.data.store import Store

BVH = BvhFormat()
BODY = human(
    ("{}UpLeg", "{}Leg", "{}Foot", "{}Toe"),
    ("{}Shoulder", "{}Arm", "{}ForeArm", "{}Hand"),
    ("Left", "Right"),
    ("Hips", "Spine", "Chest", "Neck", "Head"),
)
ON_Z = "\n".join(  # the same body standing along z, facing -y
    f"{' ' * (len(line) - len(line.lstrip()))}{name} {x} {-float(z)} {y}"
    for line in BODY.splitlines()
    for name, x, y, z in [line.split()]
)


def the_recording(folder, data: bytes, **options):
    made = BVH(write(folder / "a.bvh", data).path, **options)
    return made.read(made.find(made.source)[0])


STICK = " a 0 0 0\n  b 0 1 0\n"
ROWS = ["1 2 3", "4 5 6", "7 8 9"]
PLAIN = bvh(STICK, ROWS)
SPELLINGS = {
    "blank lines": PLAIN.replace(b"\n", b"\n\n \t\n"),
    "byte order mark": b"\xef\xbb\xbf" + PLAIN,
    "UTF-16": PLAIN.decode().encode("utf-16"),
    "Windows": PLAIN.replace(b"\n", b"\r\n"),
    "old Macintosh": PLAIN.replace(b"\n", b"\r"),
    "tabs and spaces": PLAIN.replace(b" ", b"\t ").replace(b"\n", b"  \t\n"),
    "no end": PLAIN.rstrip(),
    "zeros at the end": PLAIN + b"\0\0",
    "no space": PLAIN.replace(b"Frames: 3", b"Frames:3").replace(b"Time: 0.04", b"Time:.04"),
    "lower case": PLAIN.lower(),
    "comments": b"# made by hand\n" + PLAIN.replace(b"Frame Time", b"# three\nFrame Time") + b"#end\n",
    "exponents": PLAIN.replace(b"\n1 2 3", b"\n1e0 +.2E+1 3.").replace(b"0.04", b"4e-2"),
    "vertical tab": PLAIN.replace(b"1 2 3", b"1\v2\f3"),
}


@pytest.mark.parametrize("data", SPELLINGS.values(), ids=SPELLINGS)
def test_a_file_is_read_however_its_lines_are_spelt(tmp_path, data):
    got = the_recording(tmp_path, data)
    assert got.joints[:, 0].tolist() == [[[1, 2, 3], [1, 3, 3]], [[4, 5, 6], [4, 6, 6]], [[7, 8, 9], [7, 9, 9]]]
    assert got.notes == ()


@pytest.mark.parametrize(
    ("data", "frames", "note"),
    [
        (PLAIN.replace(b"Frames: 3", b"Frames: 2"), 3, ONE_MORE),
        (PLAIN.replace(b"Frames: 3", b"Frames: 4"), 3, ONE_LESS),
        (PLAIN[: PLAIN.rindex(b"8")], 2, CUT_OFF),
        (PLAIN[: PLAIN.rindex(b"8")].replace(b"Frames: 3", b"Frames: 2"), 2, CUT_OFF),
    ],
    ids=["one more", "one less", "cut off", "cut off beyond the count"],
)
def test_a_count_that_is_off_by_one_is_noted_and_every_whole_line_is_a_frame(tmp_path, data, frames, note):
    got = the_recording(tmp_path, data)
    assert got.joints[:, 0, 0].tolist() == [[1, 2, 3], [4, 5, 6], [7, 8, 9]][:frames]
    assert got.notes == (note,)


def test_a_joint_at_the_origin_is_not_missing_and_a_frame_of_zeros_is_a_frame(tmp_path):
    got = the_recording(tmp_path, bvh(" a 0 0 0\n  b 0 0 0\n", ["0 0 0", "1 2 3"]))
    assert got.missing is not None
    assert got.missing.shape == (2, 1, 2)
    assert not got.unseen.any()
    assert got.identity.tolist() == [[0], [0]]
    with pytest.raises(ReadError, match="found only zeros in all 1 frames"):
        the_recording(tmp_path, bvh(" a 0 0 0\n  b 0 0 0\n", ["0 0 0"]))


def test_position_channels_of_zero_leave_a_joint_at_its_offset_and_are_noted(tmp_path):
    joints = " a 9 9 9\n  b 0 5 0\n   c 0 0 7\n"
    rows = ["1 2 3  0 0 0  0 0 0  0 0 0  1 1 9", "1 2 3  0 0 0  0 0 0  0 0 0  0 0 0"]
    got = the_recording(tmp_path, bvh(joints, rows, everywhere=True))
    assert got.joints[:, 0].tolist() == [[[1, 2, 3], [1, 7, 3], [2, 8, 12]], [[1, 2, 3], [1, 7, 3], [1, 7, 3]]]
    assert got.notes == ("position channels are zero throughout; these joints stay at their offsets: b",)
    moved = the_recording(tmp_path, bvh(joints, ["0 0 0  0 0 0  0 0 0  0 0 0  1 1 9", rows[1]], everywhere=True))
    assert moved.joints[0, 0, 0].tolist() == [0, 0, 0]  # of the root zero is a position


def up_notes(folder, **options):
    return [note for note in BVH(folder, **options).notes if "--up" in note]


STAND, LIE, CRAWL = "0 90 0", "0 10 0  0 90 0", "0 40 0  0 80 0"


@pytest.mark.parametrize(
    ("joints", "clips", "up", "advice"),
    [
        (BODY, [STAND], "+y", None),
        (ON_Z, [STAND], "+y", "--up +z"),
        (ON_Z, [STAND], "+z", None),
        (BODY, [STAND], "+z", "--up +y"),
        (BODY, [STAND], "-y", "--up +y"),
        (BODY, [STAND, LIE, CRAWL, LIE], "+y", None),
        (BODY, [LIE], "+y", None),  # stands along y at rest
        (BODY, [LIE, "0 10 0  0 -90 0", "0 10 0  90 0 0", CRAWL], "+y", None),  # lie, but any way
        (BODY, ["0 90 0  0 90 0"] * 4, "+y", "--up +z"),  # the program that wrote it turned the root
        (ON_Z, [STAND, "0 1 0  0 -90 0", "0 1 0  0 90 0"], "+z", None),
        (" base 0 0 0\n  mid 1 1 20\n   top 1 1 20\n", [STAND], "+y", "--up +z"),
        (" base 0 0 0\n  mid 1 20 20\n   top 1 1 20\n", [STAND], "+y", None),
    ],
)
def test_a_figure_that_stands_along_another_axis_is_noted_and_one_that_lies_down_is_not(
    tmp_path, joints, clips, up, advice
):
    for number, row in enumerate(clips):
        write(tmp_path / f"{number}.bvh", bvh(joints, [row] * 5))
    notes = up_notes(tmp_path, up=up)
    assert [note[-len("--up +z") :] for note in notes] == ([advice] if advice else [])


def test_prepare_prints_notes_and_writes_them_into_the_log(tmp_path, capsys):
    for name in ("one", "two"):
        write(tmp_path / "in" / f"{name}.bvh", bvh(ON_Z, ["0 0 90"] * 4).replace(b"Frames: 4", b"Frames: 3"))
    prepare(BVH(tmp_path / "in"), tmp_path / "in", tmp_path / "store", frames=4)
    notes = Store.open(tmp_path / "store").meta.log[0].parameters["notes"]
    assert notes[0].startswith("the figure is 12.7")
    assert notes[0].endswith("times as tall along z as along the up axis, +y: if it stands along z, give --up +z")
    assert notes[1] == f"{ONE_MORE} (2 clips: one, two)"
    printed = capsys.readouterr().err
    assert all(f"note: {note}\n" in printed for note in notes)


def test_groups_of_a_pattern_that_are_texts_are_numbered_in_order_of_the_alphabet_and_their_names_kept(tmp_path):
    for name in ("carl-walk-2", "anna-walk-10", "anna-run-1", "Bo-run-1"):
        write(tmp_path / "in" / f"{name}.bvh", PLAIN)
    pattern = r"(?P<subject>[A-Za-z]+)-(?P<action>[a-z]+)-(?P<repetition>\d+)\.bvh$"
    made = BVH(tmp_path / "in", pattern=pattern)
    clips = [made.read(item) for item in made.find(tmp_path / "in")]
    assert [(clip.name, clip.subject, clip.action, clip.repetition) for clip in clips] == [
        ("Bo-run-1", 0, 0, 1),
        ("anna-run-1", 1, 0, 1),
        ("anna-walk-10", 1, 1, 10),
        ("carl-walk-2", 2, 1, 2),
    ]
    prepare(made, tmp_path / "in", tmp_path / "store", frames=4, progress=False)
    parameters = Store.open(tmp_path / "store").meta.log[0].parameters
    assert parameters["subject names"] == ["Bo", "anna", "carl"]
    assert "subject: numbered from 0 in alphabetical order: Bo, anna, carl" in parameters["notes"]


def nested(count: int, rows: int, channels: str = "CHANNELS 0") -> bytes:
    tree = " ".join(f"JOINT {joint} {{ OFFSET 0 1 0 {channels}" for joint in range(count))
    head = f"HIERARCHY ROOT r {{ OFFSET 0 1 0 CHANNELS 1 Xposition {tree} {'} ' * count}}}\nMOTION\nFrames: {rows}\n"
    return head.encode() + b"Frame Time: 1\n" + b"1\n" * rows


HUGE = {
    "frames of many joints": (nested(250, 9_000), "found 9000 frames of 251 joints"),
    "joints": (nested(2_000, 1), ":1: expected at most 1000 joints, found more"),
    "lines": (nested(5, 1) + b"\n" * 20_000 + b"1\n" * 20_000, "expected 1 frames, found 20001 whole lines"),
    "braces": (b"HIERARCHY ROOT x" + b" {" * 30_000 + b"\nMOTION\n", ":1: expected OFFSET, found '{'"),
    "wide first line": (
        nested(100, 1, "CHANNELS 3 Xrotation Yrotation Zrotation").replace(b"\n1\n", b"\n" + b"0 " * 301 + b"\n")
        + b"1\n",
        ":6: expected 301 numbers, found 1",
    ),
}


@pytest.mark.parametrize(("data", "message"), HUGE.values(), ids=HUGE)
def test_counts_are_checked_before_memory_is_taken(tmp_path, data, message):
    tracemalloc.start()
    try:
        with pytest.raises(ReadError) as caught:
            the_recording(tmp_path, data)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert message in str(caught.value)
    assert str(tmp_path / "a.bvh") in str(caught.value)
    assert peak < 2**26 + 2 * len(data)


def test_many_frames_are_placed_as_one_by_one(tmp_path, monkeypatch):
    monkeypatch.setattr(bvh_body, "AT_ONCE", 2**14)  # 18 frames of 9 joints at a time
    rng = np.random.default_rng(0)
    rows = [" ".join(f"{number:.3f}" for number in rng.uniform(-90, 90, 9)) for _ in range(50)]
    joints = " a 0 0 0\n" + "".join(f"  b{n} 0 {n + 1} 0\n" for n in range(8))
    whole = the_recording(tmp_path, bvh(joints, rows)).joints
    for frame in (0, 1, 18, 49):
        alone = the_recording(tmp_path, bvh(joints, [rows[frame]])).joints
        assert np.array_equal(whole[frame], alone[0])


def test_names_of_joints_cannot_command_a_terminal(tmp_path):
    data = PLAIN.replace(b"b {", b"b\x1b[31m\xff {")
    joints = BVH(write(tmp_path / "a.bvh", data).path).skeleton.joints
    assert joints == ("a", r"b\u001b[31m\xff")


def test_texts_of_paths_cannot_command_a_terminal(tmp_path, capsys):
    write(tmp_path / "in" / "an\x1b[31mna" / "walk.bvh", PLAIN)
    made = BVH(tmp_path / "in", pattern=r"(?P<subject>[^/]+)/[^/]+\.bvh$")
    prepare(made, tmp_path / "in", tmp_path / "store", frames=4)
    assert Store.open(tmp_path / "store").meta.log[0].parameters["subject names"] == [r"an\u001b[31mna"]
    printed = capsys.readouterr().err
    assert r"note: subject: numbered from 0 in alphabetical order: an\u001b[31mna" in printed
    assert "\x1b[31mna" not in printed

"""NTU RGB+D: hand-made files, a slow parser, damage, the golden cases and real files."""

import re
import tracemalloc
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reader_files import damaged, ntu_text, points, read_ntu_slowly, read_or_refuse, side_by_side, write

from skelact.data.readers import decimals, ntu_whole, reader
from skelact.data.readers.ntu_lines import read_carefully
from skelact.data.readers.ntu_native import read_natively
from skelact.data.readers.ntu_whole import read_quickly
from skelact.data.recording import Item, ReadError
from skelact.system import native

NTU = reader("ntu")
NAME = "S001C002P003R002A013"
FILE = f"{NAME}.skeleton"
FIRST, SECOND, THIRD = 72057594037931101, 72057594037931102, 5


def body(frame: int, number: int) -> np.ndarray:
    """Joint j of body b in frame f stands at (f, b, j)."""
    return np.array([[frame, number, joint] for joint in range(25)], np.float32)


def clip(*frames: tuple[int, ...], end: str = "\n") -> bytes:
    """A file whose frames hold these bodies in this order."""
    return ntu_text([[(number, body(frame, number % 100)) for number in ids] for frame, ids in enumerate(frames)], end)


LONG = clip(*[(FIRST, SECOND)] * 60)
SHORT = clip((), (FIRST,), (SECOND, FIRST))


@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["LF", "CRLF"])
def test_bodies_stand_in_the_order_of_the_file_and_identity_tells_who_is_where(tmp_path, end):
    frames = [(), (FIRST,), (FIRST, SECOND), (SECOND, FIRST), (THIRD, SECOND, FIRST), (SECOND,)]
    got = NTU.read(write(tmp_path / FILE, clip(*frames, end=end)))
    assert got.identity.tolist() == [[-1, -1, -1], [0, -1, -1], [0, 1, -1], [1, 0, -1], [2, 1, 0], [1, -1, -1]]
    assert got.joints.shape == (6, 3, 25, 3)
    for frame, ids in enumerate(frames):
        for slot in range(3):
            for joint in range(25):
                there = [frame, ids[slot] % 100, joint] if slot < len(ids) else [0, 0, 0]
                assert got.joints[frame, slot, joint].tolist() == there


def test_ids_that_a_double_cannot_tell_apart_are_two_bodies(tmp_path):
    assert float(FIRST) == float(SECOND)
    assert NTU.read(write(tmp_path / FILE, clip((FIRST,), (SECOND,)))).identity.tolist() == [[0], [1]]


def test_the_name_tells_setup_camera_subject_repetition_and_action_from_0(tmp_path):
    got = NTU.read(write(tmp_path / FILE, SHORT))
    assert (got.name, got.setup, got.camera, got.subject, got.repetition, got.action) == (NAME, 1, 2, 3, 2, 12)


def test_a_folder_a_zip_and_a_single_file_give_the_same(tmp_path):
    items = [write(tmp_path / "in" / "deep" / FILE, SHORT), write(tmp_path / "in" / f"{NAME[:-1]}4.skeleton", LONG)]
    write(tmp_path / "in" / "notes.txt", b"not a clip")
    with zipfile.ZipFile(tmp_path / "ntu.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for path in (tmp_path / "in").rglob("*.*"):
            archive.write(path, path.relative_to(tmp_path))
    assert NTU.find(tmp_path / "in") == items
    zipped = NTU.find(tmp_path / "ntu.zip")
    assert [item.member for item in zipped] == [f"in/deep/{FILE}", f"in/{NAME[:-1]}4.skeleton"]
    assert NTU.find(items[0].path) == items[:1]
    for item, twin in zip(items, zipped, strict=True):
        assert np.array_equal(NTU.read(item).joints, NTU.read(twin).joints)


def test_a_short_line_is_told_by_file_line_joint_body_and_frame(tmp_path):
    lines = LONG.splitlines(keepends=True)
    # Before joint 7 of body 0 in frame 42: a line, 42 frames of 1 + 2 x 27, the count, two of the body, 7 joints.
    place = 1 + 42 * 55 + 1 + 2 + 7
    cut = b"".join(lines[:place]) + b" ".join(lines[place].split()[:9])
    item = write(tmp_path / FILE, cut)
    with pytest.raises(ReadError) as error:
        NTU.read(item)
    assert str(error.value) == (
        f"{item.path}:{place + 1}: expected 12 numbers for joint 7 of body 0 in frame 42, found 9\n"
        "  the file looks cut off"
    )


LINES = clip((FIRST, SECOND), (FIRST, SECOND)).splitlines()


def spoilt(number: int, new: bytes) -> bytes:
    """Two frames of two bodies, with another line of that number (from 1)."""
    return b"\n".join([*LINES[: number - 1], new, *LINES[number:]]) + b"\n"


def row(second: bytes, ninth: bytes = b"9") -> bytes:
    """The two frames with this as the second and ninth number of line 6."""
    return spoilt(6, b"1 " + second + b" 3 4 5 6 7 8 " + ninth + b" 10 11 12")


FRAMES = "expected the number of frames, at least 1, found"
BODIES = "expected the number of bodies in frame 0, 0 to 32, found"
JOINT = "expected 12 numbers for joint 1 of body 0 in frame 0, found"
FINITE = "expected finite x y z for joint 1 of body 0 in frame 0, found"
END = "found the end of the file\n  the file looks cut off"
BAD = {
    "empty": (b"", f":1: {FRAMES} the end of the file\n  the file looks cut off"),
    "binary": (b"PK\x03\x04\xff", f":1: {FRAMES} 'PK"),
    "no frames": (b"0\n", f":1: {FRAMES} '0'\n  the file looks damaged"),
    "negative frames": (spoilt(1, b"-2"), f":1: {FRAMES} '-2'"),
    "absurd frames": (spoilt(1, b"1000000000"), f":112: expected the number of bodies in frame 2, 0 to 32, {END}"),
    "fewer frames": (spoilt(1, b"1"), ":57: expected the end of the file after 1 frames, found '2'"),
    "negative bodies": (spoilt(2, b"-1"), f":2: {BODIES} '-1'"),
    "absurd bodies": (spoilt(2, b"999999999"), f":2: {BODIES} '999999999'"),
    "joint count": (spoilt(4, b"20"), ":4: expected 25 joints of body 0 in frame 0, found '20'"),
    "short header": (spoilt(3, b"7 0"), ":3: expected 10 numbers of body 0 in frame 0, found 2"),
    "no id": (spoilt(3, b"1.5" + b" 0" * 9), ":3: expected an id and 9 numbers of body 0 in frame 0, found '1.5 0"),
    "same id": (spoilt(30, LINES[2]), ":30: expected an id of body 1 in frame 0 that no other body has, found 7205"),
    "13 numbers": (row(b"2 2"), f":6: {JOINT} 13"),
    "word": (row(b"two"), f":6: {JOINT} 'two'"),
    "late word": (row(b"2", ninth=b"x9"), f":6: {JOINT} 'x9'"),
    "underscore": (row(b"2_0"), f":6: {JOINT} '2_0'"),
    "two points": (row(b"2.0.1"), f":6: {JOINT} '1 2.0.1 3'"),
    "nan": (row(b"nan"), f":6: {FINITE} '1 nan 3'"),
    "inf": (row(b"-inf"), f":6: {FINITE} '1 -inf 3'"),
    "beyond float32": (row(b"1e39"), f":6: {FINITE} '1 1e39 3'"),
    "blank line": (spoilt(6, b""), f":6: {JOINT} 0"),
    "rubbish behind": (b"\n".join([*LINES, b"x"]), ":112: expected the end of the file after 2 frames, found 'x'"),
    "nobody": (b"3\n0\n0\n0\n", ": no body in any of its 3 frames (a missing skeleton)"),
}


@pytest.mark.parametrize(("data", "message"), BAD.values(), ids=BAD)
def test_bad_files_are_refused_with_the_line_and_both_what_was_expected_and_found(tmp_path, data, message):
    item = write(tmp_path / FILE, data)
    with pytest.raises(ReadError, match=re.escape(f"{item.path}{message}")):
        NTU.read(item)


def test_absurd_counts_claim_no_memory(tmp_path):
    item = write(tmp_path / FILE, spoilt(1, b"1000000000"))
    tracemalloc.start()
    with pytest.raises(ReadError):
        NTU.read(item)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2**20


@pytest.mark.parametrize("name", ["walk.skeleton", "S001C002P003R002A013_x.skeleton", "S1C2P3R2A13.skeleton"])
def test_a_file_named_otherwise_is_refused_with_an_example_of_a_good_name(tmp_path, name):
    item = write(tmp_path / name, SHORT)
    with pytest.raises(ReadError, match=re.escape(f"{item.path}: expected a file named like {FILE}")):
        NTU.read(item)


def test_an_action_above_120_is_refused(tmp_path):
    with pytest.raises(ReadError, match="expected an action from 1 to 120 in the name, found 121"):
        NTU.read(write(tmp_path / "S001C001P001R001A121.skeleton", SHORT))


def test_nan_among_the_numbers_that_are_not_used_does_no_harm(tmp_path):
    odd = SHORT.replace(b"277.4 191.8", b"NaN -inf", 3)
    assert odd != SHORT
    got = NTU.read(write(tmp_path / FILE, odd))
    assert np.array_equal(got.joints, NTU.read(write(tmp_path / FILE, SHORT)).joints)


@pytest.mark.parametrize("change", [(b" ", b"  "), (b" ", b"\t"), (b"\n", b" \n"), (b"\n25\n", b"\n025\n")])
def test_other_spacing_reads_the_same(tmp_path, change):
    got = NTU.read(write(tmp_path / FILE, SHORT.replace(*change)))
    want = NTU.read(write(tmp_path / FILE, SHORT))
    assert np.array_equal(got.joints, want.joints)
    assert np.array_equal(got.identity, want.identity)


def test_there_are_120_different_labels():
    assert len(NTU.classes) == len(set(NTU.classes)) == 120
    assert [NTU.classes[number - 1] for number in (1, 27, 58, 60, 61, 120)] == [
        *("drink water", "jump up", "shake hands", "walk apart", "put on headphones", "rock-paper-scissors")
    ]


ODD_WORDS = [
    *(
        b"-0",
        b"+0",
        b"-.5",
        b"5.",
        b"1e-05",
        b"1E5",
        b"-7.25e+1",
        b"1e39",
        b"1e-400",
        b"0.1234567890123",
        b"123456789012345",
    ),
    *(
        b"-123456789012345",
        b"1234567890123456",
        b"-1234567890123456.5",
        b"0." + b"3" * 40,
        b"9" * 400,
        b"0" * 40 + b"1",
    ),
    *(
        b".",
        b"-",
        b"+",
        b"e",
        b"1e",
        b"1.2.3",
        b"--1",
        b"1-2",
        b"+-1",
        b"",
        b"02",
        b"+2",
        b"025",
        b"25.0",
        b"0" * 18 + b"2",
    ),
    *(b"nan", b"-inf", b"1_0", b"\t", b"1\t2", b"1\r2", b"\xb2", b"1,5"),
]


@st.composite
def frames_of_bodies(draw: st.DrawFn) -> list[list[tuple[int, np.ndarray]]]:
    """Up to 6 frames of up to 4 bodies, at least one somewhere."""
    ids = draw(st.lists(st.lists(st.integers(0, 10**20 - 1), max_size=4, unique=True), min_size=1, max_size=6))
    seed = draw(st.integers(0, 2**32 - 1))
    frames = [
        list(zip(bodies, points(1, len(bodies), 25, seed + frame)[0], strict=True)) for frame, bodies in enumerate(ids)
    ]
    return frames if any(ids) else [*frames, [(1, points(1, 1, 25, seed)[0, 0])]]


@given(frames=frames_of_bodies(), end=st.sampled_from(["\n", "\r\n"]))
def test_what_is_written_is_read_back_equal_and_as_the_slow_parser_reads_it(folder, frames, end):
    text = ntu_text(frames, end)
    item = write(folder / FILE, text)
    got = NTU.read(item)
    joints, identity = side_by_side([[(str(body), xyz.tolist()) for body, xyz in bodies] for bodies in frames])
    slow_joints, slow_identity = side_by_side(read_ntu_slowly(text))
    assert np.array_equal(got.joints, joints)
    assert np.array_equal(got.joints, slow_joints)
    assert np.array_equal(got.identity, identity)
    assert np.array_equal(got.identity, slow_identity)
    assert read_quickly(text) is not None, "a regular file must be read at once"
    assert_native_code_reads(text)
    assert_both_read_the_same(item, text)


@settings(max_examples=200)
@given(text=damaged(clip((), (FIRST,), (SECOND, FIRST), (THIRD,))))
def test_a_damaged_file_is_refused_or_holds_what_the_slow_parser_reads(folder, text):
    item = write(folder / FILE, text)
    got = read_or_refuse(NTU, item)
    if got is not None:
        joints, identity = side_by_side(read_ntu_slowly(text))
        assert np.array_equal(got.joints, joints)
        assert np.array_equal(got.identity, identity)
    assert_both_read_the_same(item, text)


@settings(max_examples=300)
@given(
    frames=frames_of_bodies(),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    tail=st.sampled_from([b"", b" ", b"\n\n", b"\r\n", b"\x0b", b"\n0", b" 0", b"\0"]),
    changes=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.sampled_from(ODD_WORDS)), max_size=3),
)
def test_other_ways_to_write_a_number_are_read_or_refused_as_line_by_line(folder, frames, end, tail, changes):
    words = re.split(rb"( |\r?\n)", ntu_text(frames, end))
    for place, word in changes:
        words[2 * int(place * len(words) / 2)] = word
    text = b"".join(words) + tail
    assert_both_read_the_same(write(folder / FILE, text), text)


@pytest.mark.parametrize("piece", [1, 7, 100])
def test_it_does_not_matter_where_one_piece_of_a_file_ends(monkeypatch, tmp_path, piece):
    monkeypatch.setattr(ntu_whole, "PIECE", piece)
    monkeypatch.setattr(decimals, "PIECE", piece)
    item = write(tmp_path / FILE, SHORT)
    assert read_quickly(SHORT) is not None
    assert_both_read_the_same(item, SHORT)
    for space in re.finditer(b" ", SHORT[:500]):
        assert read_quickly(SHORT[: space.end()] + b" " + SHORT[space.end() :]) is None


def assert_both_read_the_same(item: Item, text: bytes) -> None:
    """What is read at once is what is read line by line, to the last bit; a line that is refused is refused by all."""
    for bodies in (read_quickly(text), read_natively(text)):
        if bodies is not None:
            careful = read_carefully(item, text)
            assert bodies.frames == careful.frames
            assert np.array_equal(bodies.keys, careful.keys)
            assert bodies.joints.tobytes() == careful.joints.tobytes()


def assert_native_code_reads(text: bytes) -> None:
    """Where there is any."""
    assert (read_natively(text) is not None) == native.available()


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_native_code_reads_regular_files_and_refuses_a_space_or_line_end_too_many_anywhere(end):
    text = SHORT[: SHORT.index(b"\n", 500) + 1].replace(b"\n", end)
    whole = SHORT.replace(b"\n", end)
    assert_native_code_reads(whole)
    assert_native_code_reads(whole.removesuffix(end))
    for mark in re.finditer(rb" |\r?\n", text):
        for extra in (b" ", b"\n", b"\r", b"0 "):
            assert read_natively(whole[: mark.end()] + extra + whole[mark.end() :]) is None
    for cut in range(1, len(whole) - 10, 7):
        assert read_natively(whole[:cut]) is None


@pytest.mark.parametrize("word", [word for word in ODD_WORDS if word not in (b"", b"1\t2", b"\t", b"1\r2")])
def test_native_code_reads_a_number_as_python_does_or_refuses_it(word):
    text = clip((FIRST,)).replace(b"\n0.0 1.0 3.0 ", b"\n0.0 %b 3.0 " % word)
    assert text.count(b"\n0.0 %b 3.0 " % word) == 1
    bodies = read_natively(text)
    try:
        with np.errstate(over="ignore"):
            wanted = np.float32(float(word)) if set(word) <= set(b"0123456789+-.eE") else None
    except ValueError:
        wanted = None
    if wanted is None or not np.isfinite(wanted):
        assert bodies is None
    elif bodies is not None:
        assert bodies.joints[0, 3, 1].tobytes() == wanted.tobytes()
    else:
        assert not native.available() or word == b"1e-400"


@given(word=st.from_regex(r"[+-]?[0-9]{1,18}(\.[0-9]{0,18})?", fullmatch=True))
def test_native_code_reads_any_count_of_digits_as_python_does(word):
    text = clip((FIRST,))
    for joint in (3, 24):
        changed = text.replace(b"\n0.0 1.0 %d.0 " % joint, b"\n0.0 %b %d.0 " % (word.encode(), joint))
        assert changed != text or word == "1.0"
        assert_native_code_reads(changed)
        if native.available():
            assert read_natively(changed).joints[0, joint, 1].tobytes() == np.float32(float(word)).tobytes()


@given(data=st.binary(max_size=300) | st.text("0123456789 .-\n", max_size=300).map(str.encode))
def test_rubbish_is_refused(folder, data):
    assert read_or_refuse(NTU, write(folder / FILE, data)) is None


def test_golden_files_give_the_published_raw_coordinates(shared):
    golden = np.load(shared / "golden/ntu_preprocess.npz")
    folder = shared / "golden/ntu_raw"
    for row, name in enumerate(golden["names"]):
        got = NTU.read(Item(folder / f"{name}.skeleton"))
        two = np.zeros((150, 2, 25, 3), np.float32)
        two[: len(got.joints), : got.joints.shape[1]] = got.joints[:, :2]
        assert len(got.joints) == golden["frames"][row]
        assert got.action == golden["labels"][row]
        assert np.array_equal(two.transpose(3, 0, 2, 1), golden["raw_xyz"][row])


@pytest.mark.parametrize(("piece", "count"), [("golden/ntu_raw", 7), ("data/ntu_raw_real", 5)])
def test_given_files_read_as_the_slow_parser_reads_them(shared, piece, count):
    items = NTU.find(shared / piece)
    assert len(items) == count
    for item in items:
        text = item.path.read_bytes()
        joints, identity = side_by_side(read_ntu_slowly(text))
        got = NTU.read(item)
        assert np.array_equal(got.joints, joints)
        assert np.array_equal(got.identity, identity)
        assert read_quickly(text) is not None
        assert_native_code_reads(text)
        assert_both_read_the_same(item, text)


def test_ntu_120_has_60_more_classes_setups_to_32_and_subjects_to_106(tmp_path):
    got = NTU.read(write(tmp_path / "S032C003P106R002A120.skeleton", SHORT))
    assert (got.setup, got.subject, got.action) == (32, 106, 119)
    assert NTU.classes[119] == "rock-paper-scissors"
    assert NTU.classes[60] == "put on headphones"
    assert len(set(NTU.classes)) == 120
    with pytest.raises(ReadError, match="expected an action from 1 to 120 in the name, found 121"):
        NTU.read(write(tmp_path / "S032C003P106R002A121.skeleton", SHORT))

"""Array files that say more than they hold: refused before memory is reserved, with the file and the count."""

import io
import re
import struct
import tracemalloc
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest
from reader_files import body, mat_bytes

from skelact.data.readers import reader
from skelact.data.readers.lists import division_file
from skelact.data.readers.mapped import npy, npz
from skelact.data.readers.matlab import real_array
from skelact.data.recording import ReadError
from skelact.system.world import SkelactError

X = np.stack([body(2, 1, 25, clip) for clip in range(3)])


def header(text: str, version: int = 1, length: int | None = None) -> bytes:
    data = text.encode() + b"\n"
    count = len(data) if length is None else length
    return b"\x93NUMPY" + bytes([version, 0]) + struct.pack("<H" if version == 1 else "<I", count) + data


def described(kind: str = "'<f4'", shape: str = "(1,)") -> str:
    return f"{{'descr': {kind}, 'fortran_order': False, 'shape': {shape}, }}"


HEADERS = {
    "more numbers than bytes": (
        described(shape="(4000000000, 100)"),
        "expected 400000000000 values of 4 bytes, found 0",
    ),
    "more than a machine counts": (described(shape=f"({2**59}, {2**59})"), "values of 4 bytes, found 0 bytes"),
    "axes of 19 digits": (described(shape="(1000000000000000000, 0)"), "expected up to 32 axes of up to 18 digits"),
    "a length below nothing": (described(shape="(-1,)"), "expected descr, fortran_order and shape in its header"),
    "forty axes": (described(shape=f"({'1, ' * 40})"), "expected up to 32 axes"),
    "several fields": (described("[('a', '<f4'), ('b', '<f4')]"), "found an array of several fields"),
    "objects": (described("'|O'"), "it holds Python objects, which are not opened: save numbers or text"),
    "dates": (described("'<M8[ns]'"), "expected numbers or text, found <M8[ns]"),
    "text without letters": (described("'<U0'", "(1000000000000,)"), "values of 0 bytes, found 0 bytes"),
    "a call": ("__import__('os').getcwd()", "expected descr, fortran_order and shape in its header"),
    "brackets": ("(" * 9000, "expected descr, fortran_order and shape in its header"),
    "signs": ("{'descr': " + "-" * 9000 + "1}", "expected descr, fortran_order and shape in its header"),
}


@pytest.mark.parametrize(("text", "message"), HEADERS.values(), ids=HEADERS)
@pytest.mark.parametrize("version", [1, 2, 3])
def test_a_header_that_says_more_than_there_is_is_refused_with_file_and_count(tmp_path, text, message, version):
    (tmp_path / "x.npy").write_bytes(header(text, version))
    with pytest.raises(ReadError, match=rf"^{tmp_path}/x.npy: cannot be read: .*{re.escape(message)}"):
        npy(tmp_path / "x.npy")


def test_a_header_of_4_gb_is_not_reserved(tmp_path):
    (tmp_path / "x.npy").write_bytes(header(described(), 2, 2**32 - 1))
    tracemalloc.start()
    try:
        with pytest.raises(ReadError, match="expected a header of at most 10000 bytes, found 4294967295"):
            npy(tmp_path / "x.npy")
        assert tracemalloc.get_traced_memory()[1] < 2**20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("text", [described(), '{"shape":(1L,),"descr":"<f4","fortran_order":False}'])
def test_headers_of_other_writers_are_read(tmp_path, text):
    (tmp_path / "x.npy").write_bytes(header(text) + np.array([7], "<f4").tobytes())
    assert npy(tmp_path / "x.npy").tolist() == [7]


@pytest.mark.parametrize(
    "shape", ["(0, 2147483647, 1, 25, 3)", "(2147483647, 0, 1, 25, 3)", "(2147483647, 2, 1, 0, 3)"]
)
def test_an_empty_axis_beside_a_huge_one_makes_no_clips(tmp_path, shape):
    (tmp_path / "x.npy").write_bytes(header(described(shape=shape)))
    expected = "at least 1 clip" if shape.startswith("(0") else "an array with numbers along each of n, t, m, v, c"
    with pytest.raises(ReadError, match=f"x.npy: expected {expected}, found"):
        reader("arrays", tmp_path / "x.npy", axes="ntmvc", skeleton="kinect_v2")


def test_empty_axes_of_published_files_make_no_clips(tmp_path):
    hot = np.zeros((2**31, 0))
    arrays = {
        "x_train": np.zeros((2**31, 0, 150), "f4"),
        "y_train": hot,
        "x_test": X.reshape(3, 2, 75),
        "y_test": np.eye(3),
    }
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(ReadError, match=r"a.npz: expected x_train of n x t x .* numbers, found 2147483648 x 0 x 150"):
        reader("ctrgcn", tmp_path / "a.npz")
    np.savez(tmp_path / "a.npz", **{**arrays, "x_train": X.reshape(3, 2, 75), "y_train": np.zeros((3, 0))})
    with pytest.raises(ReadError, match=r"a.npz: expected y_train of 3 lines .*, found 3 x 0 of float64"):
        reader("ctrgcn", tmp_path / "a.npz")


def saved(array: np.ndarray) -> bytes:
    made = io.BytesIO()
    np.save(made, array)
    return made.getvalue()


def test_an_archive_of_thousands_of_arrays_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "many.npz", "w") as archive:
        for number in range(1001):
            archive.writestr(f"{number}.npy", b"")
    with pytest.raises(ReadError, match=r"many.npz: cannot be read: expected at most 1000 arrays, found 1001"):
        npz(tmp_path / "many.npz")
    with zipfile.ZipFile(tmp_path / "names.npz", "w") as archive:
        for number in range(50):
            archive.writestr(f"{number}{'a' * 60000}.npy", b"")
    with pytest.raises(
        ReadError, match=r"names.npz: .* expected a list of arrays of at most 1048576 bytes, found 30\d{5}"
    ):
        npz(tmp_path / "names.npz")


def test_an_archive_that_unpacks_to_many_times_its_bytes_is_refused_without_unpacking(tmp_path):
    np.savez_compressed(tmp_path / "bomb.npz", x=np.zeros(2**27, np.uint8))
    tracemalloc.start()
    try:
        with pytest.raises(
            ReadError, match=r"bomb.npz: array 'x': cannot be read: expected at most 32 times the bytes of"
        ):
            npz(tmp_path / "bomb.npz")
        assert tracemalloc.get_traced_memory()[1] < 2**24
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("lie", [-1, 1, 2**20, 2**31 - 1])
def test_a_size_in_an_archive_that_lies_is_refused(tmp_path, lie):
    path = tmp_path / "lie.npz"
    data = saved(np.arange(1000))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x.npy", data)
    size = struct.pack("<I", len(data))
    path.write_bytes(path.read_bytes().replace(size, struct.pack("<I", (len(data) + lie) % 2**32)))
    with pytest.raises(ReadError, match=r"lie.npz: array 'x': cannot be read: "):
        npz(path)


def test_real_padding_compresses_less_than_the_limit(tmp_path):
    """300 frames of two persons, of which 80 frames of one are used, as CTR-GCN's files are."""
    x = np.zeros((40, 300, 2, 25, 3), np.float32)
    x[:, :80, 0] = np.random.default_rng(0).normal(size=(40, 80, 25, 3))
    np.savez_compressed(tmp_path / "x.npz", x=x)
    assert np.array_equal(npz(tmp_path / "x.npz")["x"], x)
    assert x.nbytes > 5 * (tmp_path / "x.npz").stat().st_size


@pytest.mark.parametrize(("label", "clips"), [(2**31 - 1, 3), (10_000, 3)])
def test_a_label_far_beyond_the_clips_names_no_classes(tmp_path, label, clips):
    np.savez(tmp_path / "x.npz", x=X, labels=[0, label, 1])
    with pytest.raises(ReadError, match=f"x.npz: expected classes below 10000 in {clips} clips .*, found {label}"):
        reader("arrays", tmp_path / "x.npz", axes="ntmvc", skeleton="kinect_v2")


def test_a_few_clips_of_a_large_set_keep_their_numbers(tmp_path):
    np.savez(tmp_path / "x.npz", x=X, labels=[119, 3, 59])
    made = reader("arrays", tmp_path / "x.npz", axes="ntmvc", skeleton="kinect_v2")
    assert [made.read(item).action for item in made.find(tmp_path / "x.npz")] == [119, 3, 59]
    assert (len(made.classes), made.classes[119]) == (120, "class 119")


def test_labels_beyond_the_limit_are_read_with_a_list_of_classes(tmp_path):
    np.savez(tmp_path / "x.npz", x=X, labels=[10_000, 3, 59])
    (tmp_path / "classes.txt").write_text("".join(f"label {number}\n" for number in range(10_001)))
    made = reader("arrays", tmp_path / "x.npz", axes="ntmvc", skeleton="kinect_v2", classes=tmp_path / "classes.txt")
    assert made.classes[made.read(made.find(tmp_path / "x.npz")[0]).action] == "label 10000"


NAMES = {
    "escapes": (np.array(["a", "\x1b[31m", "c"]), r"names that can be printed, found '\u001b[31m' as number 1"),
    "bytes": (np.array([b"a", b"\xff", b"c"]), "names to be a list of texts, found other bytes"),
    "beyond letters": (np.full(3, 0x7FFFFFFF, "u4").view("U1"), "names to be a list of texts, found other bytes"),
    "numbers": (np.arange(3), "names to be a list of texts, found 3 of int64"),
    "nothing": (np.array(["", "b", "c"]), "a name of clip 0 that can be printed, found ''"),
    "two": (np.array(["a", "b"]), "3 names, found 2"),
}


@pytest.mark.parametrize(("names", "message"), NAMES.values(), ids=NAMES)
def test_names_that_cannot_be_shown_are_refused(tmp_path, names, message):
    np.savez(tmp_path / "x.npz", x=X, names=names)
    with pytest.raises(ReadError, match=re.escape(f"{tmp_path / 'x.npz'}: expected {message}")):
        reader("arrays", tmp_path / "x.npz", axes="ntmvc", skeleton="kinect_v2")


def test_names_may_be_bytes_of_utf8(tmp_path):
    np.savez(tmp_path / "x.npz", x=X, names=["é".encode(), b"b", b"c"])
    made = reader("arrays", tmp_path / "x.npz", axes="ntmvc", skeleton="kinect_v2")
    assert [made.read(item).name for item in made.find(tmp_path / "x.npz")] == ["é", "b", "c"]


def test_a_list_of_classes_that_is_no_text_is_refused(tmp_path):
    np.savez(tmp_path / "x.npz", x=X)
    (tmp_path / "latin.txt").write_bytes("für\n".encode("latin-1"))
    for name in ("latin.txt", "none.txt"):
        with pytest.raises(SkelactError, match=name):
            reader("arrays", tmp_path / "x.npz", axes="ntmvc", skeleton="kinect_v2", classes=tmp_path / name)


def test_a_matlab_file_that_unpacks_to_many_times_its_bytes_is_refused_without_unpacking():
    packed = zlib.compress(bytes(2**27))
    data = mat_bytes(np.ones((20, 3, 2)))[:128] + struct.pack("<II", 15, len(packed)) + packed
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match="expected compressed data of less than 16842752 bytes"):
            real_array(data, "d_skel")
        assert tracemalloc.get_traced_memory()[1] < 2**26
    finally:
        tracemalloc.stop()


def test_a_matlab_array_larger_than_any_clip_is_refused_by_its_size():
    data = mat_bytes(np.zeros((20, 3, 40_000), np.uint8), compress=True)
    with pytest.raises(ValueError, match="expected at most 2097152 numbers in d_skel, found 20 x 3 x 40000"):
        real_array(data, "d_skel")


def test_a_list_of_recordings_of_absurd_size_is_not_opened(tmp_path: Path):
    (tmp_path / "list.txt").write_bytes(b"a," * 2**20)
    with pytest.raises(ReadError, match=r"list.txt: expected a list of at most 1048576 bytes, found 2097152"):
        division_file(tmp_path / "list.txt")


def test_two_arrays_of_one_name_are_refused(tmp_path):
    held = io.BytesIO()
    np.save(held, X)
    with zipfile.ZipFile(tmp_path / "x.npz", "w") as archive:
        archive.writestr("x.npy", held.getvalue())
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("x.npy", held.getvalue())
    with pytest.raises(ReadError, match="expected one array of a name, found two"):
        npz(tmp_path / "x.npz")

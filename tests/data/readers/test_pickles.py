"""Pickles read without running them: every value that Python and numpy write, and what is refused by name."""

import pickle
import pickletools
import tracemalloc
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as stn

from skelact.data.readers.pickles import plain_pickle
from skelact.data.recording import ReadError

PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)


def read(folder: Path, data: bytes) -> object:
    path = folder / "a.pkl"
    path.write_bytes(data)
    return plain_pickle(path)


def same(one: object, other: object) -> bool:
    """Whether what was read is what Python reads: arrays to the bit, bytes whatever holds them."""
    if isinstance(other, np.ndarray):
        if other.dtype == object:
            return same(one, other.tolist())
        if not isinstance(one, np.ndarray) or one.shape != other.shape:
            return False
        native, wanted = (array.astype(array.dtype.newbyteorder("=")) for array in (one, other))
        return native.dtype == wanted.dtype and native.tobytes() == wanted.tobytes()
    if isinstance(other, bytes | bytearray):
        return isinstance(one, bytes | bytearray | memoryview) and bytes(one) == bytes(other)
    if isinstance(other, np.generic):
        return same(one, other.item())
    if isinstance(other, dict):
        return isinstance(one, dict) and [*one] == [*other] and all(same(one[key], other[key]) for key in other)
    if isinstance(other, list | tuple):
        return type(one) is type(other) and len(one) == len(other) and all(map(same, one, other))  # type: ignore[arg-type]
    return type(one) in (type(other), set) and (one == other or (one != one and other != other))


kinds = st.sampled_from(["?", "<i1", ">i2", "<i8", "u4", "<f2", ">f4", "<f8", "S3", "<U2", ">U2"])
letters = st.characters(exclude_categories=["Cs"])
keys = st.text(letters, max_size=4) | st.integers(-100, 100)
arrays = kinds.flatmap(lambda kind: stn.arrays(kind, stn.array_shapes(min_dims=0, max_dims=4, max_side=3, min_side=0)))
leaves = st.one_of(
    *(st.none(), st.booleans(), st.integers(-(2**63), 2**64 - 1), st.floats(), st.text(letters, max_size=300)),
    *(st.binary(max_size=300), st.binary(max_size=20).map(bytearray), st.sets(keys), st.frozensets(keys)),
    *(
        arrays,
        arrays.map(np.asfortranarray),
        arrays.map(np.transpose),
        arrays.map(lambda array: array[:1] if array.ndim else array),
    ),
    stn.arrays("f8", 1).map(lambda array: array[0]),
    st.lists(st.text(letters), max_size=3).map(lambda texts: np.array([*texts, None], object)[:-1]),
)
values = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(keys, inner, max_size=4)
        | st.dictionaries(keys, inner, max_size=4).map(OrderedDict)
        | inner.map(lambda value: [value, (value, value)])  # what is there twice is written once
    ),
    max_leaves=8,
)


@settings(max_examples=150)
@given(value=values, protocol=st.sampled_from(PROTOCOLS), shortened=st.booleans())
def test_plain_values_and_arrays_are_read_as_python_reads_them(folder, value, protocol, shortened):
    data = pickle.dumps(value, protocol)
    assert same(read(folder, pickletools.optimize(data) if shortened else data), pickle.loads(data))


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_arrays_and_texts_too_long_to_be_a_name_are_read_in_every_protocol(tmp_path, protocol):
    rng = np.random.default_rng(0)
    held = {"a": rng.normal(size=(30, 40, 50)), "b": rng.bytes(100_000), "c": rng.integers(0, 256, 70_000, np.uint8)}
    got = read(tmp_path, pickle.dumps(held, protocol))
    assert isinstance(got, dict)
    assert all(same(got[key], held[key]) for key in held)


PYTHON_2 = {
    "protocol 0": b"(lp1\nS'one'\np2\naS'l\\xe4nge'\np3\nacnumpy.core.multiarray\n_reconstruct\np4\n(cnumpy\nndarray\n"
    b"p5\n(I0\ntp6\nS'b'\np7\ntp8\nRp9\n(I1\n(I2\ntp10\ncnumpy\ndtype\np11\n(S'f4'\np12\nI0\nI1\ntp13\nRp14\n(I3\nS'<'\n"
    b"p15\nNNNI-1\nI-1\nI0\ntp16\nbI00\nS'\\x00\\x00\\x80?\\x00\\x00 \\xc1'\np17\ntp18\nba.",
    "protocol 2": b"\x80\x02]q\x01(U\x03oneq\x02U\x05l\xe4ngeq\x03cnumpy.core.multiarray\n_reconstruct\nq\x04"
    b"cnumpy\nndarray\nq\x05K\x00\x85U\x01b\x87Rq\x06(K\x01K\x02\x85cnumpy\ndtype\nq\x07U\x02f4K\x00K\x01\x87R"
    b"q\x08(K\x03U\x01<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89U\x08\x00\x00\x80?\x00\x00 \xc1tbe.",
}
"""['one', 'länge' in latin-1, array([1, -10], float32)], as Python 2 wrote them."""


@pytest.mark.parametrize(
    "data", [PYTHON_2["protocol 0"], PYTHON_2["protocol 2"].replace(b"\x06l\xe4nge", b"\x05l\xe4nge")]
)
def test_pickles_of_python_2_are_read_with_texts_as_latin_1(tmp_path, data):
    one, two, array = read(tmp_path, data)  # type: ignore[misc]
    assert (one, two) == ("one", "l\xe4nge")
    assert array.dtype == np.float32
    assert array.tolist() == [1, -10]


def test_numpy_1_and_2_name_the_same_things_otherwise(tmp_path):
    array = np.arange(6, dtype=">i4").reshape(2, 3)
    for protocol in PROTOCOLS:
        data = pickle.dumps([array, array[0, 1]], protocol)
        if protocol < 4:  # where a name's length is not written before it
            other = data.replace(b"numpy._core", b"numpy.core")
            assert other != data
            assert same(read(tmp_path, other), [array, array[0, 1]])
        assert same(read(tmp_path, data), [array, array[0, 1]])


def test_an_array_is_a_view_of_the_files_bytes_and_not_a_copy(tmp_path):
    size = 2**24
    (tmp_path / "a.pkl").write_bytes(pickle.dumps([np.zeros(size, np.uint8)] * 3, 4))
    tracemalloc.start()
    try:
        first, second, third = plain_pickle(tmp_path / "a.pkl")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert first is second is third
    assert not first.flags.writeable
    assert peak < 1.1 * size + 2**20


def test_the_refused_name_is_short_and_escaped(tmp_path):
    for name, found in {
        "system": "posix.system",
        "\x1b[31m": r"posix.\u001b[31m",
        "a" * 300: f"posix.{'a' * 54}...",
    }.items():
        with pytest.raises(ReadError) as error:
            read(tmp_path, f"cposix\n{name}\n.".encode())
        assert str(error.value).startswith(
            f"{tmp_path / 'a.pkl'}: not a pickle that can be read: {found} is not opened: "
            "only plain containers and numpy arrays are"
        )


def test_a_folder_and_a_missing_file_are_refused(tmp_path):
    for path in (tmp_path, tmp_path / "none.pkl"):
        with pytest.raises(ReadError, match="expected a file, found none"):
            plain_pickle(path)

"""The reader of MATLAB arrays, against SciPy, which writes and reads the same files."""

import io
import warnings

import numpy as np
import pytest
import scipy.io
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from reader_files import mat_bytes

from skelact.data.readers.matlab import real_array

NUMERIC = ["f8", "f4", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8"]


@given(
    array=st.sampled_from(NUMERIC).flatmap(
        lambda kind: arrays.arrays(np.dtype(kind), arrays.array_shapes(min_dims=2, max_dims=4, min_side=0, max_side=4))
    ),
    compress=st.booleans(),
)
def test_any_array_that_scipy_writes_is_read_as_scipy_reads_it(array, compress):
    data = mat_bytes(array, compress)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        wanted = scipy.io.loadmat(io.BytesIO(data))["d_skel"].astype(np.float64)
    got = real_array(data, "d_skel")
    assert got.dtype == np.float64
    assert np.array_equal(got, wanted, equal_nan=True)


@pytest.mark.parametrize("compress", [False, True])
def test_the_variable_is_found_among_others_of_other_kinds(compress):
    file = io.BytesIO()
    others = {"a": "text", "b": np.array([["x", 1]], object), "c": {"field": 3.0}, "d": 1j}
    scipy.io.savemat(file, {**others, "d_skel": np.arange(6.0).reshape(2, 3), "z": 2.0}, do_compression=compress)
    assert real_array(file.getvalue(), "d_skel").tolist() == [[0, 1, 2], [3, 4, 5]]


def test_a_file_of_the_other_byte_order_is_read():
    # By hand: double 1 x 2 named "ab", as a big-endian machine writes it.
    def element(kind: int, body: bytes) -> bytes:
        return kind.to_bytes(4, "big") + len(body).to_bytes(4, "big") + body + bytes(-len(body) % 8)

    flags = element(6, (6).to_bytes(4, "big") + bytes(4))
    shape = element(5, (1).to_bytes(4, "big") + (2).to_bytes(4, "big"))
    values = element(9, np.array([0.5, -3], ">f8").tobytes())
    data = b"by hand".ljust(124) + b"\x01\x00MI" + element(14, flags + shape + element(1, b"ab") + values)
    assert real_array(data, "ab").tolist() == [[0.5, -3]]


def test_a_size_beyond_the_bytes_there_claims_no_memory():
    data = mat_bytes(np.ones((20, 3, 2)))
    huge = data.replace((3).to_bytes(4, "little") + (2).to_bytes(4, "little"), b"\xff\xff\xff\x7f" * 2, 1)
    assert huge != data
    with pytest.raises(
        ValueError, match="expected 20 x 2147483647 x 2147483647 numbers of 8 bytes in d_skel, found 960"
    ):
        real_array(huge, "d_skel")

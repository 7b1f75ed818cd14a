"""Numbers of a text all at once: to the last bit what float() makes of them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skelact.data.readers.decimals import decimals

PLAIN = st.from_regex(r"[+-]?([0-9]{1,9}\.?[0-9]{0,9}|\.[0-9]{1,9})", fullmatch=True)
"""As NTU RGB+D writes most numbers."""
LONG = st.from_regex(r"[+-]?[0-9]{0,30}[0-9]\.?[0-9]{0,30}", fullmatch=True)
EXACT = st.floats(allow_nan=False, allow_infinity=False).map(repr) | st.floats(width=32, allow_nan=False).map(repr)


def read(words: list[str]) -> np.ndarray:
    text = " ".join(words)
    stops = np.cumsum([len(word) + 1 for word in words]) - 1
    starts = stops - [len(word) for word in words]
    return decimals(text.encode(), starts, stops)


@given(st.lists(PLAIN | LONG | EXACT, min_size=1, max_size=30))
def test_every_number_is_what_float_makes_of_it_to_the_last_bit(words):
    assert read(words).tobytes() == np.array([float(word) for word in words]).tobytes()


def test_numbers_of_every_length_and_place_of_the_point():
    digits = "987654321098765432"
    words = [digits[:length] for length in range(1, 18)]
    words += [word[:place] + "." + word[place:] for word in words for place in range(len(word) + 1)]
    words += [sign + word for sign in "+-" for word in words]
    assert read(words).tobytes() == np.array([float(word) for word in words]).tobytes()


def test_zero_keeps_its_sign():
    assert np.signbit(read(["-0", "0", "-0.000", "+0"])).tolist() == [True, False, True, False]


def test_none_are_none():
    assert len(decimals(b"1 2", np.zeros(0, np.int64), np.zeros(0, np.int64))) == 0


@pytest.mark.parametrize("word", ["", "-", ".", "+.", "1.2.3", "1-2", "--1", "1e", "e5", "x", "0x10", "1" * 20 + "x"])
def test_what_is_no_number_is_refused_as_float_refuses_it(word):
    with pytest.raises(ValueError, match="could not convert"):
        read(["7", word, "8"])

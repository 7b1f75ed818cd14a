"""Recordings that are long for the frames of a prepared clip."""

import numpy as np
import pytest

from skelact.data.squeezed import squeezed

NAMES = np.array(["short", "middle", "long"])


def test_nothing_is_said_of_recordings_of_at_most_eight_times_the_frames():
    assert squeezed(NAMES, np.array([1, 64, 256]), "robust", 32) == ""
    assert squeezed(NAMES, np.array([80, 100, 300]), "released", 50) == ""  # NTU RGB+D as published
    assert squeezed(NAMES[:0], np.zeros(0, np.int64), "robust", 32) == ""


def test_longer_ones_are_counted_and_the_longest_is_named_with_what_becomes_of_it():
    said = squeezed(NAMES, np.array([257, 20, 2000]), "robust", 32)
    for words in ("2 of 3 clips", "the longest, long, has 2000 frames", "62.5 become one", "at most 256 frames"):
        assert words in said
    assert "released" not in said


@pytest.mark.parametrize(("frames", "share"), [(50, "6.0 become one"), (100, "3.0 become one")])
def test_of_view_released_only_the_frames_that_it_takes_are_squeezed_and_the_rest_is_said_to_be_left_out(frames, share):
    said = squeezed(NAMES, np.array([200, 20, 2000]), "released", frames)
    for words in ("1 of 3 clips", "has 2000 frames, of which preparation released takes the first 300", share):
        assert words in said

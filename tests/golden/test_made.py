"""Nothing has changed against the arrays of our own making."""

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))
import made


@pytest.fixture(scope="module")
def now() -> dict[str, np.ndarray]:
    return made.arrays()


def test_the_same_arrays_are_pinned_as_are_made(now):
    assert set(np.load(made.FILE).files) == set(now)


@pytest.mark.parametrize("name", np.load(made.FILE).files)
def test_equals_what_was_made_before(now, name):
    kept = np.load(made.FILE)[name]
    assert now[name].dtype == kept.dtype
    # Draws are float32: their cosines and logarithms may differ in the last place between machines.
    np.testing.assert_allclose(now[name], kept, rtol=1e-5, atol=1e-6)

"""The tests' own instruments work: shapes are checked while they run, absent inputs skip, threads are few."""

import subprocess
import sys

import jaxtyping
import numpy as np
import pytest
import torch

from skelact.data.recording import Recording
from skelact.maths.losses import similarities


def recording(joints: np.ndarray, identity: np.ndarray) -> Recording:
    return Recording(name="clip", joints=joints, identity=identity)


def test_a_dataclass_takes_an_array_of_the_shape_it_names():
    made = recording(np.zeros((7, 2, 25, 3), np.float32), np.zeros((7, 2), np.int64))
    assert made.joints.shape == (7, 2, 25, 3)


@pytest.mark.parametrize(
    ("joints", "identity"),
    [
        (np.zeros((7, 2, 25, 2), np.float32), np.zeros((7, 2), np.int64)),  # two coordinates
        (np.zeros((7, 25, 3), np.float32), np.zeros((7, 2), np.int64)),  # no axis of persons
        (np.zeros((7, 2, 25, 3), np.float64), np.zeros((7, 2), np.int64)),  # double precision
        (np.zeros((7, 2, 25, 3), np.float32), np.zeros((6, 2), np.int64)),  # another number of frames
        (torch.zeros(7, 2, 25, 3), np.zeros((7, 2), np.int64)),  # another library's array
    ],
)
def test_a_dataclass_refuses_an_array_of_another_shape_type_or_library(joints, identity):
    with pytest.raises(jaxtyping.TypeCheckError):
        recording(joints, identity)


def test_a_function_refuses_arguments_whose_sizes_do_not_agree():
    z, key, bank = torch.ones(4, 8), torch.ones(4, 8), torch.ones(5, 8)
    assert similarities(z, key, bank, 1.0).shape == (4, 6)
    with pytest.raises(jaxtyping.TypeCheckError):
        similarities(z, key[:1], bank, 1.0)  # torch alone would repeat the one key for every clip
    with pytest.raises(jaxtyping.TypeCheckError):
        similarities(z.long(), key, bank, 1.0)


def test_nothing_is_checked_outside_tests():
    program = """
import torch
from skelact.maths.losses import similarities
x = torch.ones(4, 8)
print(similarities(x, x[:1], x, 1.0).shape)
"""
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ended.stdout.split() == ["torch.Size([4,", "5])"]


def test_an_absent_input_skips_the_test_that_asks_for_it_and_says_what_is_missing(shared):
    with pytest.raises(pytest.skip.Exception, match=r"needs \.\./shared/golden/absent\.npz"):
        _ = shared / "golden/absent.npz"


def test_two_test_processes_do_not_fight_for_cores():
    program = "import torch; print(torch.get_num_threads())"
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert int(ended.stdout) == torch.get_num_threads()

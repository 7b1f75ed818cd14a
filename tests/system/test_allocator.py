"""That memory is kept, given back, and left to a user who manages it; whether it helps is for `skelact bench`.

Each test looks at a process of its own: what others have allocated and freed decides where a tensor comes to lie.
"""

import os
import subprocess
import sys

import pytest

from skelact.system.allocator import kept_memory

MANAGED = ("MALLOC_MMAP_MAX_", "MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_", "LD_PRELOAD", "GLIBC_TUNABLES")
BEGIN = """
from pathlib import Path
import torch
from skelact.system.allocator import kept_memory

LARGE = 2**26  # bytes: above every threshold

def resident():
    (line,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) * 1024

def left_behind():
    before = resident()
    torch.ones(LARGE, dtype=torch.uint8)
    return resident() - before

torch.ones(1)
"""


def apart(code: str, **environment: str) -> None:
    """Run `code` after BEGIN in a fresh process; its failed assertions are this test's."""
    own = {name: value for name, value in os.environ.items() if name not in MANAGED}
    ended = subprocess.run([sys.executable, "-c", BEGIN + code], env=own | environment, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr


@pytest.fixture(autouse=True)
def _glibc(monkeypatch):
    for name in MANAGED:
        monkeypatch.delenv(name, raising=False)
    with kept_memory() as kept:
        if not kept:
            pytest.skip("only glibc can be told to keep memory")


def test_a_freed_tensor_stays_within_the_block_and_goes_at_its_end():
    apart(
        """
before = resident()
with kept_memory() as kept:
    assert kept
    assert left_behind() > LARGE // 2
    for _ in range(20):
        left_behind()
    settled = resident()
    for _ in range(20):
        left_behind()
    assert resident() - settled < LARGE // 2  # the same memory again and again
assert resident() - before < LARGE // 2
"""
    )


def test_an_inner_block_leaves_the_outer_one_as_it_is():
    apart(
        """
with kept_memory() as outer:
    with kept_memory() as inner:
        pass
    assert (outer, inner) == (True, False)
    assert left_behind() > LARGE // 2
"""
    )


def test_what_the_environment_says_stands():
    apart(
        """
with kept_memory() as kept:
    assert not kept
""",
        MALLOC_TRIM_THRESHOLD_="1000000",
    )


def test_nothing_is_changed_where_it_is_not_wanted():
    apart(
        """
with kept_memory(wanted=False) as kept:
    assert not kept
    assert left_behind() < LARGE // 2
"""
    )

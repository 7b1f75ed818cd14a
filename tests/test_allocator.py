"""That memory is kept, given back, and left to a user who manages it; whether it helps is for `skelact bench`."""

import sys
from pathlib import Path

import pytest
import torch

from skelact.allocator import kept_memory

LARGE = 2**26
"""Bytes: above every threshold."""


@pytest.fixture
def glibc(monkeypatch):
    for word in (
        "MALLOC_MMAP_MAX_",
        "MALLOC_MMAP_THRESHOLD_",
        "MALLOC_TRIM_THRESHOLD_",
        "LD_PRELOAD",
        "GLIBC_TUNABLES",
    ):
        monkeypatch.delenv(word, raising=False)
    if not sys.platform.startswith("linux"):
        pytest.skip("only glibc can be told to keep memory")
    with kept_memory() as kept:
        if not kept:
            pytest.skip("only glibc can be told to keep memory")


def _resident() -> int:
    (line,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) * 1024


def _made_and_freed() -> int:
    """Resident bytes that one large tensor leaves behind."""
    before = _resident()
    torch.ones(LARGE, dtype=torch.uint8)
    return _resident() - before


def test_a_freed_tensor_stays_within_the_block_and_goes_after_it(glibc):
    before = _resident()
    with kept_memory():
        assert _made_and_freed() > LARGE // 2
    assert _resident() - before < LARGE // 2
    assert _made_and_freed() < LARGE // 2


def test_an_inner_block_leaves_the_outer_one_as_it_is(glibc):
    with kept_memory() as outer:
        with kept_memory() as inner:
            pass
        assert (outer, inner) == (True, False)
        assert _made_and_freed() > LARGE // 2


def test_what_the_environment_says_stands(glibc, monkeypatch):
    monkeypatch.setenv("MALLOC_TRIM_THRESHOLD_", "1000000")
    with kept_memory() as kept:
        assert not kept


def test_nothing_is_changed_where_it_is_not_wanted(glibc):
    with kept_memory(wanted=False) as kept:
        assert not kept
        assert _made_and_freed() < LARGE // 2

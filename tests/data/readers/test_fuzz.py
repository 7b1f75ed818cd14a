"""Damaged files of every format and pickles made to do harm, each read in a child process within limits."""

import pytest
from fuzzing import FORMATS, HOSTILE_FORMATS, run, tasks_of
from hostile_pickles import GREEDY, HOSTILE

MUTATIONS = 2000
"""Over all formats; benchmarks/fuzz.py reads more."""
TOGETHER = 5
"""Formats whose files one child reads."""


@pytest.mark.parametrize(
    "formats", [FORMATS[at : at + TOGETHER] for at in range(0, len(FORMATS), TOGETHER)], ids=" ".join
)
def test_damaged_files_end_in_a_refusal_or_a_clip_within_time_and_memory(formats):
    found = run(tasks_of(formats, MUTATIONS * len(formats) // len(FORMATS)))
    assert set(found) == set(formats)
    assert sum(one.tasks for one in found.values()) == MUTATIONS * len(formats) // len(FORMATS)
    assert [trouble for one in found.values() for trouble in one.troubles] == []
    assert all(one.refused for one in found.values())


@pytest.mark.parametrize("name", HOSTILE_FORMATS)
def test_pickles_made_by_hand_to_do_harm_are_all_refused(name):
    numbers = range(len(HOSTILE) if name == "pyskl" else len(HOSTILE) - len(GREEDY))
    found = run([f"{name} hostile {number}" for number in numbers])[name]
    assert found.troubles == []
    assert (found.tasks, found.refused) == (len(numbers), len(numbers))
    assert found.tasks > 250

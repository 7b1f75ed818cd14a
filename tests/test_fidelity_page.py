"""docs/fidelity.md names a test in every row, and the tests that it names are there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "fidelity.md").read_text(encoding="utf-8").splitlines()
ROWS = [line for line in PAGE if line.startswith("| ") and not line.startswith("| |")]
HARMS = "| harm | `robust` | test in `data/test_preparation_robust.py` |"
FILES = sorted({file for line in PAGE for file in re.findall(r"`([\w/]+\.py)::", line)})


def test_every_row_has_six_cells_and_names_its_test():
    rows = [row for row in ROWS if row.startswith("| **")]
    assert len(rows) > 40
    for row in rows:
        assert row.count(" | ") == 5, row
        assert re.search(r"\| `[\w/]+\.py::test_\w+`(, `[\w/]+\.py::test_\w+`)* \|$", row), row


@pytest.mark.parametrize("file", FILES)
def test_the_tests_that_it_names_are_there(file):
    code = (ROOT / "tests" / file).read_text(encoding="utf-8")
    named = {test for line in PAGE for test in re.findall(rf"`{re.escape(file)}::(test_\w+)`", line)}
    assert named
    assert {test for test in named if f"def {test}(" not in code} == set()


def test_every_harm_of_the_released_preparation_names_its_test():
    code = (ROOT / "tests" / "data" / "test_preparation_robust.py").read_text(encoding="utf-8")
    start = PAGE.index(HARMS)
    rows = PAGE[start + 2 : PAGE.index("", start)]
    assert len(rows) == 5
    for row in rows:
        names = re.findall(r"`(test_\w+)`", row)
        assert names, row
        assert all(f"def {name}(" in code for name in names), row

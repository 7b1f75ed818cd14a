"""docs/fidelity.md links to a test in every row, and the tests that it names are there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "fidelity.md").read_text(encoding="utf-8").splitlines()
LINK = r'\[test\]\(\.\./tests/([\w/]+\.py) "(test_\w+)"\)'
ROWS = [line for line in PAGE if line.startswith("| **")]
HARMS = "| harm | `robust` | test |"
LONGEST_CELL = 100
NAMED = {link for line in PAGE for link in re.findall(LINK, line)}
FILES = sorted({file for file, _ in NAMED})


def cells(row: str) -> list[str]:
    return [cell.strip() for cell in row.strip("|").split(" | ")]


def test_every_row_has_six_short_cells_and_links_to_its_test():
    assert len(ROWS) > 60
    for row in ROWS:
        *texts, tests = cells(row)
        assert len(texts) == 5, row
        assert re.fullmatch(rf"{LINK}(, {LINK})*", tests), row
        assert max(map(len, texts)) <= LONGEST_CELL, row


@pytest.mark.parametrize("file", FILES)
def test_the_tests_that_it_names_are_there(file):
    code = (ROOT / "tests" / file).read_text(encoding="utf-8")
    assert {test for where, test in NAMED if where == file and f"def {test}(" not in code} == set()


def test_no_test_is_named_without_a_link():
    assert [line for line in PAGE if "test_" in re.sub(LINK, "", line)] == []


def test_every_harm_of_the_released_preparation_links_to_its_test():
    start = PAGE.index(HARMS)
    rows = PAGE[start + 2 : PAGE.index("", start)]
    assert len(rows) == 6
    assert all(re.fullmatch(LINK, cells(row)[2]) for row in rows)


def test_every_link_within_the_page_leads_to_a_heading():
    headings = {re.sub(r"[^\w -]", "", line.lstrip("# ").lower()).replace(" ", "-") for line in PAGE if line[:1] == "#"}
    assert {anchor for line in PAGE for anchor in re.findall(r"\]\(#([\w-]+)\)", line)} <= headings

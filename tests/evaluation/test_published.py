"""Published numbers: the data file against the paper's text, and against itself."""

import re
from collections import Counter

import pytest

from skelact.evaluation.results.published import (
    COLUMNS,
    FUSED,
    TABLES,
    published,
    published_name,
    read_published,
    table_row,
)
from skelact.system.world import SkelactError

AIMCLR = tuple(entry for entry in TABLES if entry.source.startswith("AimCLR, table"))
CELLS = {1: 5 * 2, 2: 8 * 5, 3: 4 * 4, 4: 12 * 2 - 2, 5: 8 * 2, 6: 6 * 2, 7: 12 * 4 - 10, 8: 5 * 4}
"""Rows by columns of each table, less the dashes."""
ROWS = {1: 5, 2: 8, 3: 4, 4: 12, 5: 8, 6: 6, 7: 12, 8: 5}


def table_of(entry) -> int:
    return int(entry.source.rsplit(" ", 1)[1])


@pytest.mark.parametrize(
    ("asked", "top1", "table"),
    [
        (("NTU-60", "xsub", "aimclr", "joint", "linear"), 74.3, 2),
        (("NTU-60", "xview", "SkeletonCLR", "motion", "linear"), 50.8, 2),
        (("NTU-120", "xset", "aimclr", "bone", "linear"), 63.4, 2),
        (("PKU-MMD I", "xsub", "aimclr", FUSED, "linear"), 87.8, 2),
        (("PKU-MMD II", "xsub", "aimclr-3s", FUSED, "linear"), 39.5, 5),
        (("PKU-MMD II", "xsub", "aimclr", FUSED, "semi", "10%"), 33.4, 7),
        (("NTU-120", "xsub", "skeletonclr", "bone", "finetune"), 73.6, 8),
        (("NTU-60", "xview", "st-gcn", FUSED, "supervised"), 91.4, 8),
    ],
)
def test_a_number_is_found_for_exactly_its_task(asked, top1, table):
    found = published(*asked)
    assert found is not None
    assert (found.top1, found.source) == (top1, f"AimCLR, table {table}")


@pytest.mark.parametrize(
    "asked",
    [
        ("NTU-60", "xsub", "aimclr", "joint", "knn"),
        ("NTU-60", "xsub", "", "joint", "linear"),
        ("utd", "xsub", "aimclr", "joint", "linear"),
        ("NTU-60", "subject=1,2", "aimclr", "joint", "linear"),
        ("NTU-60", "xsub", "aimclr", FUSED, "semi"),
    ],
)
def test_for_anything_else_there_is_none(asked):
    assert published(*asked) is None


def test_tables_that_repeat_a_task_agree_on_its_number():
    numbers = {}
    for entry in AIMCLR:
        task = (entry.dataset, entry.split, entry.method, entry.stream, entry.protocol, entry.setting)
        assert numbers.setdefault(task, entry.top1) == entry.top1


def test_every_table_has_the_rows_and_cells_of_the_paper():
    assert Counter(table_of(entry) for entry in AIMCLR) == CELLS
    assert {table: max(e.row for e in AIMCLR if table_of(e) == table) for table in ROWS} == ROWS
    assert {(table_of(entry), entry.row) for entry in AIMCLR} == {
        (t, row) for t in ROWS for row in range(1, ROWS[t] + 1)
    }


GAINS = {
    "joint": (6.0, 3.3, 2.5, 6.6, 7.5),
    "motion": (13.5, 19.8, 8.6, 17.7, 14.2),
    "bone": (3.8, 9.6, 9.4, 14.5, 11.4),
    FUSED: (3.9, 4.0, 2.5, 7.5, 6.2),
}
"""The differences that table 2 prints beside its numbers."""


@pytest.mark.parametrize("place", range(4))
def test_rows_of_table_2_differ_by_the_gains_that_it_prints(place):
    before, after = (table_row("AimCLR, table 2", 2 * place + row) for row in (1, 2))
    assert before[0].stream == after[0].stream == list(GAINS)[place]
    differences = [round(own.top1 - other.top1, 1) for own, other in zip(after, before, strict=True)]
    assert differences == list(GAINS[before[0].stream])


def test_the_ablation_begins_and_ends_with_the_fused_rows_of_table_2():
    def first_two(table: int, row: int) -> list[float]:
        return [entry.top1 for entry in table_row(f"AimCLR, table {table}", row)[:2]]

    assert first_two(1, 1) == first_two(2, 7)
    assert first_two(1, 5) == first_two(2, 8)


def test_the_longest_runs_of_table_3_are_those_of_table_4_but_for_the_reproduced():
    longest = {entry.label: entry.top1 for entry in AIMCLR if entry.setting == "300 epochs"}
    table_4 = {e.label: e.top1 for e in AIMCLR if table_of(e) == 4 and e.split == "xsub" and e.stream == FUSED}
    assert {label for label in longest if "repro" in label} == {"3s-SkeletonCLR(repro.)", "3s-CrosSCLR(repro.)§"}
    assert {label: table_4[label] for label in longest if "repro" not in label} == {
        label: top1 for label, top1 in longest.items() if "repro" not in label
    }


def test_every_number_from_outside_the_paper_says_whose_it_is():
    others = [entry for entry in TABLES if entry not in AIMCLR]
    assert Counter(entry.source for entry in others) == {
        "AimCLR repository, README": 12,
        "SkeAttnCLR, second-hand list": 5,
    }
    assert all("github.com/" in entry.note for entry in others)


@pytest.mark.parametrize(
    ("dataset", "classes", "clips", "name"),
    [
        ("ntu", 60, 56_880, "NTU-60"),
        ("ntu", 60, 56_578, "NTU-60"),
        ("ntu", 120, 113_945, "NTU-120"),
        ("ntu", 60, 5_000, "ntu"),
        ("ntu", 5, 5, "ntu"),
        ("ucla", 10, 1_484, "ucla"),
    ],
)
def test_only_a_whole_data_set_has_its_published_name(dataset, classes, clips, name):
    assert published_name(dataset, classes, clips) == name


GOOD = "AimCLR,1,1,NA,aimclr,joint,NTU-60,xsub,linear,NA,75.0,"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (GOOD.replace("75.0", "750"), "top1: Input should be less than 100, found '750'"),
        (GOOD.replace("75.0", "many"), "top1: .*found 'many'"),
        (GOOD.replace("joint", "colour"), "stream: .*found 'colour'"),
        (GOOD.replace("linear", "liner"), "protocol: .*found 'liner'"),
        (GOOD + ",", "expected 12 values"),
        (GOOD[:-7], "expected 12 values"),
    ],
)
def test_a_line_that_is_wrong_is_named_with_what_is_wrong_in_it(line, said):
    with pytest.raises(SkelactError, match=f"^numbers.csv:2: {said}"):
        list(read_published([",".join(COLUMNS), line], "numbers.csv"))


def test_a_cell_that_is_there_twice_and_a_strange_heading_are_refused():
    with pytest.raises(SkelactError, match=r"^n.csv:3: .* found that of line 2 again"):
        list(read_published([",".join(COLUMNS), GOOD, GOOD.replace("75.0", "76.0")], "n.csv"))
    with pytest.raises(SkelactError, match=r"^n.csv:1: expected the columns source, table"):
        list(read_published(["paper," + ",".join(COLUMNS[1:])], "n.csv"))


STARTS = {
    1: "w/ NA w/ EA",
    2: "Method Stream",
    3: "Method 100ep",
    4: "Method NTU-60(%)",
    5: "Method part I(%)",
    6: "Method xsub(%)",
    7: "Method PKU-MMD(%)",
    8: "Method NTU-60(%) NTU-120(%)",
}
"""First words of the heading of each table in the paper's text."""


@pytest.mark.parametrize("table", STARTS)
def test_the_cells_of_every_row_are_those_that_the_paper_prints_in_their_order(shared, table):
    (paper,) = (path for path in (shared / "seeds").iterdir() if path.name.startswith("001"))
    lines = paper.read_text(encoding="utf-8").splitlines()
    end = next(place for place, line in enumerate(lines) if line.startswith(f"Table {table}:"))
    start = max(place for place in range(end) if lines[place].startswith(STARTS[table]))
    without_gains = [re.sub(r"\\uparrow \d+\.\d", "", line) for line in lines[start:end]]
    printed = [re.findall(r"(?<!\S)(?:\d+\.\d|-)(?!\S)", line) for line in without_gains]
    printed = [cells for cells in printed if any(cell != "-" for cell in cells)]
    columns = list(dict.fromkeys((e.dataset, e.split, "" if table in (1, 7) else e.setting) for e in _whole(table)))
    assert len(printed) == ROWS[table]
    for row, cells in enumerate(printed, start=1):
        found = {
            (e.dataset, e.split, "" if table in (1, 7) else e.setting): str(e.top1)
            for e in table_row(f"AimCLR, table {table}", row)
        }
        assert [found.get(column, "-") for column in columns] == cells


def _whole(table: int):
    """The cells of a row of a table that has no dash."""
    rows = [table_row(f"AimCLR, table {table}", row) for row in range(1, ROWS[table] + 1)]
    return max(rows, key=len)

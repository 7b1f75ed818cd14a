"""Published numbers."""

import re

import pytest

from skelact.evaluate.published import TABLES, published, published_name


@pytest.mark.parametrize(
    ("asked", "top1"),
    [
        (("NTU-60", "xsub", "aimclr", "joint", "linear"), 74.3),
        (("NTU-60", "xview", "SkeletonCLR", "motion", "linear"), 50.8),
        (("NTU-120", "xset", "aimclr", "bone", "linear"), 63.4),
        (("PKU-MMD I", "xsub", "aimclr", "joint+motion+bone", "linear"), 87.8),
    ],
)
def test_a_number_is_found_for_exactly_its_task(asked, top1):
    found = published(*asked)
    assert found is not None
    assert (found.top1, found.source) == (top1, "AimCLR, table 2")


@pytest.mark.parametrize(
    "asked",
    [
        ("NTU-60", "xsub", "aimclr", "joint", "knn"),
        ("NTU-60", "xsub", "", "joint", "linear"),
        ("utd", "xsub", "aimclr", "joint", "linear"),
        ("NTU-60", "subject=1,2", "aimclr", "joint", "linear"),
    ],
)
def test_for_anything_else_there_is_none(asked):
    assert published(*asked) is None


def test_tables_that_repeat_a_task_agree_on_its_number():
    numbers = {}
    for entry in TABLES:
        task = (entry.dataset, entry.split, entry.method, entry.stream, entry.protocol)
        assert numbers.setdefault(task, entry.top1) == entry.top1


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


def test_every_number_stands_in_the_paper(shared):
    (paper,) = (path for path in (shared / "seeds").iterdir() if path.name.startswith("001"))
    lines = paper.read_text(encoding="utf-8").splitlines()
    numbers = [set(re.findall(r"\d+\.\d", line.split("\\uparrow")[0] + line)) for line in lines]
    for entry in TABLES:
        assert any(str(entry.top1) in found for found in numbers), entry

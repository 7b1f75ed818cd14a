"""Which clips keep their labels."""

import csv
from decimal import ROUND_HALF_EVEN, Decimal

import numpy as np
import pytest

from skelact.evaluation.subset import chosen, kept_or_chosen
from skelact.system.world import SkelactError

NAMES = np.array([f"clip{number:03}" for number in range(200)])
LABELS = np.array([0] * 100 + [1] * 60 + [2] * 34 + [5] * 6)


def counts(places):
    return {int(label): int((LABELS[places] == label).sum()) for label in np.unique(LABELS)}


@pytest.mark.parametrize(
    ("share", "expected"),
    [
        (0.01, {0: 1, 1: 1, 2: 1, 5: 1}),
        (0.05, {0: 5, 1: 3, 2: 2, 5: 1}),
        (0.1, {0: 10, 1: 6, 2: 3, 5: 1}),
        (1.0, {0: 100, 1: 60, 2: 34, 5: 6}),
    ],
)
def test_every_class_gives_its_share_and_at_least_one_clip(share, expected):
    places = chosen(NAMES, LABELS, share, seed=0)
    assert counts(places) == expected
    assert len(set(places.tolist())) == len(places)


@pytest.mark.parametrize("share", ["0.03", "0.05", "0.1", "0.25", "0.75", "1"])
def test_released_every_class_gives_its_share_half_to_even_and_possibly_none(share):
    labels = np.repeat(np.arange(12), np.arange(1, 13) * 2)
    names = np.array([f"clip{number:03}" for number in range(len(labels))])
    places = chosen(names, labels, float(share), 0, "released")
    found = [int((labels[places] == label).sum()) for label in range(12)]
    exact = [Decimal(share) * 2 * count for count in range(1, 13)]
    assert found == [int(one.quantize(Decimal(1), ROUND_HALF_EVEN)) for one in exact]
    assert set(places.tolist()) <= set(chosen(names, labels, float(share), 0).tolist())


def test_a_share_that_leaves_no_class_a_clip_is_refused_with_what_would_do():
    with pytest.raises(SkelactError, match=r"share of 0.004 of the 100 clips of the largest class rounds to 0; give"):
        chosen(NAMES, LABELS, 0.004, 0, "released")
    assert len(chosen(NAMES, LABELS, 0.004, 0)) == 4


def test_a_file_may_lack_classes_only_where_a_class_may_have_no_clip(tmp_path):
    path = tmp_path / "labels.csv"
    places = kept_or_chosen(path, NAMES, LABELS, 0.01, 0, "released")
    assert counts(places) == {0: 1, 1: 1, 2: 0, 5: 0}
    assert kept_or_chosen(path, NAMES, LABELS, 0.01, 0, "released").tolist() == places.tolist()
    with pytest.raises(SkelactError, match=r"at least 1 clip of each of the 4 classes, found none of 2, 5"):
        kept_or_chosen(path, NAMES, LABELS, 0.01, 0)
    path.write_text("name,action\n")
    with pytest.raises(SkelactError, match=r"found none of 0, 1, 2, 5"):
        kept_or_chosen(path, NAMES, LABELS, 0.01, 0, "released")


def test_a_smaller_share_of_a_seed_is_part_of_a_larger_one():
    one, five, ten = (set(chosen(NAMES, LABELS, share, 3).tolist()) for share in (0.01, 0.05, 0.1))
    assert one < five < ten


def test_another_seed_chooses_other_clips():
    assert set(chosen(NAMES, LABELS, 0.1, 0).tolist()) != set(chosen(NAMES, LABELS, 0.1, 1).tolist())


def test_the_order_of_the_clips_does_not_matter():
    mixed = np.random.default_rng(0).permutation(len(NAMES))
    straight = chosen(NAMES, LABELS, 0.1, 7)
    assert set(NAMES[mixed][chosen(NAMES[mixed], LABELS[mixed], 0.1, 7)]) == set(NAMES[straight])


def test_over_many_seeds_every_clip_of_a_class_is_chosen_about_as_often():
    times = np.zeros(100)
    for seed in range(400):
        times[chosen(NAMES[:100], LABELS[:100], 0.1, seed)] += 1
    assert times.sum() == 4000
    assert 40 - 5 * 6 < times.min() <= times.max() < 40 + 5 * 6  # binomial(400, 0.1): mean 40, deviation 6


def test_the_choice_is_written_by_name_and_class_and_read_back(tmp_path):
    path = tmp_path / "labels.csv"
    places = kept_or_chosen(path, NAMES, LABELS, 0.05, 2)
    assert places.tolist() == chosen(NAMES, LABELS, 0.05, 2).tolist()
    with open(path, newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["name"], int(row["action"])) for row in rows] == [(NAMES[p], LABELS[p]) for p in places]
    assert kept_or_chosen(path, NAMES, LABELS, 0.05, 2).tolist() == places.tolist()


def test_a_file_that_is_there_decides_whatever_the_seed(tmp_path):
    path = tmp_path / "labels.csv"
    path.write_text("name,action\nclip150,1\nclip007,0\nclip199,5\nclip160,2\n")
    assert kept_or_chosen(path, NAMES, LABELS, 0.5, 9).tolist() == [7, 150, 160, 199]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("clip,label\nclip007,0\n", r":1: expected the columns name,action, found clip,label"),
        ("name,action\nclip007,0\nclip7,0\n", r":3: 'clip7' is not among the 200 train clips"),
        ("name,action\nclip007,1\n", r":2: expected action 0 for clip007, found 1"),
        ("name,action\nclip007,0\nclip007,0\n", r":3: clip007 is repeated"),
        ("name,action\nclip007\n", r":2: expected a name and an action, found 1 entries"),
        ("name,action\nclip007,0\nclip150,1\n", r"at least 1 clip of each of the 4 classes, found none of 2, 5"),
        ("", r"at least 1 clip of each of the 4 classes, found none of 0, 1, 2, 5"),
    ],
)
def test_a_file_that_does_not_fit_is_refused_by_line(tmp_path, text, said):
    path = tmp_path / "labels.csv"
    path.write_text(text)
    with pytest.raises(SkelactError, match=said):
        kept_or_chosen(path, NAMES, LABELS, 0.1, 0)


def test_a_file_that_is_no_text_is_refused_by_name(tmp_path):
    path = tmp_path / "seed0.csv"
    kept_or_chosen(path, NAMES, LABELS, 0.1, 0)
    for content in (path.read_bytes() + b"\xff", b"name,action\n" + b'"' + b"a" * 200_000):
        path.write_bytes(content)
        with pytest.raises(SkelactError, match=r"seed0\.csv: cannot be read as the list of labelled clips"):
            kept_or_chosen(path, NAMES, LABELS, 0.1, 0)


def test_other_clips_than_a_seed_chooses_are_taken_with_a_word(tmp_path, capsys):
    path = tmp_path / "seed0.csv"
    places = kept_or_chosen(path, NAMES, LABELS, 0.1, 0)
    assert kept_or_chosen(path, NAMES, LABELS, 0.1, 0).tolist() == places.tolist()
    assert capsys.readouterr().err == ""
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(lines[:1] + lines[2:]))
    assert kept_or_chosen(path, NAMES, LABELS, 0.1, 0).tolist() == places.tolist()[1:]
    assert f"{path}: other clips than seed 0 chooses" in capsys.readouterr().err

"""Retrieval against loops, and its closed forms."""

import json
import math

import numpy as np
import pytest
import torch

from skelact.data.splits import split
from skelact.encoders.file import random_encoder
from skelact.evaluation.protocols.retrieval import RetrievalConfig, Retrieved, ranked
from skelact.evaluation.reading import read_result
from skelact.evaluation.run import evaluate_run
from skelact.maths.ranking import average_precisions
from skelact.system.world import SkelactError
from skelact.train.task import Task, standardised

SPLIT = "subject=0,1,2"
REST = RetrievalConfig(gallery="test")


def same(task: Task) -> Task:
    return task


def task_of(encoder, store) -> Task:
    """The split's features, without a cache."""
    found = torch.from_numpy(encoder.embed(store.prepared("released", 8).clips, progress=False))
    rows, labels = split(store, SPLIT), torch.from_numpy(store.table["action"])
    return Task(found[rows.train], labels[rows.train], found[rows.test], labels[rows.test], 4)


def make(seed=0, clips=30, queries=20, classes=4) -> Task:
    generator = torch.Generator().manual_seed(seed)
    train, test = (torch.randn(count, 5, generator=generator) for count in (clips, queries))
    labels = [torch.randint(classes, (count,), generator=generator) for count in (clips, queries)]
    return Task(train, labels[0], test, labels[1], classes)


def slow(query: np.ndarray, own: int, gallery: np.ndarray, labels: np.ndarray) -> tuple[float, int]:
    """Average precision and rank of the first hit, by loops over the sorted gallery."""
    cosine = [float(query @ row / np.linalg.norm(query) / np.linalg.norm(row)) for row in gallery]
    order = sorted(range(len(gallery)), key=lambda row: -cosine[row])
    hits, total, first = 0, 0.0, len(gallery) + 1
    for rank, row in enumerate(order, start=1):
        if labels[row] == own:
            hits += 1
            total += hits / rank
            first = min(first, rank)
    return (total / hits if hits else math.nan), first


@pytest.mark.parametrize("seed", range(3))
def test_average_precision_and_first_hit_are_those_of_the_loops(seed, monkeypatch):
    monkeypatch.setattr("skelact.maths.ranking.PIECE", 100)  # three queries a piece
    task = make(seed)
    train, test = task.train.double().numpy(), task.test.double().numpy()
    expected = [
        slow(query, int(own), train, task.train_labels.numpy())
        for query, own in zip(test, task.test_labels, strict=True)
    ]
    precision, first = average_precisions(task.test, task.test_labels, task.train, task.train_labels)
    np.testing.assert_allclose(precision, [one[0] for one in expected], rtol=1e-6)
    assert first.tolist() == [one[1] for one in expected]
    found = ranked(task, RetrievalConfig(recall=(1, 3, 5)))
    assert found.map == pytest.approx(100 * np.mean([one[0] for one in expected]))
    assert found.recall == pytest.approx({k: 100 * np.mean([one[1] <= k for one in expected]) for k in (1, 3, 5)})


def test_among_the_test_clips_each_is_left_out_of_its_own_search():
    task = make(4)
    test, labels = task.test.double().numpy(), task.test_labels.numpy()
    others = [np.delete(np.arange(20), row) for row in range(20)]
    expected = [slow(test[row], labels[row], test[other], labels[other]) for row, other in enumerate(others)]
    precision, first = average_precisions(task.test, task.test_labels)
    np.testing.assert_allclose(precision, [one[0] for one in expected], rtol=1e-6)
    assert first.tolist() == [one[1] for one in expected]


def test_classes_in_directions_of_their_own_are_retrieved_perfectly():
    labels = torch.arange(12) % 3
    task = Task(torch.eye(3)[labels], labels, torch.eye(3)[labels] * 7, labels, 3)
    for config in (RetrievalConfig(), REST):
        assert ranked(task, config).map == pytest.approx(100)
        assert ranked(task, config).recall == {1: 100, 5: 100}


def test_features_that_tell_nothing_apart_get_the_lowest_precision_whatever_the_order():
    labels = torch.tensor([0, 0, 1, 1])
    task = Task(torch.ones(4, 2), labels, torch.ones(2, 2), torch.tensor([0, 1]), 2)
    # The two relevant clips come last: precisions 1/3 and 2/4.
    assert ranked(task, RetrievalConfig()).map == pytest.approx(100 * (1 / 3 + 2 / 4) / 2)
    assert ranked(task, RetrievalConfig(recall=(1, 2, 3))).recall == {1: 0, 2: 0, 3: 100}


def test_random_features_retrieve_about_the_share_of_a_class():
    found = ranked(make(9, clips=2000, queries=300), RetrievalConfig())
    assert found.map == pytest.approx(25, abs=2)
    assert found.recall[1] == pytest.approx(25, abs=8)
    assert found.recall[5] == pytest.approx(100 * (1 - 0.75**5), abs=8)


def test_a_query_whose_class_is_not_there_is_left_out():
    task = make(2)
    labels = torch.where(torch.arange(20) == 3, 9, task.test_labels)
    precision, _ = average_precisions(task.test, labels, task.train, task.train_labels)
    assert precision.isnan().nonzero().flatten().tolist() == [3]
    nothing = Task(task.train, task.train_labels, task.test, task.test_labels + 10, 20)
    with pytest.raises(SkelactError, match="none of the 20 test clips has a clip of its class"):
        ranked(nothing, RetrievalConfig())


def test_the_result_has_its_figures_and_a_control_of_the_same_kind(run, store, card):
    result = evaluate_run("retrieval", run, store.path, SPLIT, seeds=2, progress=False)
    assert isinstance(result, Retrieved)
    file = run / "evaluate" / f"retrieval-store-{SPLIT}.json"
    values = json.loads(file.read_text())
    assert {"protocol", "split", "classes", "map", "recall", "control", "seeds", "seconds"} <= values.keys()
    assert values["recall"].keys() == values["control"]["recall"].keys() == {"1", "5"}
    assert result.control.map == max(result.control.plain.map, result.control.standardised.map)
    assert read_result(file) == result
    kept = np.load(file.with_suffix(".npz"))
    assert result.map == pytest.approx(100 * kept["precision"].mean(), rel=1e-5)
    assert kept["names"].tolist() == [f"clip{row:02}" for row in (9, 10, 11, 21, 22, 23)]
    controls = [task_of(random_encoder(card, seed), store) for seed in (0, 1)]
    maps = [
        np.mean([ranked(change(one), RetrievalConfig()).map for one in controls]) for change in (same, standardised)
    ]
    assert [result.control.plain.map, result.control.standardised.map] == pytest.approx(maps, rel=1e-5)

"""Ridge regression as a readout: its closed form, and how its strength is chosen."""

import numpy as np
import pytest
import torch

from skelact.train import ridge as ridges
from skelact.train.ridge import ridge
from skelact.train.task import Task, standardised


def clips(train: int = 60, test: int = 30, d: int = 8, classes: int = 3, noise: float = 1.0, seed: int = 0) -> Task:
    made = torch.Generator().manual_seed(seed)
    means = torch.randn(classes, d, generator=made)
    labels = torch.arange(train + test) % classes
    x = means[labels] + noise * torch.randn(train + test, d, generator=made)
    return Task(x[:train], labels[:train], x[train:], labels[train:], classes)


def test_scores_are_those_of_the_closed_form():
    task = clips()
    scaled = standardised(task)
    x, y = scaled.train.double().numpy(), 2.0 * np.eye(3)[task.train_labels] - 1
    gram = x.T @ x + 0.1 * x.shape[1] * np.eye(x.shape[1])
    weights = np.linalg.solve(gram, x.T @ (y - y.mean(0)))
    expected = scaled.test.double().numpy() @ weights + y.mean(0)
    found = ridge(task, (0.1,))
    assert np.allclose(found.scores, expected, atol=1e-6)
    assert found.accuracy.top1 == pytest.approx(100 * (expected.argmax(1) == task.test_labels.numpy()).mean())


def test_more_numbers_than_clips_have_one_solution_too():
    assert bool(ridge(clips(train=20, d=200), (0.1,)).scores.isfinite().all())


def test_a_class_without_train_clips_is_never_guessed():
    task = clips(classes=3)
    found = ridge(Task(task.train, task.train_labels, task.test, task.test_labels, classes=5), (0.1,))
    assert found.scores.shape == (30, 5)
    assert set(found.scores.argmax(1).tolist()) <= {0, 1, 2}


def test_two_classes_have_a_score_each():
    found = ridge(clips(classes=2), (0.1,))
    torch.testing.assert_close(found.scores[:, 0], -found.scores[:, 1])


def test_the_strength_is_chosen_within_the_train_clips_by_subject(monkeypatch):
    seen = []

    class Folds(ridges.GroupKFold):
        def split(self, X, y=None, groups=None):
            for train, held in super().split(X, y, groups):
                seen.append((set(groups[train]), set(groups[held])))
                yield train, held

    monkeypatch.setattr(ridges, "GroupKFold", Folds)
    task, groups = clips(), np.arange(60) % 4
    chosen = ridge(task, (0.001, 1.0), groups).strength
    assert len(seen) == 2 * 4  # both strengths, each subject held out once
    assert all(not train & held for train, held in seen)
    misled = Task(task.train, task.train_labels, task.test, task.test_labels.roll(1), 3)
    assert ridge(misled, (0.001, 1.0), groups).strength == chosen  # test labels are not looked at


def test_of_equal_strengths_the_largest_is_taken():
    assert ridge(clips(noise=0.01), (0.001, 0.01, 0.1)).strength == 0.1


def test_a_single_clip_a_class_leaves_nothing_to_choose_by():
    assert ridge(clips(train=3), (0.01, 1.0)).strength == 1.0

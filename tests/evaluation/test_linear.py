"""Linear evaluation against a plain loop with torch.nn.Linear, and against closed forms."""

import numpy as np
import pytest
import torch

from skelact.maths.accuracy import Accuracy
from skelact.system.world import SkelactError
from skelact.train.labels import LinearConfig
from skelact.train.linear import Linear, linear
from skelact.train.task import Task

SHORT = LinearConfig(lr=0.5, batch=8, epochs=6, milestones=(4,))


def make(seed: int = 0, clips: int = 30, queries: int = 20, d: int = 4, classes: int = 3, spread: float = 1.0) -> Task:
    generator = torch.Generator().manual_seed(seed)
    centres = 2 * torch.randn(classes, d, generator=generator)
    labels = torch.arange(clips + queries) % classes
    features = centres[labels] + spread * torch.randn(clips + queries, d, generator=generator)
    return Task(features[:clips], labels[:clips], features[clips:], labels[clips:], classes)


def by_hand(task: Task, seed: int, config: LinearConfig) -> tuple[list[float], torch.nn.Linear]:
    """One seed, one clip's gradient after the other, the momentum written out; test top 1 after each epoch."""
    layer = torch.nn.Linear(task.train.shape[1], task.classes)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        layer.weight.copy_(config.initial_std * torch.randn(task.train.shape[1], task.classes, generator=generator).T)
        layer.bias.zero_()
    speed = [torch.zeros_like(layer.weight), torch.zeros_like(layer.bias)]
    curve = []
    for epoch in range(config.epochs):
        lr = config.lr * 0.1 ** sum(epoch >= milestone for milestone in config.milestones)
        order = np.random.default_rng((seed, epoch)).permutation(len(task.train))
        for start in range(0, len(order) - config.batch + 1, config.batch):
            rows = order[start : start + config.batch]
            layer.zero_grad()
            for row in rows:
                loss = -layer(task.train[row]).log_softmax(0)[task.train_labels[row]] / len(rows)
                loss.backward()
            with torch.no_grad():
                for place, parameter in enumerate((layer.weight, layer.bias)):
                    speed[place] = config.momentum * speed[place] + parameter.grad
                    parameter -= lr * speed[place]
        with torch.no_grad():
            curve.append(100 * (layer(task.test).argmax(1) == task.test_labels).double().mean().item())
    return curve, layer


@pytest.mark.parametrize("seed", [0, 5])
def test_training_is_the_plain_loop(seed):
    task = make()
    found = linear(task, (seed,), SHORT)
    curve, layer = by_hand(task, seed, SHORT)
    torch.testing.assert_close(found.weight[0].T, layer.weight.detach(), atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(found.bias[0, 0], layer.bias.detach(), atol=1e-5, rtol=1e-4)
    assert found.top1[0].tolist() == pytest.approx(curve)
    torch.testing.assert_close(found.scores[0], layer(task.test).detach(), atol=1e-5, rtol=1e-4)


def test_the_first_step_from_zero_is_the_closed_form_gradient():
    task = make(clips=9)
    config = LinearConfig(lr=2, batch=9, epochs=1, milestones=(), initial_std=0)
    wrong = torch.nn.functional.one_hot(task.train_labels, 3).float() - 1 / 3
    torch.testing.assert_close(linear(task, (0,), config).weight[0], 2 * task.train.T @ wrong / 9)


def test_seeds_trained_together_are_those_trained_alone():
    task = make(1)
    together = linear(task, (3, 4, 8), SHORT)
    for place, seed in enumerate((3, 4, 8)):
        alone = linear(task, (seed,), SHORT)
        torch.testing.assert_close(together.weight[place], alone.weight[0])
        torch.testing.assert_close(together.top1[place], alone.top1[0])
    assert not torch.allclose(together.weight[0], together.weight[1])


def test_clips_far_apart_by_class_are_all_classified():
    found = linear(make(2, spread=0.01), (0, 1))
    assert [accuracy.top1 for accuracy in found.last] == [100, 100]


def test_labels_dealt_at_random_stay_near_chance():
    task = make(3, clips=300, queries=2000, spread=1.0)
    labels = torch.randint(3, (2000,), generator=torch.Generator().manual_seed(1))
    found = linear(Task(task.train, task.train_labels, task.test, labels, 3), (0,), SHORT)
    assert found.last[0].top1 == pytest.approx(100 / 3, abs=5)


def test_a_class_that_train_does_not_have_is_never_predicted_and_gaps_in_the_numbers_do_no_harm():
    task = make(4)
    spaced = Task(task.train, task.train_labels * 5, task.test, task.test_labels * 5, 13)
    found = linear(spaced, (0,), SHORT)
    assert set(found.scores[0].argmax(1).tolist()) <= {0, 5, 10}
    assert found.last[0].top1 == pytest.approx(linear(task, (0,), SHORT).last[0].top1, abs=10)


def test_fewer_train_clips_than_a_batch_are_one_batch():
    task = make(5, clips=3)
    whole = linear(task, (0,), LinearConfig(lr=0.5, batch=3, epochs=5))
    torch.testing.assert_close(linear(task, (0,), LinearConfig(lr=0.5, epochs=5)).weight, whole.weight)


def test_best_is_the_highest_epoch_of_each_seed_and_last_the_last_one():
    top1 = torch.tensor([[10.0, 50.0, 50.0, 30.0], [1.0, 2.0, 3.0, 4.0]])
    empty = torch.zeros(2, 1, 1)
    found = Linear(top1, top1 + 0.5, weight=empty, bias=empty, scores=empty)
    assert found.best_epochs == [2, 4]
    assert found.best == [Accuracy(top1=50, top5=50.5), Accuracy(top1=4, top5=4.5)]
    assert found.last == [Accuracy(top1=30, top5=30.5), Accuracy(top1=4, top5=4.5)]


def test_a_classifier_that_runs_away_is_an_error_naming_the_rate():
    with pytest.raises(SkelactError, match=r"diverged at lr 1e\+38"):
        linear(make(6), (0,), LinearConfig(lr=1e38, batch=8, epochs=8, milestones=()))

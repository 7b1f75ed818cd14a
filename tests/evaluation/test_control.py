"""The control row."""

import pytest
import torch

from skelact.encoders.file import random_encoder
from skelact.evaluation.control import control
from skelact.evaluation.features import encoder_hash
from skelact.maths.accuracy import Accuracy
from skelact.train.task import Task


def made_task(scale: float) -> Task:
    features = scale * torch.randn(12, 4, generator=torch.Generator().manual_seed(0))
    return Task(features[:8], torch.arange(8) % 2, features[8:], torch.arange(4) % 2, 2)


def is_standardised(task: Task) -> bool:
    return bool(torch.allclose(task.train.std(0, correction=0), torch.ones(4)))


@pytest.mark.parametrize(("plain", "scaled", "stronger"), [((10, 30), (25, 35), 30), ((60, 40), (25, 35), 50)])
def test_top1_is_the_stronger_of_the_two_means_over_seeds(card, plain, scaled, stronger):
    def score(task, seed):
        return Accuracy(top1=(scaled if is_standardised(task) else plain)[seed], top5=90)

    found = control(card, (0, 1), lambda _: made_task(5), score)
    assert found.plain.top1 == sum(plain) / 2
    assert found.standardised.top1 == sum(scaled) / 2
    assert found.top1 == stronger
    assert [accuracy.top1 for accuracy in found.plain_per_seed] == list(plain)


def test_each_seed_has_its_own_random_encoder_and_its_own_classifier(card):
    encoders, seeds = [], []

    def task_of(encoder):
        encoders.append(encoder_hash(encoder))
        return made_task(1)

    def score(_, seed):
        seeds.append(seed)
        return Accuracy(top1=0, top5=0)

    control(card, (4, 7), task_of, score)
    assert encoders == [encoder_hash(random_encoder(card, seed)) for seed in (4, 7)]
    assert seeds == [4, 4, 7, 7]

from itertools import pairwise

import pytest

from skelact.train import SGD
from skelact.train.schedule import learning_rate

PER_EPOCH, EPOCHS = 10, 8


def rate(step: int, **numbers) -> float:
    return learning_rate(SGD(**numbers), step, PER_EPOCH, EPOCHS)


def test_the_step_schedule_divides_by_ten_at_the_first_step_of_each_milestone():
    numbers = {"lr": 2.0, "milestones": (3, 5)}
    expected = {0: 2.0, 29: 2.0, 30: 0.2, 49: 0.2, 50: 0.02, 79: 0.02}
    assert {step: rate(step, **numbers) for step in expected} == pytest.approx(expected, rel=1e-12)


def test_a_milestone_may_fall_inside_an_epoch():
    numbers = {"lr": 1.0, "milestones": (2.5,)}
    assert [rate(step, **numbers) for step in (24, 25)] == pytest.approx([1.0, 0.1])


def test_the_cosine_falls_from_the_full_rate_to_nearly_zero():
    # 80 steps: a quarter, half and three quarters of the way are at 20, 40 and 60.
    expected = {0: 0.4, 20: 0.2 * (1 + 0.5**0.5), 40: 0.2, 60: 0.2 * (1 - 0.5**0.5)}
    assert {step: rate(step, lr=0.4, schedule="cosine") for step in expected} == pytest.approx(expected)
    assert 0 < rate(79, lr=0.4, schedule="cosine") < 0.4 * 0.001


def test_warm_up_rises_in_equal_parts_to_the_full_rate_and_the_cosine_starts_there():
    # A fifth of 80 steps: 16, the last of them at the full rate.
    rates = [rate(step, lr=0.8, schedule="cosine", warmup=0.2) for step in range(80)]
    assert rates[:16] == pytest.approx([0.05 * (step + 1) for step in range(16)])
    assert rates[16] == pytest.approx(0.8)
    assert rates[16 + 32] == pytest.approx(0.4)  # half of the 64 steps that are left
    assert all(later < earlier for earlier, later in pairwise(rates[16:]))


def test_warm_up_of_a_part_of_a_step_never_overshoots():
    # 1.2 steps of warm-up: one below the full rate, then at it.
    rates = [rate(step, lr=1.2, warmup=0.015, milestones=()) for step in range(3)]
    assert rates == pytest.approx([1.0, 1.2, 1.2])


def test_warm_up_delays_no_milestone():
    numbers = {"lr": 1.0, "milestones": (4,), "warmup": 0.25}
    assert [rate(step, **numbers) for step in (19, 20, 39, 40)] == pytest.approx([1.0, 1.0, 1.0, 0.1])


def test_published_rates_over_the_published_run():
    published = SGD()
    per_epoch = 37646 // 128  # NTU-60 cross-view training clips
    rates = {epoch: learning_rate(published, epoch * per_epoch, per_epoch, 300) for epoch in (0, 249, 250, 299)}
    assert rates == pytest.approx({0: 0.1, 249: 0.1, 250: 0.01, 299: 0.01})

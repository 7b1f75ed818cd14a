"""Losses against the published numbers, closed forms, and loops over clips."""

import math

import numpy as np
import pytest
import torch
from torch.nn import functional

from skelact.maths.losses import (
    divergence,
    info_nce,
    multi_positive_mean,
    multi_positive_sum,
    nearest,
    similarities,
    with_negative,
)


@pytest.fixture
def golden(shared):
    return {name: torch.tensor(array) for name, array in np.load(shared / "golden/losses.npz").items()}


@pytest.fixture
def logits(golden):
    def of(query: str) -> torch.Tensor:
        return similarities(golden[query], golden["k"], golden["queue"].T, float(golden["temperature"]))

    return of


def test_info_nce_and_divergences_equal_the_published_ones(golden, logits):
    q = logits("q")
    assert info_nce(q).item() == pytest.approx(golden["info_nce"].item(), abs=1e-9)
    assert divergence(logits("q_extreme"), q).item() == pytest.approx(golden["d3m_d1"].item(), abs=1e-9)
    assert divergence(logits("q_drop"), q).item() == pytest.approx(golden["d3m_d2"].item(), abs=1e-9)


@pytest.mark.parametrize("k", [1, 3, 5])
def test_nearest_neighbour_losses_equal_the_published_ones(golden, logits, k):
    positives = nearest(logits("q"), k) | nearest(logits("q_extreme"), k) | nearest(logits("q_drop"), k)
    assert torch.equal(positives, golden[f"nnm_mask_k{k}"].bool())
    assert multi_positive_sum(logits("q"), positives).item() == pytest.approx(
        golden[f"nnm_paper_k{k}"].item(), abs=1e-9
    )
    released = golden[f"nnm_released_k{k}"].item()
    assert multi_positive_mean(logits("q"), positives).item() == pytest.approx(released, abs=1e-9)


def positive_only(n: int, choices: int) -> torch.Tensor:
    mask = torch.zeros(n, choices, dtype=torch.bool)
    mask[:, 0] = True
    return mask


def test_nce_of_equal_similarities_is_log_of_the_choices():
    equal = torch.zeros(4, 11)
    for loss in (
        info_nce(equal),
        *(form(equal, positive_only(4, 11)) for form in (multi_positive_sum, multi_positive_mean)),
    ):
        assert loss.item() == pytest.approx(math.log(11))


def test_with_the_key_as_only_positive_both_forms_are_info_nce():
    logits = torch.randn(5, 9, dtype=torch.float64)
    for form in (multi_positive_sum, multi_positive_mean):
        torch.testing.assert_close(form(logits, positive_only(5, 9)), info_nce(logits))


def test_every_choice_positive_costs_nothing_in_the_sum_form():
    assert multi_positive_sum(torch.randn(5, 9), torch.ones(5, 9, dtype=torch.bool)).item() == pytest.approx(
        0, abs=1e-6
    )


def test_forms_equal_a_loop_over_clips():
    logits = torch.randn(6, 8, dtype=torch.float64)
    positives = nearest(logits, 3)
    summed = meaned = 0.0
    for row, chosen in zip(logits.numpy(), positives.numpy(), strict=True):
        p = np.exp(row) / np.exp(row).sum()
        assert set(np.flatnonzero(chosen)) == {0, *(1 + np.argsort(-row[1:])[:3])}
        summed -= np.log(p[chosen].sum()) / 6
        meaned -= np.log(p[chosen]).mean() / 6
    assert multi_positive_sum(logits, positives).item() == pytest.approx(summed)
    assert multi_positive_mean(logits, positives).item() == pytest.approx(meaned)


def test_divergence_to_itself_is_the_entropy_and_any_other_costs_more():
    teacher = torch.randn(4, 7, dtype=torch.float64)
    entropy = torch.distributions.Categorical(logits=teacher).entropy().mean()
    torch.testing.assert_close(divergence(teacher, teacher), entropy)
    assert divergence(torch.randn(4, 7, dtype=torch.float64), teacher) > entropy


def test_no_gradient_reaches_the_teacher():
    student, teacher = torch.randn(3, 5, requires_grad=True), torch.randn(3, 5, requires_grad=True)
    divergence(student, teacher).backward()
    assert student.grad is not None
    assert teacher.grad is None


def test_far_similarities_do_not_underflow():
    logits = torch.tensor([[-1000.0, 0.0], [0.0, -1000.0]])
    assert divergence(logits, logits.flip(0)).item() == pytest.approx(1000)
    assert info_nce(logits).item() == pytest.approx(500)


def test_similarities_have_the_positive_in_column_zero():
    z, key, bank = (functional.normalize(torch.randn(n, 4), dim=1) for n in (3, 3, 6))
    logits = similarities(z, key, bank, temperature=0.1)
    for row in range(3):
        assert logits[row, 0].item() == pytest.approx(float(z[row] @ key[row]) / 0.1, rel=1e-5)
        assert logits[row, 4].item() == pytest.approx(float(z[row] @ bank[3]) / 0.1, rel=1e-5)


def test_autocast_does_not_round_similarities():
    z, key = (torch.nn.functional.normalize(torch.randn(4, 16), dim=1) for _ in range(2))
    bank = torch.nn.functional.normalize(torch.randn(50, 16), dim=1)
    with torch.autocast("cpu", torch.bfloat16):
        made = similarities(z, key, bank, 0.07)
    assert made.dtype == torch.float32
    assert torch.equal(made, similarities(z, key, bank, 0.07))


def test_a_negative_of_a_clips_own_is_one_more_choice_without_gradient():
    z, negative = torch.randn(4, 6, requires_grad=True), torch.randn(4, 6, requires_grad=True)
    key, bank = torch.randn(4, 6), torch.randn(9, 6)
    logits = with_negative(similarities(z, key, bank, 0.2), z, negative, 0.2)
    assert logits.shape == (4, 11)
    for clip in range(4):
        expected = float((z[clip] @ negative[clip]).detach()) / 0.2
        assert logits[clip, 10].item() == pytest.approx(expected, rel=1e-5)
    info_nce(logits).backward()
    assert negative.grad is None
    assert z.grad is not None
    still = torch.zeros(4, 6)
    assert info_nce(with_negative(torch.zeros(4, 10), still, still, 0.2)).item() == pytest.approx(math.log(11))

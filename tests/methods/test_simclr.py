"""SimCLR: its loss held to a slow reckoning, and its two views treated alike."""

import math

import pytest
import torch

import tiny
from skelact.encoders.config import HCNConfig
from skelact.layouts import SBU_15
from skelact.maths.draw import Draw
from skelact.maths.losses import nt_xent
from skelact.methods import SimCLR, build


def test_the_loss_equals_a_slow_reckoning():
    one, other = torch.nn.functional.normalize(torch.randn(2, 5, 7).double(), dim=2)
    z, total = torch.cat([one, other]), 0.0
    for i in range(10):
        own = (i + 5) % 10
        among = sum(math.exp(float(z[i] @ z[k]) / 0.3) for k in range(10) if k != i)
        total -= math.log(math.exp(float(z[i] @ z[own]) / 0.3) / among)
    assert float(nt_xent(one, other, 0.3)) == pytest.approx(total / 10)


def test_clips_that_are_all_alike_leave_chance():
    same = torch.nn.functional.normalize(torch.ones(6, 4), dim=1)
    assert float(nt_xent(same, same, 0.1)) == pytest.approx(math.log(11), rel=1e-5)


@pytest.fixture
def method() -> SimCLR:
    torch.manual_seed(0)
    made = build(SimCLR.Config(projection=6), HCNConfig(width=16, features=8), SBU_15, 16, 2)
    assert isinstance(made, SimCLR)
    return made.double()


def batch(method: SimCLR) -> dict[str, torch.Tensor]:
    x = torch.randn(4, 3, 16, 15, 2, generator=torch.Generator().manual_seed(1)).double()
    return {name: view(x, Draw(torch.arange(4), 0, 0, name)) for name, view in method.views().items()}


def test_which_view_comes_first_changes_nothing(method):
    views = batch(method)
    exchanged = {"one": views["other"], "other": views["one"]}
    torch.testing.assert_close(method(views, tiny.moment())["loss"], method(exchanged, tiny.moment())["loss"])


def test_every_weight_learns(method):
    method(batch(method), tiny.moment())["loss"].backward()
    assert all(weight.grad is not None and bool(weight.grad.any()) for weight in method.parameters() if weight.ndim > 1)

"""Optimisers against their formulas written out, and how one is chosen, kept and read back."""

import math

import pytest
import torch

import tiny
from skelact.encoders.stgcn.network import STGCNConfig
from skelact.layouts import SBU_15
from skelact.methods.method import ParameterGroup
from skelact.train import SGD, Adam, AdamW, TrainConfig
from skelact.train.config import another_optimiser
from skelact.train.optimise import ScheduledOptimiser, decayed_by_layer

STEPS = 5


def parameter(*shape: int, seed: int = 0) -> torch.nn.Parameter:
    return torch.nn.Parameter(torch.randn(*shape, generator=torch.Generator().manual_seed(seed)).double())


def gradients(*shape: int, seed: int = 10) -> torch.Tensor:
    return torch.randn(STEPS, *shape, generator=torch.Generator().manual_seed(seed)).double()


def moved(config, groups: list[ParameterGroup], slopes: list[torch.Tensor], **options) -> list[torch.Tensor]:
    """The parameters after steps by these gradients, in one epoch of that many steps."""
    optimiser = ScheduledOptimiser(config, groups, STEPS, 1, **options)
    parameters = [one for group in groups for one in group.parameters]
    for step in range(STEPS):
        for one, slope in zip(parameters, slopes, strict=True):
            one.grad = slope[step].clone()
        optimiser.step(step)
    return [one.detach() for one in parameters]


def by_sgd(x, slopes, lr, momentum=0.9, decay=0.0, nesterov=False):
    speed = torch.zeros_like(x)
    for slope in slopes:
        slope = slope + decay * x
        speed = momentum * speed + slope
        x = x - lr * (slope + momentum * speed if nesterov else speed)
    return x


def by_adam(x, slopes, lr, decay=0.0, decoupled=True, betas=(0.9, 0.999)):
    mean, square = torch.zeros_like(x), torch.zeros_like(x)
    for step, slope in enumerate(slopes, 1):
        if decoupled:
            x = x - lr * decay * x
        else:
            slope = slope + decay * x
        mean = betas[0] * mean + (1 - betas[0]) * slope
        square = betas[1] * square + (1 - betas[1]) * slope**2
        x = x - lr * (mean / (1 - betas[0] ** step)) / ((square / (1 - betas[1] ** step)).sqrt() + 1e-8)
    return x


@pytest.mark.parametrize("nesterov", [False, True])
def test_sgd_is_its_formula_at_the_rate_of_each_group(nesterov):
    fast, slow, free = parameter(3, 2), parameter(4, seed=1), parameter(2, seed=2)
    starts = [one.detach().clone() for one in (fast, slow, free)]
    slopes = [gradients(3, 2), gradients(4, seed=11), gradients(2, seed=12)]
    groups = [
        ParameterGroup([fast]),
        ParameterGroup([]),
        ParameterGroup([slow], rate=0.25),
        ParameterGroup([free], decays=False),
    ]
    found = moved(SGD(lr=0.1, weight_decay=0.2, nesterov=nesterov), groups, slopes)
    rates, decays = (0.1, 0.025, 0.1), (0.2, 0.2, 0)
    for one, start, slope, rate, decay in zip(found, starts, slopes, rates, decays, strict=True):
        torch.testing.assert_close(one, by_sgd(start, slope, rate, decay=decay, nesterov=nesterov))


def test_adam_is_its_formula_with_weight_decay_in_the_gradient():
    weight, slope = parameter(3, 2), gradients(3, 2)
    expected = by_adam(weight.detach(), slope, 0.01, 0.3, decoupled=False, betas=(0.8, 0.99))
    (found,) = moved(Adam(lr=0.01, weight_decay=0.3, betas=(0.8, 0.99)), [ParameterGroup([weight])], [slope])
    torch.testing.assert_close(found, expected)


def test_adamw_decays_weights_but_no_norm_and_no_bias_in_any_group():
    layers = [torch.nn.Linear(3, 2).double(), torch.nn.BatchNorm1d(4).double()]
    groups = [
        ParameterGroup(list(layer.parameters()), rate=rate) for layer, rate in zip(layers, (1.0, 0.5), strict=True)
    ]
    parameters = [one for group in groups for one in group.parameters]
    starts = [one.detach().clone() for one in parameters]
    slopes = [gradients(*one.shape, seed=place) for place, one in enumerate(parameters)]
    found = moved(AdamW(lr=0.01, weight_decay=0.3), groups, slopes)
    for one, start, slope, rate, decay in zip(
        found, starts, slopes, (0.01, 0.01, 0.005, 0.005), (0.3, 0, 0, 0), strict=True
    ):
        torch.testing.assert_close(one, by_adam(start, slope, rate, decay))


def test_a_gradient_longer_than_the_limit_is_scaled_down_over_all_groups_together():
    one, other = parameter(2), parameter(1, seed=1)
    starts = one.detach().clone(), other.detach().clone()
    long = [torch.tensor([[3.0, 0.0]] + [[0.0, 0.0]] * 4).double(), torch.tensor([[4.0]] + [[0.0]] * 4).double()]
    plain = SGD(lr=1, momentum=0, weight_decay=0)
    for clip, left in ((10.0, 1.0), (None, 1.0), (2.5, 0.5)):
        with torch.no_grad():
            one.copy_(starts[0])
            other.copy_(starts[1])
        moved(plain, [ParameterGroup([one]), ParameterGroup([other])], long, clip=clip)
        assert (starts[0] - one).tolist() == pytest.approx([3 * left, 0], rel=1e-5)
        assert (starts[1] - other).tolist() == pytest.approx([4 * left], rel=1e-5)


def test_the_rate_of_every_group_follows_the_schedule():
    weight, slow = parameter(1), parameter(1, seed=1)
    groups = [ParameterGroup([weight]), ParameterGroup([slow], rate=0.5)]
    optimiser = ScheduledOptimiser(SGD(lr=0.8, schedule="exponential", final=1 / 16), groups, 4, 2)
    rates = []
    for step in range(8):
        weight.grad = slow.grad = torch.zeros(1).double()
        optimiser.step(step)
        rates.append((optimiser.rate, *(group["lr"] for group in optimiser.state_dict()["param_groups"])))
    expected = [0.8 / math.sqrt(2) ** step for step in range(8)]  # sqrt(2) to the eighth is 16
    assert [rate for rate, _, _ in rates] == pytest.approx(expected)
    assert [(first, second) for _, first, second in rates] == [(rate, 0.5 * rate) for rate, _, _ in rates]


def test_each_layer_has_a_share_of_the_next_ones_rate_and_every_parameter_is_in_one():
    network = STGCNConfig(width=2, features=8).build(SBU_15)
    head = torch.nn.Linear(8, 3)
    groups = decayed_by_layer([*network.layers(), head], 0.5)
    rates = {id(one): group.rate for group in groups for one in group.parameters}
    assert len(groups) == 12
    assert sum(len(group.parameters) for group in groups) == len(rates)
    assert set(rates) == {id(one) for one in (*network.parameters(), *head.parameters())}
    named = dict(network.named_parameters())
    assert rates[id(head.weight)] == 1
    assert rates[id(named["blocks.9.temporal.weight"])] == 0.5
    assert rates[id(named["blocks.0.importance"])] == 0.5**10
    assert rates[id(named["input_norm.weight"])] == 0.5**11


@pytest.mark.parametrize("optimiser", [SGD(nesterov=True), Adam(clip=1), AdamW(schedule="exponential")])
def test_an_optimiser_comes_back_from_json_as_what_it_was(optimiser):
    config = tiny.config(optimiser=optimiser)
    assert TrainConfig.model_validate_json(config.model_dump_json()) == config


def test_an_optimiser_without_a_name_is_sgd_and_one_of_another_name_is_refused():
    values = tiny.config().model_dump(mode="json")
    old = {"lr": 0.05, "momentum": 0.9, "weight_decay": 0.0001, "schedule": "cosine", "milestones": [250.0]}
    read = TrainConfig.model_validate({**values, "optimiser": {**old, "warmup": 0.1}})
    assert read == tiny.config()
    with pytest.raises(ValueError, match=r"optimiser\n.*'lion'.*'sgd', 'adam', 'adamw'"):
        TrainConfig.model_validate({**values, "optimiser": {"name": "lion"}})
    with pytest.raises(ValueError, match=r"optimiser\.adamw\.momentum\n.*[Ee]xtra"):
        TrainConfig.model_validate({**values, "optimiser": {"name": "adamw", "momentum": 0.9}})


def test_another_optimiser_has_its_own_rate_and_the_schedule_of_the_old_one():
    old = SGD(lr=0.3, schedule="cosine", warmup=0.2, clip=2, weight_decay=0.5)
    assert another_optimiser(old, "sgd") is old
    assert another_optimiser(old, "adamw") == AdamW(schedule="cosine", warmup=0.2, clip=2)

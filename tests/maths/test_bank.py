"""The bank against a list, and the momentum twin against its formula."""

from collections import deque

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from skelact.maths.bank import Bank
from skelact.maths.momentum import MomentumTwin


def test_starts_with_unit_vectors():
    torch.testing.assert_close(Bank(7, 5).keys.norm(dim=1), torch.ones(7))


@given(st.integers(3, 9), st.lists(st.integers(1, 3), min_size=1, max_size=12))
def test_holds_the_last_keys_whatever_the_batches(size, batches):
    bank = Bank(size, 2)
    expected, number = deque(bank.keys.tolist(), maxlen=size), 0
    for batch in batches:
        keys = torch.arange(number, number + 2 * batch, dtype=torch.float32).view(batch, 2)
        number += 2 * batch
        bank.add(keys)
        expected.extend(keys.tolist())
    assert sorted(bank.keys.tolist()) == sorted(expected)


def test_a_batch_larger_than_the_bank_is_refused():
    with pytest.raises(ValueError, match=r"batch of 4 keys .* bank of 3"):
        Bank(3, 2).add(torch.zeros(4, 2))


def test_contents_and_place_survive_saving():
    bank, other = Bank(5, 2), Bank(5, 2)
    bank.add(torch.ones(3, 2))
    other.load_state_dict(bank.state_dict())
    for one in (bank, other):
        one.add(torch.full((3, 2), 2.0))
    assert torch.equal(bank.keys, other.keys)
    assert int(other.place) == 1


def test_entries_stay_as_they_were_when_keys_are_added():
    bank = Bank(4, 2)
    before, kept = bank.keys.clone(), bank.entries()
    bank.add(torch.ones(2, 2))
    assert torch.equal(kept, before)


def test_twin_starts_equal_and_follows_by_the_formula():
    query = nn.Linear(3, 2)
    twin = MomentumTwin(query, 0.9)
    start = twin.key.weight.detach().clone()
    assert torch.equal(start, query.weight)
    assert not twin.key.weight.requires_grad
    with torch.no_grad():
        query.weight.add_(1.0)
    twin.follow(query)
    torch.testing.assert_close(twin.key.weight, 0.9 * start + 0.1 * query.weight.detach())


def test_twin_keeps_its_own_batch_statistics():
    query = nn.BatchNorm1d(2)
    twin = MomentumTwin(query, 0.0)
    query(torch.randn(8, 2) + 5)
    twin.follow(query)
    assert torch.equal(twin.key.running_mean, torch.zeros(2))


@pytest.mark.parametrize("momentum", [-0.1, 1.1])
def test_momentum_outside_its_range_is_refused(momentum):
    with pytest.raises(ValueError, match=str(momentum)):
        MomentumTwin(nn.Linear(1, 1), momentum)

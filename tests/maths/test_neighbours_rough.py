"""Neighbours by a rough look and an exact one, against all similarities in float64."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn.functional import normalize

from skelact.maths import neighbours
from skelact.maths.neighbours import rough
from skelact.system import native

pytestmark = pytest.mark.skipif(not native.available(), reason=f"no native code: {native.state()}")


def drawn(seed, n, clips, d, spread=1.0):
    """Rows of length 1 around one common direction, the closer to it the smaller the spread."""
    generator = torch.Generator().manual_seed(seed)
    common = torch.randn(d, generator=generator)
    return [normalize(common + spread * torch.randn(m, d, generator=generator), dim=1) for m in (n, clips)]


def assert_nearest(queries, train, k, values, rows):
    """Each value is the similarity of its row, none comes twice, and no other row is nearer than float32 can tell."""
    exact = queries.double() @ train.double().T
    torch.testing.assert_close(values.double(), exact.gather(1, rows), atol=1e-6, rtol=0)
    torch.testing.assert_close(values.double(), exact.topk(k, dim=1).values, atol=1e-6, rtol=0)
    assert (values.diff(dim=1) <= 0).all()
    assert all(len(set(each)) == k for each in rows.tolist())


@settings(deadline=None)
@given(
    seed=st.integers(0, 10**6),
    n=st.integers(1, 700),
    clips=st.integers(30, 3000),
    d=st.sampled_from([1, 3, 64, 100, 256, 1000]),
    k=st.integers(1, 30),
    spread=st.sampled_from([0.001, 0.1, 10.0]),
)
def test_nearest_are_those_of_all_similarities(seed, n, clips, d, k, spread):
    queries, train = drawn(seed, n, clips, d, spread)
    values, rows, left = rough.nearest(queries, train, k)
    found = torch.ones(n, dtype=torch.bool)
    found[left] = False
    assert_nearest(queries[found], train, k, values[found], rows[found])


@pytest.mark.parametrize("spread", [0.01, 1.0, 10.0])
def test_of_spread_out_features_no_query_is_left_and_few_clips_are_looked_at_twice(spread, monkeypatch):
    queries, train = drawn(0, 300, 20_000, 256, spread)
    kept, called = [], native.call

    def call(function, *arguments):
        returned = called(function, *arguments)
        if function == "take_nearest":
            kept.append(arguments[8][:, 0].clone())
        return returned

    monkeypatch.setattr(native, "call", call)
    values, rows, left = rough.nearest(queries, train, 20)
    assert len(left) == 0
    assert float(torch.cat(kept).double().mean()) < 100
    assert_nearest(queries, train, 20, values, rows)


@pytest.mark.parametrize("threads", [1, 2])
def test_where_very_many_clips_are_as_close_the_query_is_left_and_searched_in_full(threads):
    queries, train = drawn(1, 20, 5000, 32, 10.0)
    train[1000:4000] = queries[3]  # more copies than there is room for
    train[4000:4500] = queries[7]  # fewer than that
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        _, _, left = rough.nearest(queries, train, 5)
        values, rows = neighbours._rough_first(queries, train, 5)
    finally:
        torch.set_num_threads(before)
    assert left.tolist() == [3]
    assert_nearest(queries, train, 5, values, rows)


@pytest.mark.parametrize("damage", ["query", "clip"])
def test_numbers_that_are_not_finite_leave_the_queries_that_they_touch(damage):
    queries, train = drawn(2, 10, 2000, 16)
    (queries if damage == "query" else train)[4, 2] = torch.nan
    _, _, left = rough.nearest(queries, train, 5)
    assert left.tolist() == ([4] if damage == "query" else list(range(10)))


@given(seed=st.integers(0, 10**6), d=st.sampled_from([2, 50, 512]), spread=st.sampled_from([0.01, 1.0, 10.0]))
def test_a_rough_similarity_is_wrong_by_at_most_half_the_margin_and_its_own_rounding(seed, d, spread):
    queries, train = drawn(seed, 20, 50, d, spread)
    centre = train.mean(0)
    product = ((queries - centre).bfloat16() @ (train - centre).bfloat16().T).double()
    wrong = product - (queries - centre).double() @ (train - centre).double().T
    allowed = rough.margins(queries - centre, train - centre)[:, None] / 2 + 2.0**-8 * product.abs()
    assert (wrong.abs() <= allowed).all()
    assert float(allowed.max()) < 0.05


def test_the_public_search_goes_this_way_where_it_is_faster(monkeypatch):
    queries, train = drawn(3, 40, 3000, 64)
    monkeypatch.setattr(rough, "takes", lambda *_: False)
    plain_values, plain_rows = neighbours.nearest(queries, train, 10)
    monkeypatch.setattr(rough, "takes", lambda *_: True)
    values, rows = neighbours.nearest(queries, train, 10)
    torch.testing.assert_close(values, plain_values, atol=1e-6, rtol=0)
    assert (rows == plain_rows).double().mean() > 0.99  # but for ties within float32


def test_only_float32_in_a_cpus_memory_is_taken():
    queries, train = drawn(4, 2, 5, 8)
    assert rough.takes(queries, train) == bool(native.call("bfloat16_products"))
    assert not rough.takes(queries.double(), train.double())
    assert not rough.takes(queries.bfloat16(), train.bfloat16())

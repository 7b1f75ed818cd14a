"""`skelact bench`: that its numbers exist, and are what they say. How fast anything is, is never tested."""

import json
import math
import os
from itertools import count, pairwise
from pathlib import Path
from statistics import median

import numpy as np
import pytest
import torch

from skelact.bench import QUICK, WORKS, bench, compare, made_up
from skelact.bench.ceilings import Ceilings
from skelact.bench.compare import Comparison, Part, Spread, Times, Variant, interleaved
from skelact.bench.config import BenchConfig
from skelact.bench.memory import peak_bytes
from skelact.bench.result import Report, result_of
from skelact.bench.works import infer, step
from skelact.cli import main
from skelact.data.readers import reader
from skelact.system import native
from skelact.system.world import SkelactError

CPU = torch.device("cpu")
CONFIG = QUICK.model_copy(update={"device": "cpu"})


@pytest.fixture(scope="module")
def report() -> Report:
    return bench([], CONFIG)


def test_every_work_has_numbers_in_every_round(report):
    assert [one.work for one in report.measured] == ["step", "augment", "prepare", "prepare", "knn", "linear", "infer"]
    assert set(WORKS) == {one.work for one in report.measured}
    for one in report.measured:
        assert len(one.rows) > 1
        for row in one.rows:
            assert len(row.rounds) == QUICK.rounds
            assert all(0 < seconds < math.inf for seconds in row.rounds)
    assert min(report.ceilings.model_dump().values()) > 0


def test_medians_rates_and_ratios_follow_from_the_times_of_the_rounds(report):
    for one in report.measured:
        plain, *others = one.rows
        assert plain.ratio is None
        for row in one.rows:
            assert row.seconds == Spread(median=median(row.rounds), low=min(row.rounds), high=max(row.rounds))
            assert row.rate == pytest.approx(one.amount / median(row.rounds))
        for row in others:
            ratios = [slow / fast for slow, fast in zip(plain.rounds, row.rounds, strict=True)]
            assert row.ratio == Spread(median=median(ratios), low=min(ratios), high=max(ratios))


def test_ours_agrees_with_the_plain_computation(report):
    found = {what: value for one in report.measured for what, value in one.agreement.items()}
    assert len(found) == 7
    assert found["neighbours that differ"] == 0
    assert found["coordinates, largest difference in metres"] == 0
    assert found["prepared clips, largest difference in metres"] < 1e-4
    assert found["gradients float32, relative L2 error"] < 1e-3
    assert found["features float32, relative L2 error"] < 1e-5
    assert not any("relative L2" in warning for warning in report.warnings)


def test_only_what_was_run_smaller_is_marked_as_extrapolated(report):
    marked = {(one.work, row.name) for one in report.measured for row in one.rows if row.extrapolated}
    assert {work for work, _ in marked} == {"knn", "linear"}
    assert ("knn", "ours") not in marked


def test_a_report_survives_json(report):
    assert Report.model_validate(json.loads(json.dumps(report.model_dump(mode="json")))) == report


def comparison(log: list[str], times: float = 1.0) -> Comparison:
    """A work that only notes which variant ran."""

    def variant(name: str, times: float = 1.0) -> Variant:
        return Variant(name, lambda: (Part(lambda: log.append(name), times),))

    return Comparison("step", "made up", "clips", 100, variant("plain", times), (variant("ours"),), flop=lambda: 50.0)


def test_variants_take_turns_in_every_round():
    log: list[str] = []
    interleaved(comparison(log), rounds=4, least=0.0, device=CPU, say=lambda text: None)
    assert log[-8:] == ["plain", "ours"] * 4


def test_a_part_counts_as_often_as_the_work_takes_it(monkeypatch):
    clock = count()
    monkeypatch.setattr(compare, "seconds", lambda run, device, repeats=1: float(next(clock)))
    plain, ours = interleaved(comparison([], times=10.0), rounds=2, least=0.0, device=CPU, say=lambda text: None)
    first = int(ours.rounds[0]) - 1
    assert plain == Times([10.0 * first, 10.0 * (first + 2)], extrapolated=True)
    assert ours == Times([first + 1.0, first + 3.0], extrapolated=False)


def test_shares_and_ratios_of_given_times():
    best = Ceilings(
        float32_convolution=100.0, float32_product=50.0, bf16_convolution=1.0, bf16_product=2.0, copy_rate=1.0
    )
    taken = [Times([4.0, 8.0, 40.0], False), Times([2.0, 1.0, 4.0], False)]
    plain, ours = result_of(comparison([]), taken, [7, None], best).rows
    assert (plain.rate, plain.arithmetic_share, plain.peak_bytes) == (100 / 8, 50 / 8 / 100, 7)
    assert (ours.rate, ours.arithmetic_share, ours.copy_share) == (50.0, 50 / 2 / 100, None)
    assert ours.ratio == Spread(median=8.0, low=2.0, high=10.0)


def test_a_busy_machine_few_rounds_and_wrong_gradients_are_warned_of(monkeypatch):
    with_dropout = step.our_method
    monkeypatch.setattr(os, "getloadavg", lambda: (1.5, 0.0, 0.0))
    monkeypatch.setattr(step, "our_method", lambda config, device, dropout=0.5: with_dropout(config, device, 0.5))
    load, rounds, gradients = bench(["step"], CONFIG).warnings
    assert load.startswith("the load average was 1.50 ")
    assert rounds == "medians of 2 rounds; expected at least 5"
    assert gradients.startswith("step: gradients float32, relative L2 error is ")
    monkeypatch.setattr(os, "getloadavg", lambda: (0.1, 0.0, 0.0))
    assert bench(["augment"], CONFIG.model_copy(update={"rounds": 5})).warnings == ()


def test_arithmetic_is_that_of_the_formulas():
    config = BenchConfig(clips=3, frames=20, width=2, features=6)
    widths, length, total = (3, 2, 2, 2, 2, 4, 4, 4, 8, 8, 6), 20, 0
    for place, (c, d) in enumerate(pairwise(widths)):
        total += 2 * c * 3 * d * length * 25 + 2 * 3 * d * length * 25 * 25
        length = length // 2 if place in (4, 7) else length
        total += 2 * 9 * d * d * length * 25
        total += 2 * c * d * length * 25 if place and (c != d or place in (4, 7)) else 0
    assert infer._flop(config) == 3 * 2 * total


def test_a_peak_does_not_count_the_process_that_asks_for_it():
    here = np.ones(2**26)  # half a GiB, touched
    peak = peak_bytes(CONFIG, "augment", 0, 1)
    assert 50 * 2**20 < peak < here.nbytes


def test_a_variant_that_cannot_run_is_an_error_with_what_was_said():
    with pytest.raises(RuntimeError, match=r"(?s)augment 0 7: the process .* failed:.*IndexError"):
        peak_bytes(CONFIG, "augment", 0, 7)


def test_made_up_clips_have_one_person_mostly_and_every_fifth_has_two():
    there = made_up.clips(CONFIG, 10).abs().sum((1, 2, 3)) > 0
    assert there.tolist() == [[True, number % 5 == 0] for number in range(10)]


def test_made_up_files_are_those_of_the_format(tmp_path: Path):
    paths = made_up.skeleton_files(tmp_path, CONFIG)
    items = reader("ntu").find(tmp_path)
    assert len(items) == len(paths) == CONFIG.files
    clips = [reader("ntu").read(item) for item in items]
    assert [clip.joints.shape[1] for clip in clips] == [2, 1]
    before = paths[0].stat().st_mtime_ns
    assert made_up.skeleton_files(tmp_path, CONFIG)[0].stat().st_mtime_ns == before


def test_an_unknown_work_is_an_error_that_lists_what_there_is():
    with pytest.raises(SkelactError, match=r"unknown work 'sleep': expected one of step, augment, "):
        bench(["sleep"], CONFIG)


def test_the_command_prints_tables_and_writes_every_number(tmp_path, capsys):
    file = tmp_path / "bench.json"
    assert main(["bench", "augment", "knn", "--quick", "--device", "cpu", "--rounds", "3", "--json", str(file)]) == 0
    out, err = capsys.readouterr()
    for fact in (
        f"native code: {native.state()}",
        "augment: ",
        "knn: ",
        "triples/s",
        "queries/s",
        "ceilings: ",
        "medians of 3 rounds",
    ):
        assert fact in out
    assert "its numbers mean nothing" in err
    written = Report.model_validate_json(file.read_text())
    assert [one.work for one in written.measured] == ["augment", "knn"]
    assert written.native == native.state()
    assert {len(row.rounds) for one in written.measured for row in one.rows} == {3}


def test_sizes_out_of_range_are_one_line_with_flag_and_value(capsys):
    assert main(["bench", "augment", "--quick", "--rounds", "0"]) == 1
    assert capsys.readouterr().err == "error: --rounds: Input should be greater than 0, got 0\n"

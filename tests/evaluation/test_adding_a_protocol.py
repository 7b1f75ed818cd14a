"""A new protocol is one new file and one name in one tuple: two throw-away ones go from the command line to the report.

`centroid` gives accuracies, `spread` has a kind of result of its own. Nothing else knows of either.
"""

import json

import pytest
from centroid_protocol import CentroidProtocol
from spread_protocol import Spread, SpreadProtocol

from skelact.cli import main
from skelact.evaluation import protocols
from skelact.evaluation.protocols.knn import KnnProtocol
from skelact.evaluation.reading import read_result
from skelact.evaluation.results.outcome import Result
from skelact.system.world import write_json

SPLIT = "subject=0,1,2"


@pytest.fixture(autouse=True)
def listed(monkeypatch):
    """Their names in the tuple; of the others one only, so that `all` is quick."""
    monkeypatch.setattr(protocols, "PROTOCOLS", (KnnProtocol(), CentroidProtocol(), SpreadProtocol()))


def evaluate(protocol, run, store, *options) -> int:
    return main(
        ["evaluate", protocol, str(run), "--store", str(store.path), "--split", SPLIT, "--seeds", "1", *options]
    )


def test_the_command_line_lists_them_and_shows_their_options(capsys):
    with pytest.raises(SystemExit):
        main(["evaluate", "--help"])
    assert "centroid  The nearest class mean." in capsys.readouterr().out
    with pytest.raises(SystemExit):
        main(["evaluate", "centroid", "--help"])
    assert "Exponent of the distance." in capsys.readouterr().out


def test_each_is_measured_beside_its_control_and_its_file_is_read_as_its_kind(run, store, capsys):
    assert evaluate("centroid", run, store, "--power", "1") == 0
    out = capsys.readouterr().out
    assert "the nearest class mean" in out
    assert "control, standardised" in out
    assert evaluate("spread", run, store) == 0
    assert "between classes" in capsys.readouterr().out
    files = {one.stem.split("-")[0]: one for one in (run / "evaluate").glob("*.json")}
    assert json.loads(files["centroid"].read_text())["recipe"] == {"power": 1.0}
    assert type(read_result(files["centroid"])) is Result
    spread = read_result(files["spread"])
    assert isinstance(spread, Spread)
    assert 0 < spread.apart <= 100


def test_all_runs_them_with_their_options_and_has_a_row_for_each(run, store, capsys):
    assert evaluate("all", run, store, "--centroid.power", "3") == 0
    rows = [line.split("│")[1:3] for line in capsys.readouterr().out.splitlines() if line.count("│") > 5]
    assert [[cell.strip() for cell in row] for row in rows] == [
        ["knn", "top 1, k 6 instead of 20"],
        ["centroid", "top 1"],
        ["spread", "between classes"],
    ]
    assert json.loads((run / "evaluate" / f"centroid-store-{SPLIT}.json").read_text())["recipe"] == {"power": 3.0}
    evaluate("all", run, store, "--centroid.power", "3")
    assert capsys.readouterr().err.count("already evaluated") == 3


def test_the_report_shows_both_and_says_how_to_read_them(run, store):
    for protocol in ("centroid", "spread"):
        evaluate(protocol, run, store)
    write_json(run / "config.json", {"config": {"method": {"name": "aimclr"}}, "stores": []})
    assert main(["report", str(run)]) == 0
    page = (run / "report.html").read_text(encoding="utf-8")
    for words in (
        "<b>centroid</b>",
        "the nearest class mean, distance to the power of 2.0",
        "<b>spread</b>",
        "between classes",
        "Spread: share of the variance between classes.",
    ):
        assert words in page, words

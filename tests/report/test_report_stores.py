"""Whose clips the page shows: stores are what is in them, not what they are called; some have no labels."""

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from made_up import CLASSES, make_run, make_store, recording
from test_report_page import Page

from skelact.data.store import Store, write_store
from skelact.evaluation.reading import read_result
from skelact.layouts import KINECT_V1
from skelact.report import report
from skelact.system.world import SkelactError, write_json


def two(tmp_path: Path, others: list[str]) -> tuple[Path, Path]:
    """Two runs on two stores that are both called `people`."""
    runs = []
    for place, classes in (("a", CLASSES), ("b", others)):
        runs.append(make_run(tmp_path / place / "run", make_store(tmp_path / place / "people", classes)))
    return runs[0], runs[1]


def test_evaluations_of_two_stores_of_one_name_are_labelled_and_not_laid_side_by_side(tmp_path):
    one, other = two(tmp_path, ["crawl", "climb", "swim"])
    page = Page(report([one, other]))
    hashes = [read_result(run / "evaluate" / "knn-people-xsub.json").store_hash for run in (one, other)]
    assert hashes[0] != hashes[1]
    assert len(set(re.findall(r"people \[(\w{8})\]", page.words))) == 2
    assert "Runs side by side" not in page.words
    assert "climb" in page.words
    assert "clap" in page.words


def test_runs_on_copies_of_one_store_are_laid_side_by_side(tmp_path):
    one, other = two(tmp_path, CLASSES)
    page = Page(report([one, other]))
    assert "Runs side by side: knn, people xsub" in page.words
    assert "people [" not in page.words


def test_a_store_that_was_made_anew_with_other_clips_lends_its_classes_to_no_old_result(run, store):
    shutil.rmtree(store.path)
    make_store(store.path, ["crawl", "climb", "swim"])
    page = Page(report([run]))
    assert "the store of that name now has other content" in page.words
    predicted = [block for ident, block in page.blocks.items() if "matrix" in ident]
    assert predicted
    assert not any("crawl" in str(block) for block in predicted)


def test_of_a_run_on_clips_without_labels_nothing_is_recommended_that_needs_them(tmp_path):
    clips = [replace(recording(f"c{number}", 0, number), action=-1) for number in range(1, 5)]
    unlabelled = write_store(
        tmp_path / "bare", dataset="own", skeleton=KINECT_V1, classes=(), units="m", frame_rate=30.0, recordings=clips
    )
    run = _claimed(tmp_path / "run", unlabelled, "all")
    page = Page(report([run]))
    words = page.words
    assert len(page.blocks["clips-data"]) == 4  # several, though there are no classes to show one of each
    assert "person 2" not in words  # nobody is the second one
    assert "has no evaluation yet. bare has no labels to evaluate by" in words
    assert f"skelact embed {run} --store {unlabelled.path}" in words
    assert "skelact evaluate" not in words


def test_of_a_run_on_all_clips_a_split_that_tests_is_recommended(tmp_path, store):
    words = Page(report([_claimed(tmp_path / "run", store, "all")])).words
    assert f"skelact evaluate linear {tmp_path / 'run'} --store {store.path} --split xsub" in words


def _claimed(run: Path, store: Store, split: str) -> Path:
    stores = [{"path": str(store.path), "name": store.name, "hash": "0" * 64, "split": split}]
    write_json(run / "config.json", {"config": {"method": {"name": "aimclr"}}, "stores": stores})
    return run


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"stores": "people"}, "key 'stores': expected list"),
        ({"stores": ["people"]}, "expected an object with path and split"),
        ({"config": [1]}, "key 'config': expected dict"),
        ({"machine": "mine"}, "key 'machine': expected dict"),
    ],
)
def test_a_configuration_of_wrong_types_is_refused_by_its_key(run, changed, words):
    values = json.loads((run / "config.json").read_text())
    write_json(run / "config.json", {**values, **changed})
    with pytest.raises(SkelactError, match=words):
        report([run])


@pytest.mark.parametrize(
    "line", [b"\xff\xfe", b"[" * 100_000, b'{"step": ' + b"9" * 5000 + b"}", b'{"step": "one"}', b'{"step": null}']
)
def test_a_log_that_cannot_be_read_is_named_with_its_file(run, line):
    log = run / "metrics.jsonl"
    log.write_bytes(line + b"\n" + log.read_bytes())
    with pytest.raises(SkelactError, match=r"metrics\.jsonl"):
        report([run])


def test_a_page_that_cannot_be_written_is_said_before_it_is_made(run, monkeypatch):
    (run / "taken").write_text("a file")
    monkeypatch.setattr("skelact.report.page.page", lambda *_: pytest.fail("it was made"))
    with pytest.raises(SkelactError, match="cannot be written"):
        report([run], run / "taken" / "report.html")


def test_a_run_on_a_store_whose_folder_is_no_utf8_has_a_page_with_its_clips(tmp_path):
    made = make_store(tmp_path / "people", CLASSES)
    run = make_run(tmp_path / "run", made)
    config = json.loads((run / "config.json").read_text())
    config["stores"][0]["path"] = str(made.path.rename(tmp_path / "caf\udce9"))
    write_json(run / "config.json", config)  # the folder's byte as JSON's escape
    page = report([run])
    assert "clips-data" in Page(page).blocks
    assert "caf\\udce9" in page.read_bytes().decode("utf-8")
    assert Page(page).blocks  # all of them are JSON

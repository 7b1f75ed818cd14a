"""The page as a whole: complete, self-contained, open about what is missing, and safe with any name in it."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from made_up import CLASSES, make_run, make_store, write_metrics

from skelact.report import report
from skelact.system.world import SkelactError, write_json


class Page(HTMLParser):
    """What a browser would see of a page: ids, addresses, JSON blocks, texts."""

    def __init__(self, path: Path):
        super().__init__()
        self.ids: list[str] = []
        self.tags: list[str] = []
        self.addresses: list[str] = []
        self.blocks: dict[str, object] = {}
        self.scripts: list[str] = []
        self.words = ""
        self._inside: tuple[str, dict] = ("", {})
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list) -> None:
        values = dict(attrs)
        self.tags.append(tag)
        self._inside = (tag, values)
        self.ids += [values["id"]] if "id" in values else []
        self.addresses += [values[key] for key in ("src", "href") if key in values]

    def handle_endtag(self, tag: str) -> None:
        self._inside = ("", {})

    def handle_data(self, data: str) -> None:
        tag, values = self._inside
        if tag == "script" and values.get("type") == "application/json":
            self.blocks[values["id"]] = json.loads(data)
        elif tag == "script":
            self.scripts.append(data)
        elif tag != "style":
            self.words += data + "\n"


SECTIONS = {"results", "clips", "training", "classes", "map", "configuration"}


def test_a_whole_run_gives_every_section_with_its_figures(run: Path):
    page = Page(report([run]))
    assert set(page.ids) >= SECTIONS
    assert {"curve-0", "classes-0-accuracy", "classes-0-matrix", "map-0", "clips-data"} <= page.blocks.keys()
    assert len(page.blocks["clips-data"]) == page.tags.count("canvas") == len(CLASSES)
    assert "is made by" not in page.words.lower()
    for words in (
        "66.7 ± 0.8",
        "+33.2",
        "74.3",
        "1 nearest: 31.2",
        "made-up processor",
        "aimclr-small",
        "odd subjects train",
    ):
        assert words in page.words, words


def test_the_page_asks_nothing_of_a_network(run: Path):
    path = report([run])
    page = Page(path)
    assert page.addresses
    assert all(address.startswith("#") for address in page.addresses)
    assert not {"link", "img", "iframe", "object", "base"} & set(page.tags)
    assert sum("plotly.js v" in script for script in page.scripts) == 1
    assert path.read_text(encoding="utf-8").count("Content-Security-Policy") == 1


def test_names_from_files_stay_names(run: Path):
    """A class is called `kick </script><b>`: it is shown so, and opens no element."""
    page = Page(report([run]))
    assert "kick </script><b>" in page.words
    assert page.tags.count("b") == 4  # protocol and top-1 of two evaluations in the results table
    assert "kick &lt;/script&gt;&lt;b&gt;" in json.dumps(page.blocks["classes-0-matrix"])


def test_the_text_of_a_data_block_cannot_end_it(run: Path):
    text = report([run]).read_text(encoding="utf-8")
    blocks = re.findall(r'<script type="application/json"[^>]*>(.*?)</script>', text, flags=re.S)
    assert len(blocks) == len(Page(run / "report.html").blocks)
    assert not any(character in block for block in blocks for character in "<>&")


def test_two_runs_stand_side_by_side_in_one_file(tmp_path: Path, store, run: Path):
    other = make_run(tmp_path / "other", store, temperature=0.07)
    path = report([run, other])
    page = Page(path)
    assert path == tmp_path / "report.html"
    assert "2 runs side by side" in page.words
    assert "Settings that differ (1)" in page.words
    names = {trace["name"] for trace in page.blocks["curve-0"]["data"]}
    assert names == {"aimclr-small", "other"}
    assert [trace["name"] for trace in page.blocks["compare-0"]["data"]] == ["aimclr-small", "other"]
    assert page.words.count("✓") + page.words.count("✗") == 2 * len(CLASSES)


def test_a_run_without_evaluation_says_which_command_makes_one(tmp_path: Path, store):
    run = make_run(tmp_path / "fresh run", store, protocols=())
    page = Page(report([run]))
    assert set(page.ids) >= SECTIONS
    assert f"skelact evaluate linear '{run}' --store {store.path} --split xsub" in page.words
    assert len(page.blocks["clips-data"]) == len(CLASSES)


def test_a_run_that_has_just_begun_gives_a_page(tmp_path: Path):
    write_json(tmp_path / "new" / "config.json", {})
    page = Page(report([tmp_path / "new"], tmp_path / "elsewhere.html"))
    assert (tmp_path / "elsewhere.html").exists()
    assert set(page.ids) >= SECTIONS
    assert "There is no training log" in page.words


def test_a_store_that_is_gone_is_told(run: Path, store):
    store.path.rename(store.path.with_name("moved"))
    page = Page(report([run]))
    assert f"{store.path}: no such folder" in page.words
    assert "canvas" not in page.tags
    assert "class 3" in json.dumps(page.blocks["classes-0-matrix"])


def test_features_of_another_encoder_are_not_shown(run: Path):
    (cached,) = (run / "features").iterdir()
    cached.rename(cached.with_name("0123456789abcdef.npz"))
    page = Page(report([run]))
    assert "map-0" not in page.blocks
    assert "The features of the test clips or their store are missing" in page.words


def test_a_run_below_its_control_is_called_so(run: Path):
    file = run / "evaluate" / "linear-store-xsub.json"
    values = json.loads(file.read_text())
    values["control"]["top1"] = 90.0
    write_json(file, values)
    page = Page(report([run]))
    assert "linear on store xsub reaches 66.7, its control with random weights 90.0" in page.words


def test_all_results_below_their_control_for_one_reason_are_in_one_box(run: Path):
    for protocol in ("linear", "knn"):
        file = run / "evaluate" / f"{protocol}-store-xsub.json"
        values = json.loads(file.read_text())
        values["control"]["top1"] = 90.0
        write_json(file, values)
    page = Page(report([run]))
    assert page.words.count("its control with random weights 90.0") == 2
    assert page.words.count("The encoder has learned nothing that this protocol can use") == 1


def test_a_supervised_run_shows_no_settings_that_it_does_not_have(run: Path):
    config = json.loads((run / "config.json").read_text())
    config["config"] = {"recipe": "supervised", "method": {"name": "supervised"}}
    write_json(run / "config.json", config)
    (run / "metrics.jsonl").unlink()
    words = Page(report([run])).words
    assert "Training seed" not in words
    assert "Stream and preparation" not in words
    assert "no step logged" not in words


def test_keys_of_a_later_version_are_passed_over(run: Path):
    file = run / "evaluate" / "knn-store-xsub.json"
    write_json(file, json.loads(file.read_text()) | {"invented_later": [1, 2]})
    assert "20 nearest: 66.7" in Page(report([run])).words


@pytest.mark.parametrize("key", ["protocol", "train_clips", "last", "control"])
def test_a_missing_key_of_an_evaluation_is_named_with_its_file(run: Path, key: str):
    file = run / "evaluate" / "knn-store-xsub.json"
    values = json.loads(file.read_text())
    del values[key]
    write_json(file, values)
    with pytest.raises(SkelactError, match=rf"knn-store-xsub\.json: .*'{key}'"):
        report([run])
    assert not (run / "report.html").exists()


def test_damaged_files_are_named(run: Path, tmp_path: Path):
    lines = (run / "metrics.jsonl").read_text().splitlines()
    (run / "metrics.jsonl").write_text("\n".join([lines[0], "{oops", lines[1]]))
    with pytest.raises(SkelactError, match=r"metrics\.jsonl:2: cannot be read"):
        report([run])
    (run / "metrics.jsonl").write_text("\n".join([*lines, '{"step": 1']))  # cut off: the run is going on
    npz = run / "evaluate" / "knn-store-xsub.npz"
    whole = npz.read_bytes()
    report([run])
    npz.write_bytes(whole[:200])
    with pytest.raises(SkelactError, match=r"knn-store-xsub\.npz"):
        report([run])


def test_a_damaged_features_cache_is_named(run: Path):
    (cached,) = (run / "features").iterdir()
    cached.write_bytes(cached.read_bytes()[:100])
    with pytest.raises(SkelactError, match=rf"{cached.name}: damaged"):
        report([run])


def test_labels_beyond_the_scores_are_an_error_with_both_numbers(run: Path):
    npz = run / "evaluate" / "knn-store-xsub.npz"
    with np.load(npz) as arrays:
        values = dict(arrays)
    np.savez(npz, **(values | {"labels": values["labels"] + 1}))
    with pytest.raises(SkelactError, match=r"expected labels from 0 to 5 .* found 1 to 6"):
        report([run])


def test_what_is_no_run_is_refused(tmp_path: Path, run: Path):
    with pytest.raises(SkelactError, match=r"no such run; in .* there are aimclr-small"):
        report([tmp_path / "nowhere"])
    with pytest.raises(SkelactError, match=r"no config\.json"):
        report([tmp_path])
    with pytest.raises(SkelactError, match="given 2 times"):
        report([run, run / ".." / run.name])
    with pytest.raises(SkelactError, match="found 0"):
        report([])


def test_runs_of_one_name_are_told_apart_by_their_path(tmp_path: Path, store):
    paths = [make_run(tmp_path / place / "run", store, protocols=()) for place in ("a", "b")]
    page = Page(report(paths, tmp_path / "both.html"))
    names = [trace["name"] for trace in page.blocks["curve-0"]["data"]]
    assert set(names) == {str(path) for path in paths}


def test_a_metric_that_is_not_finite_leaves_a_gap(run: Path):
    write_metrics(run, 30, seed=0)
    with open(run / "metrics.jsonl", "a", encoding="utf-8") as file:
        file.write('{"step": 31, "epoch": 5, "loss": null}\n{"step": 32, "epoch": 5, "loss": NaN}\n')
    figure = Page(report([run])).blocks["curve-0"]
    assert figure["data"][0]["type"] == "scatter"


def test_style_and_scripts_lie_inside_the_package():
    """Whatever is read by name at run time is inside the package folder that the wheel is made of."""
    folder = Path(__import__("skelact.report", fromlist=["page"]).__file__).parent
    assert {"style.css", "page.js", "player.js"} <= {path.name for path in folder.iterdir()}


def test_classes_of_a_larger_store_all_have_their_row(tmp_path: Path):
    store = make_store(tmp_path / "many", [f"class number {place}" for place in range(27)], subjects=2)
    run = make_run(tmp_path / "run", store, protocols=("knn",))
    page = Page(report([run]))
    matrix = page.blocks["classes-0-matrix"]
    assert len(matrix["layout"]["yaxis"]["ticktext"]) == 27
    assert len(page.blocks["clips-data"]) == 8

"""Running tables on a tiny store: once, again, stopped, changed."""

import csv
import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from tiny_grid import CHANGES

import tiny
from skelact.encoders.file import load_encoder
from skelact.reproduce import Options, beside, grids, reproduce
from skelact.reproduce import run as module
from skelact.reproduce import score as scoring
from skelact.reproduce.grids import THREE
from skelact.reproduce.options import runs_of
from skelact.reproduce.result import FIELDS, Reproduction, read_reproduction
from skelact.reproduce.show import show
from skelact.system.world import SkelactError, read_json

TABLE = "aimclr-table1"
module_pretrain = module.pretrain
PUBLISHED = {1: 75.0, 2: 71.3, 3: 77.4, 4: 78.2, 5: 78.9}
"""NTU-60 xsub of table 1, the first of its columns."""


def run(folder: Path, store: Path, options: Options, table: str = TABLE) -> tuple[Reproduction, str]:
    console, said = tiny.console()
    return reproduce(table, store, tiny.SPLIT, folder, options, console), said.getvalue()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, store: Path) -> Path:
    """Table 1 on the joint stream, all five rows."""
    folder = tmp_path_factory.mktemp("made") / "grid"
    run(folder, store, Options(small=True, epochs=(1,), seeds=1, streams=("joint",), changes=CHANGES))
    return folder


def lines_of(folder: Path, table: str = TABLE) -> list[dict[str, str]]:
    with open(folder / f"{table}.csv", encoding="utf-8", newline="") as opened:
        return list(csv.DictReader(opened))


def stamps(folder: Path) -> dict[str, int]:
    """When each file of each run was last written."""
    return {str(file.relative_to(folder)): file.stat().st_mtime_ns for file in folder.glob("*/**/*") if file.is_file()}


def test_the_csv_has_a_line_for_every_row_with_what_the_runs_say_of_themselves(made):
    lines = lines_of(made)
    assert tuple(lines[0]) == FIELDS
    assert [int(line["row"]) for line in lines] == [1, 2, 3, 4, 5]
    for line in lines:
        result = json.loads((made / line["runs"] / "evaluate" / f"linear-five-{tiny.SPLIT}.json").read_text())
        assert float(line["last"]) == result["last"]["top1"]
        assert float(line["best"]) == result["best"]["top1"]
        assert float(line["control"]) == result["control"]["top1"]
        assert float(line["evaluate_seconds"]) == result["seconds"]
        log = [json.loads(text) for text in (made / line["runs"] / "metrics.jsonl").read_text().splitlines()]
        assert float(line["train_seconds"]) == pytest.approx(log[-1]["seconds"], rel=0.5)
        threads = json.loads((made / line["runs"] / "config.json").read_text())["machine"]["threads"]
        hours = (float(line["train_seconds"]) + float(line["evaluate_seconds"])) * threads / 3600
        assert float(line["core_hours"]) == pytest.approx(hours)
        clips = tiny.PER_EPOCH * tiny.BATCH
        assert float(line["clips_per_second"]) == pytest.approx(clips / float(line["train_seconds"]))


def test_rows_of_the_same_network_share_one_control(made):
    (kept,) = (made / "controls").iterdir()
    taken = []
    for line in lines_of(made):
        result = json.loads((made / line["runs"] / "evaluate" / f"linear-five-{tiny.SPLIT}.json").read_text())
        taken.append(result["control"].pop("taken_from"))
        assert result["control"]["top1"] == json.loads(kept.read_text())["control"]["top1"]
    assert sorted(taken) == ["", *[kept.name] * 4]


def test_nothing_is_subtracted_from_a_number_of_another_data_set_or_of_other_streams(made):
    for line in lines_of(made):
        empty = ("published", "published_of", "last_difference", "best_difference")
        assert [line[name] for name in empty] == [""] * 4
    found = read_reproduction(made / f"{TABLE}.json")
    assert [(line.published_streams, line.others["NTU-60 xsub"]) for line in found.lines] == [
        ("joint+motion+bone", PUBLISHED[line.row]) for line in found.lines
    ]


def test_a_table_of_an_earlier_version_loses_the_numbers_that_its_lines_cannot_be_held_against(made, tmp_path):
    values = read_json(made / f"{TABLE}.json")
    streams = ("joint+motion+bone", "joint")  # of the first line as printed, of the second not
    for line, own in zip(values["lines"], streams, strict=False):
        line.update(published=line["others"].pop("NTU-60 xsub"), streams=own)
    (tmp_path / "old.json").write_text(json.dumps(values))
    assert {line.published for line in read_reproduction(tmp_path / "old.json").lines} == {None}
    (tmp_path / "old.json").write_text(json.dumps({**values, "same_data": True}))
    found = read_reproduction(tmp_path / "old.json").lines
    assert [line.published for line in found[:2]] == [PUBLISHED[1], None]
    assert found[1].others["NTU-60 xsub"] == PUBLISHED[2]


@pytest.mark.parametrize(
    ("change", "same"),
    [
        ({}, True),
        ({"streams": ("joint", "motion")}, False),
        ({"streams": ("bone",)}, False),
        ({"protocol": "finetune"}, False),
        ({"setting": "10%"}, False),
    ],
)
def test_a_published_number_stands_beside_a_line_of_its_own_streams_protocol_and_share_only(options, change, same):
    grid = grids.TABLE_7
    line = next(one for one in grid.lines if one.setting == "1%" and one.training.name == "aimclr")
    ran = runs_of(grid, line, options(streams=THREE, rows=(line.row,)))
    data = beside.Data("NTU-60", ("NTU-60", "xsub"), True)
    score = scoring.Score(50.0, None, None, None)
    found = beside.measured(grid, line._replace(**{"streams": THREE, **change}), ran, score, data, [], [])
    assert (found.published, found.last_difference) == ((54.8, pytest.approx(-4.8)) if same else (None, None))
    elsewhere = beside.measured(grid, line._replace(streams=THREE), ran, score, data._replace(same=False), [], [])
    assert elsewhere.published is None


def test_each_row_was_trained_with_its_own_part_of_the_method(made):
    methods = [
        json.loads((made / line["runs"] / "config.json").read_text())["config"]["method"] for line in lines_of(made)
    ]
    assert [(m["views"], m["drop"], m["neighbours"]) for m in methods] == [
        ("normal", False, 0),
        ("extreme", False, 0),
        ("both", False, 0),
        ("both", True, 0),
        ("both", True, 1),
    ]


def test_the_same_call_again_trains_and_evaluates_nothing(made, store, options, monkeypatch):
    before, lines = stamps(made), lines_of(made)
    monkeypatch.setattr(scoring, "evaluate_run", lambda *_, **__: pytest.fail("evaluated again"))
    found, said = run(made, store, options())
    assert said.count("finished already") == said.count("already evaluated") == 5
    assert stamps(made) == before
    assert lines_of(made) == lines
    assert found.finished


def test_another_table_of_the_folder_takes_its_runs(made, store, options):
    found, said = run(made, store, options(rows=(2,)), table="aimclr-table2")
    assert found.lines[0].runs == ("aimclr-joint-1ep-small",)
    assert said.count("finished already") == said.count("already evaluated") == 1
    assert found.lines[0].last == float(lines_of(made)[4]["last"])


def test_other_settings_of_the_evaluation_evaluate_anew(made, store, options, monkeypatch):
    asked = []
    monkeypatch.setattr(scoring, "evaluate_run", lambda *given, **_: asked.append(given) or pytest.fail("asked"))
    with pytest.raises(pytest.fail.Exception, match="asked"):
        run(made, store, options(seeds=2))
    assert asked[0][4] == 2


def test_encoders_that_have_changed_are_evaluated_anew(made, store, options, tmp_path, monkeypatch):
    copy = Path(shutil.copytree(made, tmp_path / "copy"))
    shutil.copy(copy / "aimclr-joint-1ep-small/encoder.safetensors", copy / "aimclr-na-joint-1ep-small")
    found, said = run(copy, store, options())
    assert said.count("already evaluated") == 4
    assert found.lines[0].last == found.lines[4].last


def test_a_folder_with_runs_of_other_numbers_is_refused(made, store, options):
    with pytest.raises(SkelactError, match=r"holds another run.*\n  config.batch: 4 there, 5 asked"):
        run(made, store, options(changes={**CHANGES, "batch": 5}))
    with pytest.raises(SkelactError, match="holds another run"):
        reproduce(TABLE, store, "subject=1,3", made, options(), tiny.console()[0])


def test_a_grid_that_was_stopped_goes_on_and_keeps_what_was_done(tmp_path, store, options, monkeypatch):
    trained = []

    def stops_at_the_third(config, stores, splits, folder, console):
        trained.append(folder.name)
        done = module_pretrain(config, stores, splits, folder, console)
        return done if len(trained) < 3 else done.__class__(folder, done.step - 1, done.total, done.seconds)

    monkeypatch.setattr(module, "pretrain", stops_at_the_third)
    found, _ = run(tmp_path / "grid", store, options())
    assert not found.finished
    assert [line.row for line in found.lines] == [1, 2]
    assert [int(line["row"]) for line in lines_of(tmp_path / "grid")] == [1, 2]
    assert not read_reproduction(tmp_path / "grid" / f"{TABLE}.json").finished
    monkeypatch.setattr(module, "pretrain", module_pretrain)
    found, said = run(tmp_path / "grid", store, options(rows=(1, 2, 3)))
    assert found.finished
    assert said.count("finished already") == 3
    assert said.count("already evaluated") == 2


def test_published_numbers_of_another_data_set_are_said_to_be_so(made):
    console, said = tiny.console()
    show(read_reproduction(made / f"{TABLE}.json"), console)
    text = said.getvalue()
    assert "The published numbers are of other data sets, such as NTU-60 xsub. This store is own" in text
    assert "small recipes instead of the published settings" in text
    assert "78.9" not in text
    assert re.search(r"core-hours", text)


def test_rows_that_do_not_beat_their_control_are_named(made):
    found = read_reproduction(made / f"{TABLE}.json")
    lines = [line.model_copy(update={"last": 40.0, "control": 39.9 + 0.1 * line.row}) for line in found.lines]
    lines[1] = lines[1].model_copy(update={"control": None})
    notes = " ".join(found.model_copy(update={"lines": tuple(lines)}).notes)
    assert "Last is not above the control in row 1, 3, 4, 5: no better" in notes
    beaten = tuple(line.model_copy(update={"control": 1.0}) for line in lines)
    assert "control in row" not in " ".join(found.model_copy(update={"lines": beaten}).notes)


def test_a_store_that_is_the_papers_data_set_is_held_against_its_own_column(store, options, tmp_path, monkeypatch):
    monkeypatch.setattr(beside, "published_name", lambda *_: "NTU-120")
    console, said = tiny.console()
    whole = module.split_of
    monkeypatch.setattr(module, "split_of", lambda given, _: whole(given, tiny.SPLIT))  # it has no split of that name
    monkeypatch.setattr(
        module, "pretrain", lambda *given: module_pretrain(given[0], given[1], [tiny.SPLIT], *given[3:])
    )
    monkeypatch.setattr(
        module, "Setup", lambda store, _, seeds, controls: scoring.Setup(store, tiny.SPLIT, seeds, controls)
    )
    found = reproduce("aimclr-table2", store, "xset", tmp_path, options(rows=(1, 2)), console)
    assert found.same_data
    assert [(line.published, line.method) for line in found.lines] == [(55.9, "skeletonclr"), (63.4, "aimclr")]
    assert found.lines[1].others == {
        "NTU-60 xsub": 74.3,
        "NTU-60 xview": 79.7,
        "PKU-MMD I xsub": 83.4,
        "NTU-120 xsub": 63.4,
    }
    show(found, console)
    assert "Published numbers are of NTU-120 xset, like this store" in said.getvalue()


def test_three_streams_are_fused_and_what_fused_scores_lack_is_left_empty(store, options, monkeypatch, tmp_path):
    given = []
    monkeypatch.setattr(scoring, "fused", lambda files, out: given.append((files, out)) or 12.5)
    found, _ = run(tmp_path, store, options(streams=THREE, rows=(8,)), table="aimclr-table2")
    ((files, out),) = given
    names = [f"aimclr-{stream}-1ep-small" for stream in THREE]
    assert [file.parts[-3] for file in files] == names
    assert out == tmp_path / "fused" / f"{'+'.join(names)}-joint+motion+bone-linear.json"
    line = found.lines[0]
    assert (line.last, line.best, line.control, line.streams) == (12.5, None, None, "joint+motion+bone")
    assert (line.published, line.last_difference, line.best_difference) == (None, None, None)  # of another data set
    assert line.others["NTU-60 xsub"] == 78.9
    assert lines_of(tmp_path, "aimclr-table2")[0]["best"] == ""


def test_fusing_is_by_clip_with_the_papers_weights(store, options, tmp_path):
    found, _ = run(tmp_path, store, options(streams=THREE, rows=(8,)), table="aimclr-table2")
    kept = [np.load(tmp_path / name / f"evaluate/linear-five-{tiny.SPLIT}.npz") for name in found.lines[0].runs]
    assert all((one["names"] == kept[0]["names"]).all() for one in kept)
    joint, motion, bone = (one["scores"].astype(float) for one in kept)
    scores = 0.6 * joint + 0.6 * bone + 0.4 * motion
    assert found.lines[0].last == pytest.approx(100 * (scores.argmax(1) == kept[0]["labels"]).mean())


def test_a_network_that_starts_from_nothing_is_not_pretrained(store, options, tmp_path, monkeypatch):
    # By a protocol that every version has: the grid itself has `supervised`.
    line = grids.TABLE_8.lines[2]._replace(protocol="linear")
    monkeypatch.setitem(grids.GRIDS, "aimclr-table8", grids.TABLE_8._replace(lines=(line,)))
    monkeypatch.setattr(module, "pretrain", lambda *_: pytest.fail("pretrained"))
    found, _ = run(tmp_path, store, options(), table="aimclr-table8")
    ((measured,), encoder) = found.lines, load_encoder(tmp_path / "st-gcn-joint-small.safetensors")
    assert (measured.epochs, measured.train_seconds, measured.clips_per_second) == (0, 0, None)
    assert (measured.published, measured.runs) == (None, ("st-gcn-joint-small",))
    assert (encoder.card.encoder, encoder.card.frames) == (CHANGES["encoder"], 12)
    assert (encoder.card.stream, encoder.card.skeleton, encoder.card.persons) == ("joint", tiny.FIVE, 1)
    assert run(tmp_path, store, options(), table="aimclr-table8")[1].count("already evaluated") == 1
    with pytest.raises(SkelactError, match=r"st-gcn-joint-small\.safetensors holds a network of another shape"):
        run(tmp_path, store, options(changes={**CHANGES, "frames": 10}), table="aimclr-table8")


def test_tables_and_stores_that_are_not_there_are_said_before_anything_is_written(tmp_path, store, options):
    with pytest.raises(SkelactError, match="no table 'aimclr-table9'; there are aimclr-table1, "):
        run(tmp_path / "grid", store, options(), table="aimclr-table9")
    with pytest.raises(SkelactError, match="no split 'xsub'"):
        reproduce(TABLE, store, "xsub", tmp_path / "grid", options())
    assert not (tmp_path / "grid").exists()


def test_a_file_that_is_no_table_is_refused(tmp_path):
    (tmp_path / "t.json").write_text("{}")
    with pytest.raises(SkelactError, match=r"t\.json: expected the JSON file of a table"):
        read_reproduction(tmp_path / "t.json")

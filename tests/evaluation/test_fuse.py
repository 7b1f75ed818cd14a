"""Fusion: by name, whatever the order of the rows; and only of what belongs together."""

import json

import numpy as np
import pytest
import torch
from rich.console import Console

from skelact.evaluation.fuse import fuse
from skelact.evaluation.protocols.knn import KnnConfig
from skelact.evaluation.reading import read_result, show
from skelact.evaluation.results.files import write_result
from skelact.evaluation.results.outcome import Fused, Result
from skelact.evaluation.run import evaluate_run
from skelact.maths.hits import accuracy
from skelact.system.world import SkelactError

STREAMS = ("joint", "bone", "motion")
NAMES = np.array([f"clip{number:02}" for number in range(20)])
LABELS = np.arange(20) % 4


@pytest.fixture
def template(run, store) -> Result:
    """A real result, whose scores are then replaced."""
    result = evaluate_run("knn", run, store.path, "subject=0,1,2", 1, KnnConfig(), progress=False)
    assert isinstance(result, Result)
    return result


@pytest.fixture
def scores():
    rng = np.random.default_rng(0)
    return {stream: (rng.normal(size=(20, 4)) + np.eye(4)[LABELS]).astype(np.float32) for stream in STREAMS}


@pytest.fixture
def write(tmp_path, template, scores):
    """Writes the result of a stream; what is given replaces fields, rows or labels."""

    def make(name, rows=None, names=NAMES, labels=LABELS, values=None, **changes):
        rows = np.arange(len(names)) if rows is None else rows
        values = scores[name] if values is None else values
        result = template.model_copy(update={"protocol": "linear", "stream": name, "test_clips": 20, **changes})
        return write_result(result, tmp_path / name / "evaluate", names[rows], labels[rows], values[rows])

    return make


def expected(scores, weights):
    total = np.zeros((20, 4))
    for stream, weight in weights.items():
        for clip in range(20):
            for place in range(4):
                total[clip, place] += weight * float(scores[stream][clip, place])
    return total


def test_rows_in_any_order_are_added_up_by_clip_name_with_the_weights_of_their_streams(write, scores):
    rng = np.random.default_rng(1)
    files = [write(stream, rows=rng.permutation(20)) for stream in STREAMS]
    fused, written = fuse(files)
    kept = np.load(written.with_suffix(".npz"))
    assert sorted(kept["names"]) == sorted(NAMES)
    row = {name: place for place, name in enumerate(kept["names"].tolist())}
    total = expected(scores, {"joint": 0.6, "bone": 0.6, "motion": 0.4})
    np.testing.assert_allclose(kept["scores"][[row[name] for name in NAMES]], total, rtol=1e-5, atol=1e-6)
    assert fused.last.top1 == accuracy(torch.from_numpy(total), torch.from_numpy(LABELS)).top1
    assert [part.weight for part in fused.parts] == [0.6, 0.6, 0.4]
    for part in fused.parts:
        own = accuracy(torch.from_numpy(scores[part.stream]), torch.from_numpy(LABELS))
        assert part.last.top1 == own.top1
    in_order, _ = fuse([write(stream) for stream in STREAMS])
    assert in_order.last == fused.last


def test_given_weights_are_used_and_a_stream_of_its_own_weighs_one(write, scores):
    files = [write("joint"), write("bone")]
    own = accuracy(torch.from_numpy(scores["bone"]), torch.from_numpy(LABELS))
    assert fuse(files, (0.0, 2.0))[0].last.top1 == own.top1
    other = write("motion", stream="joint+bone")
    assert [part.weight for part in fuse([files[0], other])[0].parts] == [0.6, 1]


def test_the_file_holds_every_part_and_reads_back(write, tmp_path):
    files = [write(stream) for stream in STREAMS]
    fused, written = fuse(files)
    assert written == tmp_path / "joint" / "evaluate" / "fused-linear-store-subject=0,1,2.json"
    values = json.loads(written.read_text())
    assert {"protocol", "split", "classes", "train_clips", "test_clips", "last", "parts", "seconds"} <= values.keys()
    assert [part["stream"] for part in values["parts"]] == list(STREAMS)
    assert values["stream"] == "joint+motion+bone"
    assert read_result(written) == fused
    assert isinstance(read_result(written), Fused)
    elsewhere, path = fuse(files, out=tmp_path / "three.json")
    assert (path, elsewhere.last) == (tmp_path / "three.json", fused.last)
    assert (tmp_path / "three.npz").exists()


def test_the_table_shows_every_stream_and_the_fusion(write, capsys):
    fused, _ = fuse([write(stream) for stream in STREAMS])
    show(fused, Console(width=200))
    text = capsys.readouterr().out
    for name, value in [*((part.stream, part.last) for part in fused.parts), ("fused", fused.last)]:
        assert name in text
        assert f"{value.top1:.1f}" in text


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"protocol": "knn"}, "protocol: linear and knn"),
        ({"split": "xview"}, "split: subject=0,1,2 and xview"),
        ({"rule": "others train"}, "rule: .* and others train"),
        ({"dataset": "utd"}, "dataset: own and utd"),
        ({"protocol": "linear", "recipe": {"share": 0.1}}, "share of labels: None and 0.1"),
        ({"values": np.zeros((20, 5), np.float32)}, "number of classes scored: 4 and 5"),
        ({"rows": np.arange(19)}, "names: 1 clips are in one only, such as clip19"),
        ({"names": np.char.add("x", NAMES)}, "names: 40 clips are in one only"),
        ({"labels": (LABELS + (np.arange(20) == 3)) % 4}, "labels: 1 clips have another one, such as clip03"),
    ],
    ids=["protocol", "split", "rule", "data set", "share", "classes", "a clip less", "other names", "other labels"],
)
def test_results_that_do_not_belong_together_are_refused_and_what_differs_is_named(write, changes, said):
    files = [write("joint"), write("bone", **changes)]
    with pytest.raises(SkelactError, match=f"cannot be fused: they differ in {said}"):
        fuse(files)


def test_streams_that_learned_labels_chosen_in_two_ways_are_not_fused_and_those_of_one_way_have_its_name(write):
    plain, released = {"share": 0.1}, {"share": 0.1, "per_class": "released"}
    with pytest.raises(SkelactError, match="labels learned: 10pct and 10pct-released"):
        fuse([write("joint", protocol="semi", recipe=plain), write("bone", protocol="semi", recipe=released)])
    for recipe, name in ((plain, "10pct"), (released, "10pct-released")):
        fused, _ = fuse([write(stream, protocol="semi", recipe=recipe) for stream in STREAMS])
        assert fused.variant == name


def test_what_is_no_set_of_results_is_refused(write, run, store, tmp_path):
    file = write("joint")
    with pytest.raises(SkelactError, match="at least 2 results to fuse, found 1"):
        fuse([file])
    with pytest.raises(SkelactError, match="a weight for each of the 2 results, found 3"):
        fuse([file, write("bone")], (1.0, 1.0, 1.0))
    with pytest.raises(SkelactError, match=r"finite and not all zero, got 0\.0, 0\.0"):
        fuse([file, write("bone")], (0.0, 0.0))
    with pytest.raises(SkelactError, match=r"expected the name of a \.json file"):
        fuse([file, write("bone")], out=tmp_path / "fused")
    with pytest.raises(SkelactError, match="cannot be read as JSON"):
        fuse([file, tmp_path / "none.json"])
    evaluate_run("retrieval", run, store.path, "subject=0,1,2", 1, progress=False)
    with pytest.raises(SkelactError, match="retrieval has no class scores"):
        fuse([file, run / "evaluate" / "retrieval-store-subject=0,1,2.json"])
    write("motion").with_suffix(".npz").unlink()
    with pytest.raises(SkelactError, match="expected arrays names, labels and scores"):
        fuse([file, tmp_path / "motion" / "evaluate" / "linear-store-subject=0,1,2.json"])
    twice = write("bone", rows=np.array([*range(19), 0]))
    with pytest.raises(SkelactError, match="every clip once, found 1 names twice"):
        fuse([file, twice])

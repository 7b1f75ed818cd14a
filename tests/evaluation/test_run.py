"""Evaluation from files to files."""

import json
import shutil

import numpy as np
import pytest
import torch
from rich.console import Console

from skelact.data.splits import split
from skelact.encoders.file import load_encoder, random_encoder, save_encoder
from skelact.evaluation import run as module
from skelact.evaluation.protocols.knn import KnnConfig, knn
from skelact.evaluation.reading import show
from skelact.evaluation.results.outcome import Result
from skelact.evaluation.results.published import Published
from skelact.evaluation.run import evaluate_run, results_folder
from skelact.maths.hits import accuracy
from skelact.system.world import SkelactError
from skelact.train.labels import LinearConfig
from skelact.train.linear import linear
from skelact.train.task import Task, standardised

FRAMES = 8
SPLIT = "subject=0,1,2"
QUICK = LinearConfig(lr=0.5, batch=6, epochs=5, milestones=(4,))


def task_of(encoder, store) -> Task:
    """The split's features, without cache or control."""
    found = torch.from_numpy(encoder.embed(store.prepared("released", FRAMES).clips, progress=False))
    rows, labels = split(store, SPLIT), torch.from_numpy(store.table["action"])
    return Task(found[rows.train], labels[rows.train], found[rows.test], labels[rows.test], 4)


def of_three(found):
    """As results of three classes have it: no top 5."""
    return found.model_copy(update={"top5": None})


def evaluate(protocol, run, store, **options) -> Result:
    recipe = QUICK if protocol == "linear" else None
    return evaluate_run(protocol, run, store.path, SPLIT, **{"recipe": recipe, "progress": False, **options})


@pytest.mark.parametrize("protocol", ["knn", "linear"])
def test_the_json_file_has_the_promised_keys_and_reads_back_as_the_result(run, store, protocol):
    result = evaluate(protocol, run, store, seeds=2)
    file = run / "evaluate" / f"{protocol}-store-{SPLIT}.json"
    values = json.loads(file.read_text())
    promised = "protocol split classes train_clips test_clips last best control seeds seconds"
    assert set(promised.split()) <= values.keys()
    assert values["last"].keys() == values["best"].keys() == {"top1", "top5"}
    assert 0 <= values["control"]["top1"] <= 100
    assert (values["protocol"], values["split"], values["seeds"]) == (protocol, SPLIT, 2)
    assert (values["classes"], values["train_clips"], values["test_clips"]) == (3, 18, 6)
    assert Result.model_validate(values) == result


def test_knn_is_the_protocol_on_the_features_and_its_control_that_on_random_encoders(run, store, card):
    result = evaluate("knn", run, store, seeds=2)
    task = task_of(load_encoder(run), store)
    assert {k: one.top1 for k, one in result.by_k.items()} == {k: one.top1 for k, one in knn(task).by_k.items()}
    assert result.last == result.best == of_three(knn(task).by_k[20])
    assert result.k_used == {1: 1, 20: 6}
    assert result.standardised == of_three(knn(standardised(task)).by_k[20])
    controls = [task_of(random_encoder(card, seed), store) for seed in (0, 1)]
    plain = [of_three(knn(control).by_k[20]) for control in controls]
    scaled = [of_three(knn(standardised(control)).by_k[20]) for control in controls]
    assert list(result.control.plain_per_seed) == plain
    assert list(result.control.standardised_per_seed) == scaled
    assert result.control.top1 == max(sum(one.top1 for one in each) / 2 for each in (plain, scaled))


def test_linear_is_the_protocol_on_the_features_seed_by_seed(run, store, card):
    result = evaluate("linear", run, store, seeds=3)
    by_seed = [linear(task_of(load_encoder(run), store), (seed,), QUICK) for seed in range(3)]
    assert [one.top1 for one in result.last_per_seed] == pytest.approx([one.last[0].top1 for one in by_seed])
    assert result.last.top1 == pytest.approx(np.mean([one.last[0].top1 for one in by_seed]))
    assert result.best.top1 == pytest.approx(np.mean([one.top1.max() for one in by_seed]))
    assert result.std == pytest.approx(np.std([one.last[0].top1 for one in by_seed], ddof=1))
    assert result.best.top1 >= result.last.top1
    control = linear(task_of(random_encoder(card, 1), store), (1,), QUICK)
    assert result.control.plain_per_seed[1].top1 == pytest.approx(control.last[0].top1)


def test_scores_beside_the_result_belong_to_the_named_clips(run, store):
    result = evaluate("linear", run, store)
    kept = np.load(run / "evaluate" / f"linear-store-{SPLIT}.npz")
    rows = split(store, SPLIT).test
    assert kept["names"].tolist() == [f"clip{row:02}" for row in rows]
    assert kept["labels"].tolist() == [row % 3 for row in rows]
    assert (kept["scores"].dtype, kept["scores"].shape) == (np.float32, (6, 4))
    own = accuracy(torch.from_numpy(kept["scores"]), torch.from_numpy(kept["labels"]))
    assert own.top1 == result.last_per_seed[0].top1


def test_a_second_evaluation_runs_no_encoder(run, store, monkeypatch):
    first = evaluate("knn", run, store)

    def refuse(*_, **__):
        raise AssertionError("the encoder ran")

    monkeypatch.setattr("skelact.encoders.stgcn.network.STGCN.forward", refuse)
    again = evaluate("knn", run, store)
    assert (again.last, again.control) == (first.last, first.control)
    evaluate("linear", run, store)


def test_results_of_an_encoder_file_go_into_a_folder_of_its_name(tmp_path, store, encoder, card):
    file = tmp_path / "published.safetensors"
    save_encoder(file, encoder.network, card)
    evaluate("knn", file, store)
    assert (tmp_path / "published-evaluation" / "evaluate" / f"knn-store-{SPLIT}.json").exists()


def test_the_encoder_file_inside_a_run_belongs_to_the_run(run):
    assert results_folder(run) == run
    (run / "config.json").write_text("{}")
    assert results_folder(run / "encoder.safetensors") == run


def test_clips_without_labels_are_refused_and_nothing_is_written(tmp_path, run, recordings, made_store):
    unlabelled = [clip.__class__(**{**vars(clip), "action": -1}) for clip in recordings()]
    store = made_store(tmp_path / "unlabelled", unlabelled)
    with pytest.raises(SkelactError, match="needs labels: 18 of the 18 train clips"):
        evaluate("knn", run, store)
    assert not (run / "evaluate").exists()


def test_what_cannot_be_evaluated_is_refused(run, store):
    with pytest.raises(SkelactError, match="no protocol 'svm'; there are knn, retrieval, clustering, linear, semi"):
        evaluate("svm", run, store)
    with pytest.raises(SkelactError, match="linear takes a LinearConfig, got a KnnConfig"):
        evaluate("linear", run, store, recipe=KnnConfig())
    with pytest.raises(SkelactError, match="seeds must be at least 1, got 0"):
        evaluate("knn", run, store, seeds=0)
    with pytest.raises(SkelactError, match="no column 'colour'"):
        evaluate_run("knn", run, store.path, "colour=1", progress=False)


def test_two_stores_are_two_files(tmp_path, run, store, recordings, made_store):
    other = made_store(tmp_path / "other", recordings(seed=1))
    evaluate("knn", run, store)
    evaluate("knn", run, other)
    assert len(list((run / "evaluate").glob("*.json"))) == 2


@pytest.mark.parametrize("protocol", ["knn", "linear"])
def test_the_table_shows_every_figure_and_how_it_was_obtained(run, store, protocol, monkeypatch, capsys):
    monkeypatch.setattr(module, "published", lambda *_: Published("d", "s", "m", "joint", 74.3, "A paper, table 2"))
    result = evaluate(protocol, run, store, seeds=2)
    show(result, Console(width=150))
    text = capsys.readouterr().out
    for accuracy_ in (result.last, result.best, result.standardised, result.control.plain):
        assert f"{accuracy_.top1:.1f}" in text
    how = (
        "6 nearest (k 6 instead of 20: the smallest class has 6 clips)"
        if protocol == "knn"
        else "after epoch 5, mean of 2 seeds"
    )
    for words in (how, "2 random encoders", "74.3", "A paper, table 2", "18 train and 6 test clips of 3 classes"):
        assert words in text


def test_an_encoder_that_is_its_own_control_is_called_so(tmp_path, run, store, card, capsys):
    shutil.rmtree(run)
    run.mkdir()
    save_encoder(run / "encoder.safetensors", random_encoder(card, 0).network, card)
    show(evaluate("knn", run, store, seeds=1), Console(width=150))
    assert "no better than random weights" in " ".join(capsys.readouterr().out.split())

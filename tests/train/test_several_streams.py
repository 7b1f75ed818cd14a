"""A run that learns several streams together: an encoder each, a look at each, a result each."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
import torch

import tiny
from skelact import cli
from skelact.encoders.file import load_encoder, save_encoder
from skelact.evaluation.results.outcome import Result
from skelact.evaluation.run import evaluate_run
from skelact.maths.streams import apply_stream
from skelact.report import report
from skelact.report.curves import reference
from skelact.report.runs import read_run
from skelact.runs import RunFolder
from skelact.system.world import SkelactError
from skelact.train import pretrain
from skelact.train.labels import LinearConfig

STREAMS = ("joint", "motion", "bone")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.store(tmp_path_factory.mktemp("data") / "five").path


def train(run: Path, store: Path, **changes) -> str:
    console, said = tiny.console()
    pretrain(tiny.config("crossclr", **changes), [store], [tiny.SPLIT], run, console)
    return said.getvalue()


@pytest.fixture(scope="module")
def run(store: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of three streams."""
    folder = tmp_path_factory.mktemp("runs") / "three"
    said = train(folder, store, epochs=3)
    assert all(f"step 9: {stream}: kNN" in said for stream in STREAMS)
    return folder


def evaluate(run: Path, store: Path, protocol: str = "knn", **options) -> Result:
    recipe = LinearConfig(lr=0.5, batch=4, epochs=3, milestones=(2,)) if protocol == "linear" else None
    return evaluate_run(protocol, run, store, tiny.SPLIT, seeds=1, recipe=recipe, progress=False, **options)


def test_there_is_an_encoder_for_every_stream_and_the_first_one_has_the_plain_name_too(run):
    assert {path.name for path in run.glob("*.safetensors")} == {
        "encoder.safetensors",
        *(f"encoder-{stream}.safetensors" for stream in STREAMS),
    }
    assert (run / "encoder.safetensors").read_bytes() == (run / "encoder-joint.safetensors").read_bytes()
    assert RunFolder(run).streams == ("joint", "bone", "motion")
    weights = tiny.state(run)["method"]
    for stream in STREAMS:
        encoder = load_encoder(run, stream)
        assert (encoder.card.stream, encoder.card.method) == (stream, "crossclr")
        for name, tensor in encoder.network.state_dict().items():
            assert torch.equal(tensor, weights[f"learners.{stream}.query.encoder.{name}"])


def test_the_log_has_the_losses_and_the_look_of_every_stream(run):
    lines = tiny.metrics(run)
    losses, looks = [one for one in lines if "loss" in one], [one for one in lines if "knn" in one]
    assert [one["step"] for one in looks] == [0, 6, 9]
    for one in looks:
        found = {f"{stream}/{name}" for stream in STREAMS[1:] for name in ("knn", "feature_std", "effective_rank")}
        assert set(one) == {"step", "epoch", "knn", "feature_std", "effective_rank"} | found
    for one in losses:
        part = "cross" if one["epoch"] >= 2 else "info_nce"
        assert set(one) == {"step", "epoch", "lr", "loss"} | {f"{stream}/{part}" for stream in STREAMS}
        assert one["loss"] == pytest.approx(sum(one[f"{stream}/{part}"] for stream in STREAMS), rel=1e-5)


def test_evaluating_each_stream_gives_three_results_that_can_be_fused_by_clip(run, store):
    found = {stream: evaluate(run, store, "linear", stream=stream) for stream in STREAMS}
    files = {stream: run / "evaluate" / f"linear-five-{tiny.SPLIT}-{stream}" for stream in STREAMS}
    kept = {stream: np.load(file.with_suffix(".npz")) for stream, file in files.items()}
    for stream, result in found.items():
        assert (result.method, result.stream, result.variant) == ("crossclr", stream, stream)
        assert Result.model_validate_json(files[stream].with_suffix(".json").read_text()) == result
        assert kept[stream]["names"].tolist() == kept["joint"]["names"].tolist()
    assert len({result.encoder_hash for result in found.values()}) == 3
    assert not np.array_equal(kept["joint"]["scores"], kept["bone"]["scores"])


def test_the_first_stream_is_evaluated_unless_another_is_asked_for_and_never_twice(run, store):
    plain, asked = evaluate(run, store), evaluate(run, store, stream="joint")
    assert (plain.stream, plain.last, plain.encoder_hash) == ("joint", asked.last, asked.encoder_hash)
    by_file = evaluate(run / "encoder-bone.safetensors", store)
    assert by_file.stream == "bone"
    assert {path.name for path in (run / "evaluate").glob("knn-*.json")} == {
        f"knn-five-{tiny.SPLIT}-joint.json",
        f"knn-five-{tiny.SPLIT}-bone.json",
    }


def test_the_features_of_a_stream_are_its_encoders_on_that_stream(run):
    clips = np.random.default_rng(0).normal(size=(2, 3, 12, 5, 1)).astype(np.float32)
    clips -= clips[:, :, :, [tiny.FIVE.centre]]
    for stream in STREAMS:
        encoder = load_encoder(run, stream)
        expected = encoder.network(apply_stream(torch.from_numpy(clips), stream, tiny.FIVE)).numpy()
        np.testing.assert_allclose(encoder.embed(clips, progress=False), expected, rtol=1e-5)


def test_the_report_tells_the_streams_apart(run, store, tmp_path):
    for stream in STREAMS:
        evaluate(run, store, stream=stream)
    page = report([run], tmp_path / "page.html").read_text()
    for stream in STREAMS:
        assert f"<b>knn {stream}</b>" in page
        assert f"five {tiny.SPLIT}, {stream} stream, 6 test clips" in page


def test_the_level_of_chance_is_drawn_for_a_streams_part_and_not_for_their_sum(run):
    read = read_run(run)
    assert reference(read, "bone/info_nce") == (math.log(11), "log(1 + 10)")
    assert reference(read, "bone/feature_std") == reference(read, "feature_std")
    assert reference(read, "bone/cross") is None
    assert reference(read, "loss") is None


def test_a_stream_that_a_run_does_not_have_is_refused_with_those_it_has(run, store, tmp_path):
    config = tiny.config("crossclr", epochs=1)
    method = config.method.model_copy(update={"streams": ("motion", "joint")})
    config = config.model_copy(update={"method": method})
    pretrain(config, [store], [tiny.SPLIT], tmp_path / "two", tiny.console()[0])
    assert load_encoder(tmp_path / "two").card.stream == "motion"
    with pytest.raises(SkelactError, match="expected an encoder of the bone stream, found those of joint, motion"):
        evaluate(tmp_path / "two", store, stream="bone")
    with pytest.raises(SkelactError, match="expected an encoder of the joint stream, found one of bone"):
        evaluate(run / "encoder-bone.safetensors", store, stream="joint")


def test_a_run_of_one_stream_has_one_encoder_and_its_names_stay(store, tmp_path):
    console, _ = tiny.console()
    pretrain(tiny.config(epochs=1, stream="bone"), [store], [tiny.SPLIT], tmp_path / "one", console)
    assert [path.name for path in (tmp_path / "one").glob("*.safetensors")] == ["encoder.safetensors"]
    result = evaluate(tmp_path / "one", store, stream="bone")
    assert (result.stream, result.variant, result.file_name) == ("bone", "", f"knn-five-{tiny.SPLIT}")
    with pytest.raises(SkelactError, match="expected an encoder of the joint stream, found one of bone"):
        evaluate(tmp_path / "one", store, stream="joint")


def test_another_stream_than_joints_is_refused_before_anything_is_written(store, tmp_path):
    with pytest.raises(SkelactError, match=r"crossclr makes its streams \(joint, motion, bone\) itself, from joints"):
        train(tmp_path / "run", store, stream="bone")
    assert not (tmp_path / "run").exists()


def test_encoders_outside_a_run_are_files_like_any_other(run, store, tmp_path):
    encoder = load_encoder(run, "bone")
    save_encoder(tmp_path / "encoder-bone.safetensors", encoder.network, encoder.card)
    result = evaluate(tmp_path / "encoder-bone.safetensors", store)
    assert result.variant == ""
    assert (tmp_path / "encoder-bone-evaluation" / "evaluate" / f"knn-five-{tiny.SPLIT}.json").exists()


def test_the_command_line_learns_several_streams_and_evaluates_one(store, tmp_path, capsys):
    run = tmp_path / "run"
    small = "--epochs 1 --batch 4 --frames 12 --device cpu --encoder.width 2 --encoder.features 8"
    words = f"pretrain crossclr-small --store {store} --split {tiny.SPLIT} --run {run} {small}"
    assert cli.main([*words.split(), "--method.streams", "joint", "bone", "--method.top-k", "2"]) == 0
    assert json.loads((run / "config.json").read_text())["config"]["method"]["streams"] == ["joint", "bone"]
    said = capsys.readouterr().err
    for stream in ("joint", "bone"):
        assert f"skelact evaluate knn {run} --store {store} --split {tiny.SPLIT} --stream {stream}\n" in said
    evaluation = f"evaluate knn {run} --store {store} --split {tiny.SPLIT} --seeds 1 --stream"
    assert cli.main([*evaluation.split(), "bone"]) == 0
    assert "bone stream" in " ".join(capsys.readouterr().out.split())
    assert cli.main([*evaluation.split(), "motion"]) == 1
    assert "found those of joint, bone" in capsys.readouterr().err

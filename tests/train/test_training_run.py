"""Run folders, refusals, doubts and warnings of pretraining."""

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.neighbors import KNeighborsClassifier

import tiny
from skelact.data.batches import training_clips
from skelact.data.splits import split
from skelact.encoders.entrance import Entrance
from skelact.encoders.file import load_encoder
from skelact.system.world import SkelactError
from skelact.train import SGD, TrainConfig, pretrain
from skelact.train.loop import Trainer
from skelact.train.probe import COLLAPSED_RANK, COLLAPSED_STD, Probe, collapse_warning


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.store(tmp_path_factory.mktemp("data") / "five").path


def train(config: TrainConfig, store: Path, run: Path, split: str = tiny.SPLIT) -> str:
    """What a run says."""
    console, said = tiny.console()
    pretrain(config, [store], [split], run, console)
    return said.getvalue()


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def changed(config: TrainConfig, part: str, **values: object) -> TrainConfig:
    return config.model_copy(update={part: getattr(config, part).model_copy(update=values)})


@pytest.fixture(scope="module")
def finished(store: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of one epoch."""
    run = tmp_path_factory.mktemp("finished") / "run"
    train(tiny.config(epochs=1), store, run)
    return run


def test_a_run_folder_holds_what_the_manual_says(finished):
    held = {path.name for path in finished.iterdir()}
    assert held == {"config.json", "metrics.jsonl", "encoder.safetensors", "checkpoints", "tensorboard"}
    said = json.loads((finished / "config.json").read_text())
    assert {"skelact", "started", "machine", "config", "stores", "skeleton", "train_clips", "seal"} == set(said)
    assert said["train_clips"] == tiny.TRAIN_CLIPS
    assert said["stores"][0]["split"] == tiny.SPLIT
    assert TrainConfig.model_validate(said["config"]) == tiny.config(epochs=1)


def test_every_line_of_the_log_has_what_the_report_draws(finished):
    lines = tiny.metrics(finished)
    assert [line["step"] for line in lines] == [0, 2, 3, 3]
    for line in (lines[1], lines[2]):
        assert {"step", "epoch", "loss", "lr"} == set(line)
    for line in (lines[0], lines[3]):
        assert {"step", "epoch", "knn", "feature_std", "effective_rank"} == set(line)
        assert 0 <= line["knn"] <= 100


def test_the_losses_of_a_line_are_means_over_the_steps_since_the_last_one(store, tmp_path):
    train(tiny.config("aimclr", log_every=1, probe_every=0), store, tmp_path / "each")
    train(tiny.config("aimclr", log_every=2, probe_every=0), store, tmp_path / "pairs")
    each = {line["step"]: line for line in tiny.metrics(tmp_path / "each")}
    pairs = tiny.metrics(tmp_path / "pairs")
    assert [line["step"] for line in pairs] == [2, 3, 4, 6, 8, 9, 10, 12]
    before = 0
    for line in pairs:
        steps = range(before + 1, line["step"] + 1)
        for part in set(line) - {"step", "epoch", "lr"}:
            assert line[part] == pytest.approx(sum(each[step][part] for step in steps) / len(steps), rel=1e-6)
        before = line["step"]


def test_the_encoder_of_a_run_is_the_trained_network(finished):
    encoder = load_encoder(finished)
    weights = tiny.state(finished)["method"]
    for name, tensor in encoder.network.state_dict().items():
        assert torch.equal(tensor, weights[f"query.encoder.{name}"])
    card = encoder.card
    assert (card.skeleton, card.stream, card.preparation, card.frames, card.persons) == (
        tiny.FIVE,
        "joint",
        "released",
        12,
        1,
    )
    assert (card.method, card.origin) == ("skeletonclr", "tiny, step 3 of 3, seed 0")


# Each differing value as a user would have to find it.
OTHERS = {
    "config.epochs: 1 there, 2 asked": tiny.config(epochs=2),
    "config.seed: 0 there, 9 asked": tiny.config(epochs=1, seed=9),
    "config.stream: 'joint' there, 'bone' asked": tiny.config(epochs=1, stream="bone"),
    "config.optimiser.lr: 0.05 there, 0.1 asked": changed(tiny.config(epochs=1), "optimiser", lr=0.1),
    "config.method.temperature: 0.2 there, 0.3 asked": changed(tiny.config(epochs=1), "method", temperature=0.3),
    "config.method.name: 'skeletonclr' there, 'aimclr' asked": tiny.config("aimclr", epochs=1),
    "config.encoder.width: 2 there, 3 asked": changed(tiny.config(epochs=1), "encoder", width=3),
}


@pytest.mark.parametrize("difference", OTHERS)
def test_a_run_of_another_configuration_is_refused_and_left_alone(difference, store, finished):
    before = contents(finished)
    with pytest.raises(SkelactError, match="holds another run, which is never overwritten") as refused:
        train(OTHERS[difference], store, finished)
    assert difference in str(refused.value)
    assert contents(finished) == before


def test_another_split_or_another_store_is_another_run(store, finished, tmp_path):
    with pytest.raises(SkelactError, match=r"stores\[0\]\.split: 'subject=1,2' there, 'subject=2,1' asked"):
        train(tiny.config(epochs=1), store, finished, "subject=2,1")
    other = tiny.store(tmp_path / "five", tiny.recordings(seed=1)).path
    with pytest.raises(SkelactError, match=r"stores\[0\]\.hash: '\w+' there, '\w+' asked"):
        train(tiny.config(epochs=1), other, finished)


def test_a_store_that_was_moved_is_the_same_one(store, finished, tmp_path):
    moved = tiny.store(tmp_path / "elsewhere").path
    assert "finished already" in train(tiny.config(epochs=1), moved, finished)


def test_a_folder_with_something_else_in_it_is_refused_and_left_alone(store, tmp_path):
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "cat.jpg").write_text("meow")
    with pytest.raises(SkelactError, match="photos is not empty and holds no run; choose another --run"):
        train(tiny.config(), store, tmp_path / "photos")
    assert contents(tmp_path / "photos") == {"cat.jpg": b"meow"}


def test_an_empty_folder_is_taken(store, tmp_path):
    (tmp_path / "run").mkdir()
    train(tiny.config(epochs=1), store, tmp_path / "run")
    assert (tmp_path / "run" / "encoder.safetensors").exists()


@pytest.mark.parametrize("text", [b"", b"{", b"[1, 2]", b"7", b"\xff\xfe"])
def test_a_damaged_config_file_is_an_error_that_names_it(text, store, tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "config.json").write_bytes(text)
    with pytest.raises(SkelactError, match=r"run/config\.json: cannot be read"):
        train(tiny.config(), store, tmp_path / "run")
    assert contents(tmp_path / "run") == {"config.json": text}


def test_a_damaged_checkpoint_is_an_error_that_names_it_and_stays(store, finished, tmp_path):
    run = tmp_path / "run"
    train(tiny.config(epochs=1), store, run)
    (run / "checkpoints" / "last.pt").write_bytes(b"damaged")
    before = contents(run)
    with pytest.raises(SkelactError, match=r"last\.pt: not a checkpoint"):
        train(tiny.config(epochs=1), store, run)
    assert contents(run) == before


def test_a_batch_larger_than_the_training_set_is_an_error_with_both_numbers(store, tmp_path):
    config = tiny.config(batch=15)
    config = config.model_copy(update={"method": config.method.model_copy(update={"bank": 15})})
    with pytest.raises(SkelactError, match=r"a batch of 15 needs as many training clips, found 14: lower --batch"):
        train(config, store, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_device_that_is_not_there_is_an_error_that_names_it(store, tmp_path):
    for device in ("cuda:99", "abacus"):
        with pytest.raises(SkelactError, match=f"device '{device}' cannot be used"):
            train(tiny.config(device=device), store, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def poison(monkeypatch: pytest.MonkeyPatch, step: int, where: str) -> None:
    """Make the loss of step `step` (from 1) not a number, or only what it does to the weights."""
    take = Trainer._step

    def poisoned(self, *arguments):
        losses = take(self, *arguments)
        if self.step + 1 == step:
            if where == "loss":
                losses["loss"] = losses["loss"] * math.nan
            with torch.no_grad():
                next(self.method.encoder.parameters()).fill_(math.inf)
        return losses

    monkeypatch.setattr(Trainer, "_step", poisoned)


def assert_finite(run: Path) -> None:
    held = tiny.state(run)
    tensors = [*held["method"].values(), *(kept["momentum_buffer"] for kept in held["optimiser"]["state"].values())]
    assert len(tensors) > 100
    assert all(bool(tensor.isfinite().all()) for tensor in tensors)
    assert all(bool(tensor.isfinite().all()) for tensor in load_encoder(run).network.state_dict().values())


def test_a_loss_that_is_not_finite_stops_the_run_with_step_checkpoint_and_advice(store, tmp_path, monkeypatch):
    run = tmp_path / "run"
    with monkeypatch.context() as patch:
        poison(patch, 7, "loss")
        with pytest.raises(SkelactError) as stopped:
            train(tiny.config(log_every=100), store, run)
    text = str(stopped.value)
    assert "the loss of step 7 is not finite" in text
    assert f"the last good checkpoint is {run / 'checkpoints' / 'last.pt'}" in text
    for advice in ("--optimiser.lr", "--optimiser.warmup", "--method.temperature", "--precision float32"):
        assert advice in text
    assert tiny.state(run)["step"] == 6
    assert_finite(run)
    assert all(line["step"] <= 6 for line in tiny.metrics(run))


def test_a_loss_that_is_not_finite_before_any_checkpoint_says_so(store, tmp_path, monkeypatch):
    poison(monkeypatch, 2, "loss")
    with pytest.raises(SkelactError, match=r"the loss of step 2 is not finite; no checkpoint was written yet"):
        train(tiny.config(), store, tmp_path / "run")
    assert not (tmp_path / "run" / "checkpoints").exists()


def test_weights_that_are_not_finite_after_a_finite_loss_are_never_saved(store, tmp_path, monkeypatch):
    run = tmp_path / "run"
    poison(monkeypatch, 6, "weights")  # the last step of an epoch: the next thing that happens is a checkpoint
    with pytest.raises(SkelactError, match=r"the weights after step 6 are not finite; the last good checkpoint is"):
        train(tiny.config(probe_every=0), store, run)
    assert tiny.state(run)["step"] == 3
    assert_finite(run)


@pytest.mark.parametrize("method", ["skeletonclr", "aimclr"])
def test_a_real_blow_up_ends_with_that_error_and_a_finite_checkpoint(method, store, tmp_path):
    config = tiny.config(method, optimiser=SGD(lr=1e30), epochs=20)
    with pytest.raises(SkelactError, match="not finite") as stopped:
        train(config, store, tmp_path / "run")
    if "last good checkpoint is" in str(stopped.value):
        assert_finite(tmp_path / "run")
    else:
        assert not (tmp_path / "run" / "checkpoints").exists()


def test_a_bank_within_clips_shrinks_to_the_training_set_and_is_recorded_so(store, tmp_path):
    config = changed(tiny.config(epochs=1), "method", bank=1000, bank_within_clips=True)
    said = train(config, store, tmp_path / "run")
    assert "training clips" not in said
    assert len(tiny.state(tmp_path / "run")["method"]["bank.keys"]) == tiny.TRAIN_CLIPS
    held = json.loads((tmp_path / "run" / "config.json").read_text())
    assert held["config"]["method"]["bank"] == tiny.TRAIN_CLIPS
    # The same command finds its own run again, although its numbers were fitted.
    assert "finished already" in train(config, store, tmp_path / "run")


def test_a_smaller_bank_stays_as_it_is(store, tmp_path):
    train(changed(tiny.config(epochs=1), "method", bank_within_clips=True), store, tmp_path / "run")
    assert len(tiny.state(tmp_path / "run")["method"]["bank.keys"]) == 10


def test_a_bank_beyond_the_clips_is_doubted_with_both_numbers(store, tmp_path):
    said = train(changed(tiny.config(epochs=1), "method", bank=20), store, tmp_path / "run")
    assert "warning: the bank holds 20 keys but there are only 14 training clips" in said
    assert "lower --method.bank" in said


def test_too_few_steps_for_the_key_network_are_doubted_with_the_numbers(store, tmp_path):
    said = train(changed(tiny.config(epochs=1), "method", momentum=0.9), store, tmp_path / "run")
    assert "warning: 3 steps x (1 - momentum 0.9) = 0.3: the key network hardly leaves its random start" in said
    assert "lower --method.momentum" in said


def test_neighbours_that_never_begin_are_doubted(store, tmp_path):
    said = train(changed(tiny.config("aimclr", epochs=1), "method", neighbours_from=1), store, tmp_path / "run")
    assert (
        "warning: nearest neighbours begin at epoch 1 but the run ends after 1: lower --method.neighbours-from" in said
    )


def test_a_run_without_cause_for_doubt_warns_of_nothing(store, tmp_path):
    config = changed(tiny.config("aimclr", epochs=4), "method", momentum=0.5)
    assert "neighbours begin" not in train(config, store, tmp_path / "run")
    fitted = config.method.fitted(4, 14, 4)
    assert fitted.doubts(4, 12, 14) == []


def test_the_last_sixth_of_the_run_has_the_neighbours_where_no_epoch_is_given(store, tmp_path):
    config = changed(tiny.config("aimclr", epochs=4), "method", neighbours_from=None)
    train(config, store, tmp_path / "run")
    epochs = {("nnm" in line, line["epoch"]) for line in tiny.metrics(tmp_path / "run") if "loss" in line}
    assert epochs == {(False, 0), (False, 1), (False, 2), (True, 3)}


def test_a_probe_without_labels_gives_no_knn(tmp_path):
    unlabelled = tiny.store(tmp_path / "store", tiny.recordings(labels=False)).path
    said = train(tiny.config(epochs=1), unlabelled, tmp_path / "run")
    looks = [line for line in tiny.metrics(tmp_path / "run") if "effective_rank" in line]
    assert len(looks) == 2
    assert all(set(line) == {"step", "epoch", "feature_std", "effective_rank"} for line in looks)
    assert "kNN" not in said
    assert "effective rank" in said


def test_a_probe_changes_nothing_of_the_training(store, tmp_path):
    train(tiny.config("aimclr", probe_every=1), store, tmp_path / "looked")
    train(tiny.config("aimclr", probe_every=0), store, tmp_path / "unseen")
    assert tiny.same_bits(tiny.state(tmp_path / "looked"), tiny.state(tmp_path / "unseen"))
    assert not any("feature_std" in line for line in tiny.metrics(tmp_path / "unseen"))


def test_a_collapse_is_told_with_what_to_try(store, tmp_path, monkeypatch):
    monkeypatch.setattr("skelact.train.probe.feature_std", lambda features: 0.01)
    monkeypatch.setattr("skelact.train.loop.SETTLED", 1)
    monkeypatch.setattr("skelact.train.probe.SETTLED", 1)
    said = train(tiny.config(epochs=1), store, tmp_path / "run")
    assert said.count("warning: the features have collapsed: standard deviation 0.010") == 1  # not of random weights
    assert "--optimiser.warmup" in said


def test_a_run_of_few_steps_is_told_to_be_short_rather_than_collapsed(store, tmp_path, monkeypatch):
    monkeypatch.setattr("skelact.train.probe.feature_std", lambda features: 0.01)
    said = train(tiny.config(epochs=2, probe_every=1), store, tmp_path / "run")
    assert "collapsed" not in said
    assert said.count("warning: the features look alike") == 1  # at the end
    assert "take 50 of them to settle" in " ".join(said.split())


@pytest.mark.parametrize(
    ("std", "rank", "collapsed"),
    [(0.9, 30.0, False), (COLLAPSED_STD, COLLAPSED_RANK, False), (0.049, 30.0, True), (0.9, 1.9, True)],
)
def test_features_have_collapsed_where_either_measure_is_low(std, rank, collapsed):
    warning = collapse_warning({"feature_std": std, "effective_rank": rank})
    assert (warning is not None) == collapsed
    if warning:
        assert f"standard deviation {std:.3f}" in warning
        assert f"effective rank {rank:.1f}" in warning


@pytest.mark.parametrize(("recipe", "small"), [("aimclr", False), ("aimclr-small", True), ("", False)])
def test_the_recipe_for_small_data_is_not_advised_within_it(recipe, small):
    warning = collapse_warning({"feature_std": 0.01, "effective_rank": 30.0}, recipe)
    assert warning is not None
    assert ("recipe for small data" in warning) != small
    assert ("--method.temperature" in warning) == small


def test_the_probe_takes_labelled_clips_and_at_most_as_many_neighbours_as_the_smallest_class_has(tmp_path):
    clips = tiny.recordings()
    few = [replace(clip, action=-1) if place in (0, 3, 6) else clip for place, clip in enumerate(clips)]
    store = tiny.store(tmp_path / "some", few)
    known = [clip.action for clip in few if clip.subject < 3 and clip.action >= 0]
    smallest = min(known.count(action) for action in set(known))
    said = train(tiny.config(epochs=1), store.path, tmp_path / "run")
    assert f"kNN on some: k {smallest} instead of 20: the smallest class has {smallest} clips" in said
    assert "kNN " in said.split("effective rank")[0]
    trained = training_clips([store], [tiny.SPLIT], "released", 12)
    probe = Probe(trained, torch.device("cpu"))
    network = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.LazyLinear(4))
    seen = probe.look(network, Entrance(trained.skeleton, "joint", 12, 1, "released"))
    rows = split(store, tiny.SPLIT)
    part = trained.parts[0]
    labels = store.table["action"]
    train_rows, test_rows = (side[labels[side] >= 0] for side in (rows.train, rows.test))
    h_train, h_test = (network(part.take(side, 1)).detach().numpy() for side in (train_rows, test_rows))
    reference = KNeighborsClassifier(smallest, metric="cosine", weights=lambda far: np.exp((1 - far) / 0.1))
    reference.fit(h_train, labels[train_rows])
    assert seen["knn"] == pytest.approx(100 * reference.score(h_test, labels[test_rows]))


@pytest.mark.parametrize("labels", [True, False])
def test_a_run_on_all_clips_is_looked_at_without_knn(tmp_path, labels):
    store = tiny.store(tmp_path / "s", tiny.recordings(labels=labels)).path
    said = train(tiny.config(epochs=1), store, tmp_path / "run", "all")
    assert "effective rank" in said
    assert "kNN" not in said
    assert not any("knn" in line for line in tiny.metrics(tmp_path / "run"))


def test_compiling_is_refused_on_a_cpu(store, tmp_path):
    with pytest.raises(SkelactError, match="--compile is for GPUs"):
        train(tiny.config(compile=True), store, tmp_path / "run")
    assert not (tmp_path / "run").exists()

"""A run of several stages: each goes on with the encoder of the one before, and stops and resumes bit for bit."""

import json
import os
import re
import shlex
import signal
from pathlib import Path

import pytest
from safetensors.torch import load_file

import tiny
from skelact.cli import main
from skelact.encoders.file import load_encoder
from skelact.methods import AimCLR, SkeletonCLR
from skelact.system.world import SkelactError
from skelact.train import AdamW, TrainConfig, checkpoint, pretrain
from skelact.train.config import StageConfig
from skelact.train.loop import Trainer

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "training.md"
BOUNDARY, TOTAL = 12, 16
"""Steps of the first stage (four epochs of three), and of the run: two more epochs, of two."""


def further(method: str = "aimclr", **changes) -> StageConfig:
    values = {"recipe": "other", "method": tiny.config(method).method, "epochs": 2, "batch": 5}
    return StageConfig(**{**values, "optimiser": AdamW(lr=0.01), **changes})


def staged(method: str = "skeletonclr", *stages: StageConfig) -> TrainConfig:
    return tiny.config(method, then=stages or (further(frozen=("0-2", "blocks.9.spatial.*")),))


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.store(tmp_path_factory.mktemp("data") / "five").path


def train(config: TrainConfig, store: Path, run: Path) -> str:
    console, said = tiny.console()
    pretrain(config, [store], [tiny.SPLIT], run, console)
    return said.getvalue()


@pytest.fixture(scope="module")
def alone(store: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first stage as a run of its own."""
    run = tmp_path_factory.mktemp("alone") / "run"
    train(tiny.config(), store, run)
    return run


@pytest.fixture(scope="module")
def whole(store: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = tmp_path_factory.mktemp("whole") / "run"
    train(staged(), store, run)
    return run


def at(monkeypatch: pytest.MonkeyPatch, step: int, act) -> None:
    """Call `act` within the step of that number, counted from 1."""
    take = Trainer._step

    def acting(self, *arguments):
        if self.step + 1 == step:
            act()
        return take(self, *arguments)

    monkeypatch.setattr(Trainer, "_step", acting)


def assert_equal_runs(one: Path, other: Path) -> None:
    assert tiny.same_bits(tiny.state(one), tiny.state(other))
    assert tiny.metrics(one) == tiny.metrics(other)
    assert (one / "encoder.safetensors").read_bytes() == (other / "encoder.safetensors").read_bytes()


def test_a_run_that_crashed_in_any_stage_resumes_bit_for_bit(store, whole, tmp_path, monkeypatch):
    for step in (2, BOUNDARY, BOUNDARY + 1, BOUNDARY + 2, TOTAL):
        with monkeypatch.context() as patch:
            at(patch, step, lambda: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                train(staged(), store, tmp_path / "run")
    train(staged(), store, tmp_path / "run")
    assert_equal_runs(tmp_path / "run", whole)


def test_a_run_that_was_told_to_stop_at_or_near_the_boundary_resumes_from_that_step(
    store, whole, tmp_path, monkeypatch
):
    for step in (BOUNDARY - 1, BOUNDARY, BOUNDARY + 1, TOTAL - 1):
        with monkeypatch.context() as patch:
            at(patch, step, lambda: os.kill(os.getpid(), signal.SIGTERM))
            assert f"stopped by SIGTERM after step {step}" in train(staged(), store, tmp_path / "run")
        held = tiny.state(tmp_path / "run")
        assert (held["step"], held["stage"]) == (step, 1 if step <= BOUNDARY else 2)
    assert f"resuming at step {TOTAL - 1} of {TOTAL}" in train(staged(), store, tmp_path / "run")
    assert_equal_runs(tmp_path / "run", whole)


def test_stages_of_several_streams_resume_bit_for_bit(store, tmp_path, monkeypatch):
    config = staged("crossclr", further("aimclr-3s"), further("crossclr", epochs=1))
    train(config, store, tmp_path / "whole")
    for step in (BOUNDARY + 1, TOTAL + 1):
        with monkeypatch.context() as patch:
            at(patch, step, lambda: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                train(config, store, tmp_path / "run")
    train(config, store, tmp_path / "run")
    assert_equal_runs(tmp_path / "run", tmp_path / "whole")
    for stream in ("joint", "motion", "bone"):
        one, other = (load_file(tmp_path / run / f"encoder-{stream}.safetensors") for run in ("run", "whole"))
        assert tiny.same_bits(one, other)


def test_the_example_of_the_documents_runs_as_printed(tmp_path, monkeypatch):
    chapter = DOCUMENT.read_text(encoding="utf-8").split("\n## Several stages\n")[1].split("\n## ")[0]
    (commands,) = re.findall(r"^```bash\n(.*?)^```$", chapter, re.MULTILINE | re.DOTALL)
    monkeypatch.chdir(tmp_path)
    for command in commands.replace("\\\n", " ").splitlines():
        skelact, *words = shlex.split(command)
        assert (skelact, main(words)) == ("skelact", 0)
    assert load_encoder(Path("runs/staged")).card.origin.startswith("aimclr-small, stage 2 of 2, step 18 of 18")
    assert "skeletonclr, then aimclr" in Path("runs/staged/report.html").read_text(encoding="utf-8")


def test_the_first_stage_is_what_it_is_alone(alone, whole):
    of_first = [line for line in tiny.metrics(whole) if line["step"] <= BOUNDARY]
    assert [line.pop("stage") for line in of_first] == [1] * len(of_first)
    assert of_first == tiny.metrics(alone)


def test_the_second_stage_begins_with_the_encoder_of_the_first(store, alone, tmp_path):
    """Of one that is frozen whole nothing is changed: weights and running statistics are those of the first stage."""
    train(staged("skeletonclr", further(frozen=("*",))), store, tmp_path / "run")
    kept, before = (load_file(run / "encoder.safetensors") for run in (tmp_path / "run", alone))
    assert tiny.same_bits(kept, before)


def test_a_second_stage_of_several_streams_begins_with_the_encoder_of_each(store, tmp_path):
    train(tiny.config("crossclr"), store, tmp_path / "alone")
    train(staged("crossclr", further("aimclr-3s", frozen=("*",))), store, tmp_path / "run")
    for stream in ("joint", "motion", "bone"):
        kept, before = (load_file(tmp_path / run / f"encoder-{stream}.safetensors") for run in ("run", "alone"))
        assert tiny.same_bits(kept, before)


def test_what_is_frozen_stays_and_the_rest_learns(whole, alone):
    found, before = (load_file(run / "encoder.safetensors") for run in (whole, alone))
    still = ("encoder.input_norm.", "encoder.blocks.0.", "encoder.blocks.1.", "encoder.blocks.9.spatial.")
    same = {name for name in found if tiny.same_bits(found[name], before[name])}
    assert {name for name in found if name.startswith(still)} <= same
    assert not {name for name in found if name.startswith("encoder.blocks.5.") and "weight" in name} & same
    assert "encoder.blocks.9.temporal.weight" not in same


def test_a_method_sees_the_clock_of_its_stage_and_new_draws(store, tmp_path, monkeypatch):
    seen = []
    for method in (SkeletonCLR, AimCLR):
        forward = method.forward
        monkeypatch.setattr(
            method,
            "forward",
            lambda self, views, moment, forward=forward: seen.append(moment) or forward(self, views, moment),
        )
    train(staged(), store, tmp_path / "run")
    clocks = [(one.step, one.total, one.epoch, one.epochs) for one in seen]
    assert clocks == [(s, 12, s // 3, 4) for s in range(12)] + [(s, 4, s // 2, 2) for s in range(4)]
    rates = [line["lr"] for line in tiny.metrics(tmp_path / "run") if "lr" in line and line["stage"] == 2]
    assert rates[0] == 0.01
    assert not tiny.same_bits(seen[0].draw.of("x").bits()[:4], seen[BOUNDARY].draw.of("x").bits()[:4])


def test_an_encoder_says_which_stage_it_is_of(whole):
    card = load_encoder(whole).card
    assert (card.method, card.origin) == ("aimclr", "other, stage 2 of 2, step 16 of 16, seed 0")


def test_a_configuration_of_one_stage_has_the_keys_that_it_always_had(alone, whole):
    keys = [*json.loads((alone / "config.json").read_text())["config"]]
    assert "then" not in keys
    assert [*json.loads((whole / "config.json").read_text())["config"]] == [*keys, "then"]
    assert "stage" not in tiny.state(alone)
    assert TrainConfig.model_validate_json(staged().model_dump_json()) == staged()


def test_other_stages_are_another_run(store, whole):
    with pytest.raises(SkelactError, match=r"(?s)holds another run.*config\.then"):
        train(tiny.config(), store, whole)
    with pytest.raises(SkelactError, match=r"config\.then\[0\]\.epochs: 2 there, 3 asked"):
        train(staged("skeletonclr", further(epochs=3, frozen=("0-2", "blocks.9.spatial.*"))), store, whole)


@pytest.mark.parametrize(
    ("stage", "told"),
    [
        (further("crossclr"), "stage 2 goes on with the encoders .* learns joint and no other stream, found crossclr"),
        (further(batch=11), "--method.bank of at least the 11 clips of a batch, found 10"),
        (further(frozen=("11",)), "--frozen 11: expected layers from 0 to 10 of the encoder stgcn"),
        (further(frozen=("4-2",)), "--frozen 4-2: expected layers from 0 to 10"),
        (further(frozen=("block.*",)), "--frozen block.*: no parameter of .* has such a name; there are input_norm"),
    ],
)
def test_a_stage_that_cannot_be_trained_is_told_before_the_first(stage, told, store, tmp_path):
    with pytest.raises(SkelactError, match=told):
        train(staged("skeletonclr", stage), store, tmp_path / "run")
    assert not (tmp_path / "run" / "metrics.jsonl").exists()


def test_a_stage_of_one_stream_after_several_is_refused(store, tmp_path):
    with pytest.raises(SkelactError, match="learns joint, motion, bone and no other stream, found aimclr"):
        train(staged("crossclr", further()), store, tmp_path / "run")


def test_a_checkpoint_of_a_stage_that_the_run_does_not_have_is_refused(store, whole, tmp_path):
    path = tmp_path / "run" / "checkpoints" / "last.pt"
    train(staged(), store, tmp_path / "run")
    held = {key: value for key, value in checkpoint.load(path).items() if key != "format"}
    for change in ({"stage": 3}, {"stage": 0}, {"step": BOUNDARY - 1}):
        checkpoint.save(path, {**held, **change})
        with pytest.raises(SkelactError, match=r"last\.pt: not a checkpoint of this run: expected a st"):
            train(staged(), store, tmp_path / "run")

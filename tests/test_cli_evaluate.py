"""Evaluation on the command line: one protocol after another on a run, three streams from nothing, and their fusion."""

import json

import pytest

import tiny
from skelact.cli import main
from skelact.encoders.config import STGCNConfig
from skelact.encoders.file import EncoderCard, random_encoder, save_encoder

LEARNING = ["--epochs", "2", "--batch", "4", "--lr", "0.01", "--milestones", "1"]


@pytest.fixture
def store(tmp_path):
    return tiny.store(tmp_path / "five").path


def evaluate(protocol, run, store, *options) -> int:
    words = ["evaluate", protocol, run, "--store", store, "--split", tiny.SPLIT, "--seeds", 1, *options]
    return main(list(map(str, words)))


def test_semi_and_all_of_an_encoder_file(tmp_path, store, capsys):
    card = EncoderCard(
        encoder=STGCNConfig(width=1, features=8), skeleton=tiny.FIVE, preparation="released", frames=12, persons=1
    )
    save_encoder(tmp_path / "one.safetensors", random_encoder(card, 0).network, card)
    assert evaluate("semi", tmp_path / "one.safetensors", store, "--share", 0.5, *LEARNING) == 0
    assert "the same training from random weights" in capsys.readouterr().out
    few = [
        f"--{part}.{word.strip('-')}" if word[:2] == "--" else word
        for part in ("semi", "finetune", "supervised")
        for word in LEARNING
    ]
    assert evaluate("all", tmp_path / "one.safetensors", store, "--shares", 0.5, *few) == 0
    out, err = capsys.readouterr()
    assert [line.count("│") for line in out.splitlines() if "mAP" in line or "finetune" in line] == [9, 9]
    assert err.count("already evaluated") == 1
    assert len(list((tmp_path / "one-evaluation" / "evaluate").glob("*.json"))) == 8


@pytest.mark.parametrize(("protocol", "name"), [("finetune", ""), ("semi", "-50pct-released")])
def test_a_released_protocol_is_that_protocol_with_the_programs_numbers(tmp_path, store, protocol, name):
    card = EncoderCard(
        encoder=STGCNConfig(width=1, features=8), skeleton=tiny.FIVE, preparation="released", frames=12, persons=1
    )
    save_encoder(tmp_path / "one.safetensors", random_encoder(card, 0).network, card)
    share = ["--share", 0.5] if protocol == "semi" else []
    assert evaluate(f"{protocol}-released", tmp_path / "one.safetensors", store, *share, *LEARNING) == 0
    written = tmp_path / "one-evaluation" / "evaluate" / f"{protocol}-five-{tiny.SPLIT}{name}.json"
    values = json.loads(written.read_text())
    assert values["protocol"] == protocol
    assert (values["recipe"]["network_mode"], values["recipe"]["weight_decay"]) == ("eval", 0)
    assert (values["recipe"]["lr"], values["recipe"]["epochs"]) == (0.01, 2)


@pytest.mark.parametrize("protocol", ["finetune", "finetune-released"])
def test_another_optimiser_has_the_schedule_of_the_protocol_and_its_own_rate(tmp_path, store, protocol, capsys):
    card = EncoderCard(
        encoder=STGCNConfig(width=1, features=8), skeleton=tiny.FIVE, preparation="released", frames=12, persons=1
    )
    save_encoder(tmp_path / "one.safetensors", random_encoder(card, 0).network, card)
    options = ["--epochs", 1, "--optimiser.name", "adamw", "--optimiser.clip", 1]
    assert evaluate(protocol, tmp_path / "one.safetensors", store, *options) == 0
    written = tmp_path / "one-evaluation" / "evaluate" / f"finetune-five-{tiny.SPLIT}.json"
    recipe = json.loads(written.read_text())["recipe"]
    assert "lr" not in recipe
    asked = {key: recipe["optimiser"][key] for key in ("name", "lr", "milestones", "clip")}
    assert asked == {"name": "adamw", "lr": 0.001, "milestones": [60, 100], "clip": 1}
    capsys.readouterr()
    with pytest.raises(SystemExit):
        evaluate(protocol, tmp_path / "one.safetensors", store, *options, "--lr", 1)
    assert "Unrecognized options: --lr" in capsys.readouterr().err


def test_three_streams_from_random_weights_are_fused(tmp_path, store, capsys):
    for stream in ("joint", "bone", "motion"):
        options = ["--stream", stream, "--frames", 12, "--width", 1, *LEARNING]
        assert evaluate("supervised", tmp_path / "scratch", store, *options) == 0
    files = [
        tmp_path / "scratch" / "evaluate" / f"supervised-five-{tiny.SPLIT}-{stream}.json"
        for stream in ("joint", "bone", "motion")
    ]
    capsys.readouterr()
    assert main(["fuse", *map(str, files), "--weights", "0.6", "0.6", "0.5", "--out", str(tmp_path / "f.json")]) == 0
    out, err = capsys.readouterr()
    assert "weight 0.5" in out
    assert err == f"written: {tmp_path / 'f.json'}\n"
    assert json.loads((tmp_path / "f.json").read_text())["recipe"]["weights"] == [0.6, 0.6, 0.5]
    assert main(["report", str(tmp_path / "scratch")]) == 0

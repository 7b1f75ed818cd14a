"""Persons who are not there: computed as published, or left out of training altogether."""

import pytest
import torch

import tiny
from skelact.data.batches import training_clips
from skelact.data.store import Store
from skelact.encoders.encoder import there
from skelact.encoders.file import load_encoder
from skelact.encoders.stgcn.network import STGCNConfig
from skelact.train import pretrain
from skelact.train.loop import Trainer


@pytest.fixture
def pairs(tmp_path) -> Store:
    """Clips of one person and, every third of them, of two."""
    alone, together = tiny.recordings(), tiny.recordings(persons=2)
    clips = [other if number % 3 == 0 else one for number, (one, other) in enumerate(zip(alone, together, strict=True))]
    return tiny.store(tmp_path / "pairs", clips)


def encoder(absent: str) -> STGCNConfig:
    return STGCNConfig(width=2, features=8, dropout=0, absent=absent)


@pytest.mark.parametrize("absent", ["computed", "left_out"])
def test_nobody_appears_by_noise_where_absent_persons_are_left_out(absent, pairs, tmp_path, monkeypatch):
    clips = training_clips([pairs], [tiny.SPLIT], "released", 12)
    trainer = Trainer(tiny.config("aimclr", encoder=encoder(absent)), clips, tmp_path)
    seen = {}
    forward = trainer.method.forward
    monkeypatch.setattr(trainer.method, "forward", lambda views, moment: seen.update(views) or forward(views, moment))
    numbers = torch.arange(6)
    x = clips.take(numbers)
    trainer._step(trainer.method.views(), numbers, x, epoch=0)
    assert there(x)[:, 1].tolist().count(False) >= 3
    same = torch.equal(there(seen["extreme"]), there(x))
    assert same == (absent == "left_out")


def test_the_card_says_so_and_a_run_goes_through(pairs, tmp_path):
    config = tiny.config("aimclr", epochs=3, encoder=encoder("left_out"))
    console, _ = tiny.console()
    assert pretrain(config, [pairs.path], [tiny.SPLIT], tmp_path / "run", console).finished
    assert load_encoder(tmp_path / "run" / "encoder.safetensors").card.encoder.absent == "left_out"

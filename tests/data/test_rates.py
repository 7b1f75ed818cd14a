"""Frame rates and seconds of clips, from stores to the card of an encoder that learned from them."""

from pathlib import Path

import numpy as np
import pytest

import tiny
from skelact.data.batches import training_clips
from skelact.data.rates import common_rate, median_seconds
from skelact.data.recording import Recording
from skelact.data.store import Store, write_store
from skelact.encoders.file import load_encoder
from skelact.evaluation.protocols.finetune import FinetuneConfig
from skelact.evaluation.run import evaluate_run
from skelact.train import pretrain


def joints(frames: int) -> np.ndarray:
    return np.random.default_rng(frames).normal(size=(frames, 1, 5, 3)).astype(np.float32)


def made(path: Path, lengths: list[int], rate: float) -> Store:
    """A store of clips of so many frames."""
    clips = [
        Recording(f"c{number}", joints(frames), np.zeros((frames, 1), np.int64), 0)
        for number, frames in enumerate(lengths)
    ]
    return write_store(
        path,
        dataset="own",
        skeleton=tiny.FIVE,
        classes=tiny.CLASSES,
        units="m",
        frame_rate=float(rate),
        recordings=clips,
    )


def test_stores_of_one_frame_rate_have_it_and_others_none(tmp_path):
    one, same, other = (made(tmp_path / name, [8], rate) for name, rate in (("a", 30), ("b", 30), ("c", 15)))
    assert common_rate([one, same]) == 30
    assert common_rate([one, other]) is None


def test_seconds_are_the_median_over_all_training_clips_each_at_its_own_rate(tmp_path):
    one, other = made(tmp_path / "a", [15, 30, 60, 9000], 30), made(tmp_path / "b", [15, 45], 15)
    rows = [np.array([0, 1, 2]), np.array([0, 1])]  # 0.5, 1, 2 and 1, 3 seconds
    assert median_seconds([one, other], rows, "robust") == 1
    assert median_seconds([one], [np.array([2, 3])], "robust") == (2 + 300) / 2
    assert median_seconds([one], [np.array([2, 3])], "released") == (2 + 10) / 2  # which takes the first 300 frames
    assert median_seconds([one], [np.array([], int)], "robust") is None


@pytest.mark.parametrize("rate", [0.0, -1.0])
def test_a_rate_that_is_none_is_unknown_and_so_are_seconds(tmp_path, rate):
    store = made(tmp_path / "a", [10], rate)
    assert common_rate([store]) is None
    assert median_seconds([store], [np.array([0])], "robust") is None


def test_training_clips_of_several_stores_know_both(tmp_path):
    stores = [made(tmp_path / "a", [30, 60], 30), made(tmp_path / "b", [60], 15)]
    clips = training_clips(stores, ["all"], "released", 12)
    assert (clips.frame_rate, clips.seconds) == (None, 2)
    alone = training_clips(stores[:1], ["all"], "released", 12)
    assert (alone.frame_rate, alone.seconds) == (30, 1.5)


def test_a_pretrained_encoder_and_a_finetuned_one_carry_those_of_their_training_clips(tmp_path):
    store, run = tiny.store(tmp_path / "five"), tmp_path / "run"
    pretrain(tiny.config(epochs=1), [store.path], [tiny.SPLIT], run, tiny.console()[0])
    lengths = store.table["frames"][np.isin(store.table["subject"], (1, 2))]
    card = load_encoder(run).card
    assert (card.frame_rate, card.seconds) == (30, np.median(lengths) / 30)
    all_of_it = FinetuneConfig(epochs=1, batch=4, milestones=())
    evaluate_run("finetune", run, store.path, "subject=3", 1, all_of_it, progress=False)
    (file,) = (run / "evaluate").glob("*.safetensors")
    lengths = store.table["frames"][store.table["subject"] == 3]
    assert load_encoder(file).card.seconds == np.median(lengths) / 30

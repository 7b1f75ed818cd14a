"""What a result says of its clips: missing labels, units, long recordings, test clips that were seen before."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from rich.console import Console

from skelact.data.store import Store, write_store
from skelact.data.units import UNKNOWN_UNITS
from skelact.encoders.file import EncoderCard, LoadedEncoder, random_encoder, save_encoder
from skelact.encoders.stgcn.network import STGCNConfig
from skelact.evaluation.case import Case
from skelact.evaluation.classify import embed
from skelact.evaluation.protocols import names
from skelact.evaluation.protocols.finetune import FinetuneConfig
from skelact.evaluation.reading import show
from skelact.evaluation.run import evaluate_run
from skelact.layouts import COCO_17, KINECT_V1, OPENPOSE_18
from skelact.system.world import SkelactError

SPLIT = "subject=0,1,2"


def evaluate(run, store, protocol="knn", recipe=None):
    return evaluate_run(protocol, run, store.path, SPLIT, 1, recipe, progress=False)


def unlabelled(clips, places):
    return [replace(clip, action=-1) if place in places else clip for place, clip in enumerate(clips)]


@pytest.mark.parametrize("protocol", ["knn", "retrieval", "clustering", "finetune"])
def test_clips_without_a_label_are_left_out_and_the_result_is_that_of_a_store_without_them(
    protocol, tmp_path, run, recordings, made_store
):
    clips, without = recordings(), {2, 3, 21}  # clips 0 to 8 and 12 to 20 train
    some = made_store(tmp_path / "some", unlabelled(clips, without))
    rest = made_store(tmp_path / "rest", [clip for place, clip in enumerate(clips) if place not in without])
    recipe = FinetuneConfig(epochs=2, batch=4, milestones=()) if protocol == "finetune" else None
    found, expected = (evaluate(run, store, protocol, recipe) for store in (some, rest))
    assert found.notes[0] == "2 of 18 train clips and 1 of 6 test clips have no label and are left out"
    assert not any("label" in note for note in expected.notes)
    assert (found.train_clips, found.test_clips, found.classes) == (16, 5, 3)
    same = {"last", "map", "accuracy", "majority", "chance"} & set(type(found).model_fields)
    assert {name: getattr(found, name) for name in same} == {name: getattr(expected, name) for name in same}


def test_the_table_ends_with_what_is_to_be_known_of_the_clips(tmp_path, run, recordings, made_store, capsys):
    store = made_store(tmp_path / "some", unlabelled(recordings(), {0}))
    show(evaluate(run, store), Console(width=150))
    assert "1 of 18 train clips have no label and are left out" in capsys.readouterr().out


@pytest.mark.parametrize(("side", "hint"), [("train", "skelact embed"), ("test", "such as subject=0")])
def test_without_any_label_on_a_side_nothing_is_evaluated_and_what_can_be_done_is_named(
    side, hint, tmp_path, run, recordings, made_store
):
    clips = [replace(clip, action=-1 if (clip.subject == 3) == (side == "test") else 0) for clip in recordings()]
    store = made_store(tmp_path / "none", clips)
    with pytest.raises(SkelactError, match=rf"needs labels: (18|6) of the \1 {side} clips of none .*{hint}"):
        evaluate(run, store)


def test_a_split_without_test_clips_is_refused_by_every_protocol(run, store):
    for protocol in names():
        with pytest.raises(SkelactError, match="split all of store has no test clips"):
            evaluate_run(protocol, run, store.path, "all", progress=False)


class WithUnits(EncoderCard):
    """A card that tells its units, as those of later versions do."""

    units: str | None = None


def in_units(path: Path, recordings, units: str, factor: float) -> Store:
    clips = [replace(clip, joints=clip.joints * np.float32(factor)) for clip in recordings()]
    return write_store(
        path, dataset="own", skeleton=KINECT_V1, classes=("a", "b", "c"), units=units, frame_rate=30.0, recordings=clips
    )


@pytest.fixture
def metric(card) -> LoadedEncoder:
    """An encoder for clips in metres."""
    return random_encoder(WithUnits(**{**dict(card), "units": "metres"}), 3)


def test_lengths_are_converted_into_the_unit_of_the_encoder_wherever_clips_are_read(tmp_path, metric, recordings):
    own, converted = (
        Case.open(metric, in_units(tmp_path / units, recordings, units, factor), SPLIT, tmp_path / "r", False)
        for units, factor in (("m", 1), ("mm", 1000))
    )
    assert (own.scale, own.notes) == (1, ())
    assert converted.scale == pytest.approx(0.001)
    assert converted.notes == ("mm is in millimetres, the encoder in metres: multiplied by 0.001",)
    np.testing.assert_allclose(converted.task(metric).train, own.task(metric).train, rtol=1e-3, atol=1e-5)
    first = torch.arange(3)
    taken = [case.clips(case.rows.test).take(first).numpy() for case in (own, converted)]
    # Not closer: view released adds a tenth of a millimetre to a length before it divides by it.
    np.testing.assert_allclose(taken[1], taken[0], rtol=1e-3, atol=1e-3)


def test_embed_converts_and_tells(tmp_path, metric, recordings):
    told: list[str] = []
    for units, factor in (("m", 1), ("mm", 1000)):
        store = in_units(tmp_path / units, recordings, units, factor)
        embed(metric, store, tmp_path / f"{units}.npz", False, told.append)
    one, other = (np.load(tmp_path / f"{units}.npz")["features"] for units in ("m", "mm"))
    np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-5)
    assert told == ["mm is in millimetres, the encoder in metres: multiplied by 0.001"]


@pytest.mark.parametrize("units", ["pixels", "as in the files"])
def test_units_that_cannot_be_converted_are_refused_before_anything_is_computed(tmp_path, metric, recordings, units):
    store = in_units(tmp_path / "other", recordings, units, 1)
    with pytest.raises(SkelactError, match="units that cannot be converted are never mixed"):
        Case.open(metric, store, SPLIT, tmp_path / "run", False)
    with pytest.raises(SkelactError, match="units that cannot be converted are never mixed"):
        embed(metric, store, tmp_path / "out.npz", False)
    assert not (tmp_path / "run").exists()
    assert not list((store.path / "prepared").glob("*"))


def test_a_card_that_does_not_tell_its_units_takes_clips_as_they_are_and_says_so(tmp_path, encoder, recordings):
    case = Case.open(encoder, in_units(tmp_path / "mm", recordings, "mm", 1000), SPLIT, tmp_path, False)
    assert case.scale == 1
    assert "has no units (an old file): mm is used as it is, in mm" in case.notes[0]


def test_long_recordings_are_counted_in_the_result(tmp_path, run, recordings, made_store):
    clips = recordings()
    joints, identity = (np.concatenate([array] * 8) for array in (clips[5].joints, clips[5].identity))
    clips[5] = replace(clips[5], joints=joints, identity=identity)
    notes = evaluate(run, made_store(tmp_path / "long", clips)).notes
    words = f"1 of 24 clips are long for 8 frames; the longest, clip05, has {len(joints)}"
    assert [note[: len(words)] for note in notes if "frames" in note] == [words]


@pytest.mark.parametrize(("trained", "seen"), [("all", 6), ("subject=0,1,2", 0), ("subject=2,3", 6)])
def test_test_clips_that_pretraining_saw_are_counted(run, store, trained, seen):
    prepared = store.prepared("released", 8, progress=False)
    config = {"stores": [{"path": str(store.path), "hash": prepared.hash, "split": trained}]}
    (run / "config.json").write_text(json.dumps(config))
    found = [note for note in evaluate(run, store).notes if "pretrained on" in note]
    whole = f"{seen} of the 6 test clips were among those that the run was pretrained on (split {trained})"
    assert [note.split(", without")[0] for note in found] == ([whole] if seen else [])


def test_a_result_of_five_classes_or_fewer_has_no_top_five(run, store, capsys):
    result = evaluate(run, store)
    assert result.last.top5 is result.control.plain.top5 is result.by_k[1].top5 is None
    show(result, Console(width=150))
    assert "top 5" not in capsys.readouterr().out


def test_names_from_files_reach_the_terminal_as_text(tmp_path, card, encoder, recordings, made_store, capsys):
    store = made_store(tmp_path / "[red]st\x1b[2Jore", recordings())
    file = tmp_path / "e.safetensors"
    save_encoder(file, encoder.network, card.model_copy(update={"method": "[bold]\x9b31m", "origin": "\x1b]0;x\x07"}))
    show(evaluate(file, store), Console(width=150))
    out = capsys.readouterr()
    assert "[red]st" in out.out
    assert "[bold]" in out.out
    assert not {"\x1b", "\x9b", "\x07"} & set(out.out)


def test_an_encoder_of_pictures_is_never_given_places_in_a_room():
    config = STGCNConfig(width=2, features=4)
    card = EncoderCard(encoder=config, skeleton=COCO_17, preparation="robust", frames=8, persons=1, units=UNKNOWN_UNITS)
    room = COCO_17.model_copy(update={"name": "room", "picture": False})
    for told in (card, card.model_copy(update={"units": None})):
        assert told.entrance.check(OPENPOSE_18, UNKNOWN_UNITS, "s")[0] == 1
        with pytest.raises(SkelactError, match=r"the encoder holds positions in a picture .*, s positions in a room"):
            told.entrance.check(room, UNKNOWN_UNITS, "s")

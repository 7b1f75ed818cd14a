"""What earlier versions wrote under other names is read, and their options are taken."""

import hashlib
import json

import pytest
from pydantic import ValidationError

import tiny
from skelact.data.store import Store
from skelact.encoders.config import STGCNConfig
from skelact.encoders.file import EncoderCard
from skelact.system.world import SkelactError
from skelact.train.labels import SupervisedConfig
from test_cli import status


def card(**changes: str) -> dict:
    made = EncoderCard(encoder=STGCNConfig(), skeleton=tiny.FIVE, preparation="robust", frames=8, persons=1)
    return {**made.model_dump(mode="json"), **changes}


def test_a_run_a_card_and_settings_that_say_view_are_read():
    old = card()
    old["view"] = old.pop("preparation")
    assert EncoderCard.model_validate(old).preparation == "robust"
    assert EncoderCard.model_validate_json(json.dumps(old)).preparation == "robust"
    assert SupervisedConfig.model_validate({"view": "robust"}).preparation == "robust"
    run = tiny.config().model_dump(mode="json")
    run["view"] = run.pop("preparation")
    assert type(tiny.config()).model_validate(run) == tiny.config()


def test_both_names_at_once_are_refused():
    with pytest.raises(ValidationError, match="preparation is given twice, once by its old name"):
        EncoderCard.model_validate(card(view="released"))


def test_prepared_clips_whose_meta_says_view_are_read_and_a_changed_byte_is_still_found(tmp_path):
    store = tiny.store(tmp_path / "five")
    clips = store.prepared("robust", 8).clips
    path = store.path / "prepared" / "robust-8" / "meta.json"
    values = {"view" if name == "preparation" else name: held for name, held in json.loads(path.read_text()).items()}

    def text(seal: str) -> str:
        return json.dumps(values | {"seal": seal}, indent=1, ensure_ascii=False) + "\n"

    path.write_text(text(hashlib.sha256(text("").encode()).hexdigest()))
    found = Store.open(store.path).prepared("robust", 8)
    assert found.preparation == "robust"
    assert (found.clips == clips).all()
    path.write_text(path.read_text().replace('"frames": 8', '"frames": 9'))
    with pytest.raises(SkelactError, match="damaged"):
        Store.open(store.path).prepared("robust", 8)


def test_old_options_are_taken(tmp_path):
    size = ["--clips", 16, "--classes", 2, "--subjects", 2]
    assert status("synthesize", "--out", tmp_path / "new", "--cameras", 2, *size) == 0
    assert status("synthesize", "--out", tmp_path / "old", "--views=2", *size) == 0
    assert (tmp_path / "old" / "frames.npy").read_bytes() == (tmp_path / "new" / "frames.npy").read_bytes()
    store, run = tiny.store(tmp_path / "five").path, tmp_path / "run"
    options = [
        "--store",
        store,
        "--split",
        tiny.SPLIT,
        "--run",
        run,
        "--view",
        "released",
        "--frames",
        12,
        "--batch",
        4,
    ]
    options += ["--epochs", 1, "--encoder.width", 2, "--encoder.features", 8, "--device", "cpu"]
    assert status("pretrain", "skeletonclr", *options) == 0
    assert json.loads((run / "config.json").read_text())["config"]["preparation"] == "released"

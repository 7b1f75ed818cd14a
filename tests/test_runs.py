"""A run folder reads its configuration as any version wrote it, and knows its own files."""

import json

import pytest

from skelact.runs import RunFolder
from skelact.system.world import SkelactError


def test_a_configuration_says_how_it_came_about_and_is_read_without_its_seal(tmp_path):
    run = RunFolder(tmp_path / "run")
    run.write_config({"config": {"preparation": "robust"}, "stores": []})
    assert list(json.loads((tmp_path / "run" / "config.json").read_text())) == [
        *("skelact", "started", "machine", "config", "stores", "seal")
    ]
    assert list(run.read_config()) == ["skelact", "started", "machine", "config", "stores"]


def test_a_configuration_that_was_changed_by_hand_is_refused(tmp_path):
    run = RunFolder(tmp_path)
    run.write_config({"config": {"frames": 12}})
    run.config.write_text(run.config.read_text().replace("12", "13"))
    with pytest.raises(SkelactError, match="damaged: not as it was written"):
        run.read_config()


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ({"recipe": "a", "view": "robust", "frames": 9}, {"recipe": "a", "preparation": "robust", "frames": 9}),
        ({"view": "robust", "preparation": "released"}, {"view": "robust", "preparation": "released"}),
        ([1], [1]),
        (None, None),
    ],
)
def test_old_names_are_read_as_the_new_ones_unless_both_are_there(tmp_path, written, read):
    (tmp_path / "config.json").write_text(json.dumps({"config": written}))
    assert RunFolder(tmp_path).read_config() == {"config": read}


def test_only_a_folder_with_a_configuration_is_a_run_and_its_encoders_are_those_of_its_streams(tmp_path):
    run = RunFolder(tmp_path)
    assert not run.is_run
    assert not run.has_encoder(tmp_path / "encoder.safetensors")
    run.write_config({})
    assert run.is_run
    assert run.has_encoder(tmp_path / "encoder.safetensors")
    assert run.has_encoder(tmp_path / "encoder-bone.safetensors")
    assert not run.has_encoder(tmp_path / "other.safetensors")
    assert run.streams == ()
    for stream in ("motion", "joint"):
        (tmp_path / f"encoder-{stream}.safetensors").write_bytes(b"")
    assert run.streams == ("joint", "motion")

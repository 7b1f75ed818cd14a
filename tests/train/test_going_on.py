"""What a run bears between two starts: other settings, damaged logs and configurations, a full disk, no memory."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import tiny
from skelact.encoders.file import load_encoder
from skelact.system.world import SkelactError, read_json, write_json
from skelact.train import checkpoint, pretrain
from skelact.train.config import FREE, TrainConfig
from skelact.train.log import Log
from skelact.train.loop import Trainer


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.store(tmp_path_factory.mktemp("data") / "five").path


def train(config: TrainConfig, store: Path, run: Path, **told: bool) -> str:
    console, said = tiny.console()
    pretrain(config, [store], [tiny.SPLIT], run, console, **told)
    return said.getvalue()


def stop(monkeypatch: pytest.MonkeyPatch, step: int, error: type[BaseException] | BaseException) -> None:
    """Raise `error` within the step of that number, counted from 1."""
    take = Trainer._step

    def stopping(self, *arguments):
        if self.step + 1 == step:
            raise error
        return take(self, *arguments)

    monkeypatch.setattr(Trainer, "_step", stopping)


@pytest.fixture
def half(store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run that ended in its third epoch."""
    with monkeypatch.context() as patch:
        stop(patch, 8, KeyError("end"))
        with pytest.raises(KeyError):
            train(tiny.config(), store, tmp_path / "run")
    return tmp_path / "run"


def test_settings_that_change_nothing_of_what_is_learned_may_be_others(half, store, tmp_path):
    said = train(tiny.config(log_every=1, probe_every=0), store, half)
    assert "resumed with another setting: config.log_every: 2 there, 1 asked\n" in said
    assert "resumed with another setting: config.probe_every: 2 there, 0 asked\n" in said
    train(tiny.config(), store, tmp_path / "whole")
    assert tiny.same_bits(tiny.state(half), tiny.state(tmp_path / "whole"))
    assert load_encoder(half).card == load_encoder(tmp_path / "whole").card
    assert {7, 8, 9, 10, 11, 12} <= {line["step"] for line in tiny.metrics(half)}


def test_another_device_is_told_to_agree_but_for_rounding(half, store):
    said = train(tiny.config(device="auto"), store, half)
    assert "config.device: 'cpu' there, 'auto' asked; results differ from those before by rounding only" in said


def test_all_other_settings_must_agree(half, store):
    assert set(FREE) == {"log_every", "probe_every", "device", "compile"}
    with pytest.raises(SkelactError, match=r"(?s)holds another run.*config\.epochs: 4 there, 5 asked") as refused:
        train(tiny.config(epochs=5, log_every=1), store, half)
    assert "log_every" not in str(refused.value)


@pytest.mark.parametrize("tail", [b'{"step": 6, "loss": \xff\xfe}\n', b"\xe9", b"[" * 5000 + b"\n", b'{"step": "x"}\n',
                                  b'{"step": ' + b"9" * 5000 + b"}\n", b'{"step": 6, "ep', b"\x00" * 40])  # fmt: skip
def test_a_log_with_a_damaged_line_does_not_stop_a_run_from_going_on(tail, half, store):
    before = tiny.metrics(half)
    with open(half / "metrics.jsonl", "ab") as file:
        file.write(tail)
    train(tiny.config(), store, half)
    after = tiny.metrics(half)
    kept = [line for line in before if line["step"] <= 6]
    assert after[: len(kept)] == kept
    assert after[-1]["step"] == 12


def test_a_folder_in_place_of_the_log_is_told(half, store):
    (half / "metrics.jsonl").unlink()
    (half / "metrics.jsonl").mkdir()
    with pytest.raises(SkelactError, match=r"metrics\.jsonl: expected the log of this run, found no file"):
        train(tiny.config(), store, half)


@pytest.mark.parametrize(
    "text",
    ["[" * 100_000, '{"config": ' + "9" * 5000 + "}", '{"a": NaN, "config', "\ufeff{}"],
    ids=["deep", "a long number", "cut short", "a byte order mark"],
)
def test_json_of_no_use_is_an_error_that_names_the_file(text, store, tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "config.json").write_text(text, encoding="utf-8")
    with pytest.raises(SkelactError, match=r"run/config\.json: cannot be read"):
        train(tiny.config(), store, tmp_path / "run")


@pytest.mark.parametrize("value", [None, 3, "x", [], [[1]], {"batch": "many"}, {"method": 7}])
@pytest.mark.parametrize("key", ["config", "stores", "train_clips"])
def test_values_of_another_type_in_the_configuration_are_differences(key, value, half, store):
    write_json(half / "config.json", read_json(half / "config.json") | {key: value})
    with pytest.raises(SkelactError, match=rf"(?s)holds another run.*\n  {key}"):
        train(tiny.config(), store, half)


@pytest.mark.parametrize("change", [{"step": "seven"}, {"step": 1000}, {"step": -1}, {"recent": 3}, {"method": {}},
                                    {"optimiser": None}, {"optimiser": {"state": {}, "param_groups": []}}])  # fmt: skip
def test_a_checkpoint_of_something_else_is_an_error_that_names_it(change, half, store):
    path = half / "checkpoints" / "last.pt"
    checkpoint.save(path, {**{k: v for k, v in checkpoint.load(path).items() if k != "format"}, **change})
    with pytest.raises(SkelactError, match=r"last\.pt: not a checkpoint of this run"):
        train(tiny.config(), store, half)


LIMITED = """
import resource, sys
from pathlib import Path
import tiny
from skelact.train import pretrain
from skelact.system.world import SkelactError
store, run, most = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
try:
    pretrain(tiny.config(epochs=int(sys.argv[4])), [store], [tiny.SPLIT], run, tiny.console()[0])
except SkelactError as error:
    print(error)
"""


def limited(store: Path, run: Path, most: int, epochs: int = 4) -> str:
    """What ends a run in a process whose files may have `most` bytes, as on a disk that is full then."""
    command = [sys.executable, "-c", LIMITED, str(store), str(run), str(most), str(epochs)]
    ended = subprocess.run(
        command, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": ":".join(sys.path)}
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    return ended.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="limits of Unix")
def test_a_disk_that_is_full_at_a_checkpoint_ends_the_run_in_a_sentence_and_nothing_is_lost(half, store, tmp_path):
    held = {path: path.read_bytes() for path in (half / "checkpoints/last.pt", half / "encoder.safetensors")}
    size = (half / "checkpoints/last.pt").stat().st_size
    said = limited(store, half, size - 1000)
    assert said == f"{half}/checkpoints/last.pt: not written: File too large; nothing was overwritten\n"
    assert checkpoint.load(half / "checkpoints/last.pt")["step"] == 6
    assert (half / "checkpoints/last.pt").read_bytes() == held[half / "checkpoints/last.pt"]
    assert [path.name for path in (half / "checkpoints").iterdir()] == ["last.pt"]
    load_encoder(half)
    train(tiny.config(), store, half)
    train(tiny.config(), store, tmp_path / "whole")
    assert tiny.same_bits(tiny.state(half), tiny.state(tmp_path / "whole"))


def test_a_disk_that_is_full_at_a_line_of_the_log_is_told_by_name(tmp_path):
    with Log(tmp_path, 0, 10, tiny.console()[0]) as log:
        log._file.close()
        log._file = open("/dev/full", "ab", buffering=0)  # noqa: SIM115
        with pytest.raises(SkelactError, match=r"metrics\.jsonl: not written: No space left on device"):
            log.write(1, 0, {"loss": 0.5})


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes."),
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
        OSError(12, "Cannot allocate memory"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_memory_that_is_exhausted_ends_the_run_in_a_sentence_and_the_checkpoint_stays(error, half, store, monkeypatch):
    before = (half / "checkpoints/last.pt").read_bytes()
    with monkeypatch.context() as patch:
        stop(patch, 8, error)
        with pytest.raises(
            SkelactError, match=r"^out of memory \(.*\); .*run is kept: .* lower --batch in a new --run$"
        ):
            train(tiny.config(), store, half)
    assert (half / "checkpoints/last.pt").read_bytes() == before


def test_real_exhaustion_of_memory_is_recognised(store, tmp_path, monkeypatch):
    monkeypatch.setattr(Trainer, "_step", lambda *_: torch.empty(2**50))
    with pytest.raises(SkelactError, match="out of memory"):
        train(tiny.config(), store, tmp_path / "run")


def test_a_recipes_batch_is_lowered_to_the_clips_which_is_told_and_stored(store, tmp_path):
    config = tiny.config(batch=64, epochs=1)
    config = config.model_copy(update={"method": config.method.model_copy(update={"bank": 64})})
    said = train(config, store, tmp_path / "run", fit_batch=True)
    assert "batch lowered from 64 to 14: there are 14 training clips" in said
    assert json.loads((tmp_path / "run" / "config.json").read_text())["config"]["batch"] == 14
    assert "finished already" in train(config, store, tmp_path / "run", fit_batch=True)
    with pytest.raises(SkelactError, match="a batch of 64 needs as many training clips, found 14: lower --batch"):
        train(config, store, tmp_path / "other")


def test_the_card_says_what_the_encoder_learned_from(half, store):
    card = load_encoder(half).card
    (part,) = json.loads((half / "config.json").read_text())["stores"]
    assert card.learned_from == (part["hash"],)

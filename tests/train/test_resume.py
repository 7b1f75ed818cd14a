"""A run that was stopped and gone on with ends as the one that was not, bit for bit."""

import functools
import json
import os
import signal
import stat
from pathlib import Path

import pytest

import tiny
from skelact.data.batches import batches
from skelact.encoders.config import STGCNConfig
from skelact.system.world import SkelactError
from skelact.train import pretrain
from skelact.train.loop import Trainer

METHODS = ("skeletonclr", "aimclr", "crossclr", "aimclr-3s", "skeattnclr")
TOGETHER = ("crossclr", "aimclr-3s")
"""Those that learn three streams together."""


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.store(tmp_path_factory.mktemp("data") / "five").path


@pytest.fixture(scope="module")
def uninterrupted(store: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A finished run of each method."""
    folder = tmp_path_factory.mktemp("uninterrupted")
    for method in METHODS:
        pretrain(tiny.config(method), [store], [tiny.SPLIT], folder / method, tiny.console()[0])
    return {method: folder / method for method in METHODS}


def stop_after(monkeypatch: pytest.MonkeyPatch, step: int, stop) -> None:
    """Call `stop` within the step of that number, counted from 1."""
    take = Trainer._step

    def stopping(self, *arguments):
        if self.step + 1 == step:
            stop()
        return take(self, *arguments)

    monkeypatch.setattr(Trainer, "_step", stopping)


def assert_equal_runs(one: Path, other: Path) -> None:
    assert tiny.same_bits(tiny.state(one), tiny.state(other))
    assert tiny.metrics(one) == tiny.metrics(other)
    encoders = [sorted((path.name, path.read_bytes()) for path in run.glob("*.safetensors")) for run in (one, other)]
    assert encoders[0] == encoders[1]
    assert len(encoders[0]) in (1, 4)


def test_a_run_keeps_its_whole_state(uninterrupted):
    for method, run in uninterrupted.items():
        streams = ("learners.joint.", "learners.motion.", "learners.bone.") if method in TOGETHER else ("",)
        held = tiny.state(run)
        assert held["step"] == 12
        for stream in streams:
            assert any(name.startswith(f"{stream}twin.key.encoder") for name in held["method"])
            assert {f"{stream}bank.keys", f"{stream}bank.place"} <= set(held["method"])
            assert held["method"][f"{stream}bank.place"] == 12 * 4 % 10
        assert len(held["optimiser"]["state"]) == len(list(held["optimiser"]["param_groups"][0]["params"])) > 0
        assert stat.S_IMODE((run / "encoder.safetensors").stat().st_mode) == 0o666 & ~_umask()


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def test_the_same_command_twice_gives_the_same_run_and_another_seed_another(store, uninterrupted, tmp_path):
    pretrain(tiny.config("aimclr"), [store], [tiny.SPLIT], tmp_path / "again", tiny.console()[0])
    assert_equal_runs(tmp_path / "again", uninterrupted["aimclr"])
    pretrain(tiny.config("aimclr", seed=1), [store], [tiny.SPLIT], tmp_path / "seed", tiny.console()[0])
    assert not tiny.same_bits(tiny.state(tmp_path / "seed")["method"], tiny.state(uninterrupted["aimclr"])["method"])


@pytest.mark.parametrize("method", METHODS)
def test_a_run_that_crashed_resumes_bit_for_bit(method, store, uninterrupted, tmp_path, monkeypatch):
    # In the first epoch (nothing saved yet), in the first and the last step of later ones, twice in the same epoch.
    for step in (2, 4, 6, 8, 9, 12):
        with monkeypatch.context() as patch:
            stop_after(patch, step, lambda: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                pretrain(tiny.config(method), [store], [tiny.SPLIT], tmp_path / "run", tiny.console()[0])
        saved = tmp_path / "run" / "checkpoints" / "last.pt"
        assert saved.exists() == (step > 3)
        if saved.exists():
            assert tiny.state(tmp_path / "run")["step"] == (step - 1) // 3 * 3
    done = pretrain(tiny.config(method), [store], [tiny.SPLIT], tmp_path / "run", tiny.console()[0])
    assert done.finished
    assert_equal_runs(tmp_path / "run", uninterrupted[method])


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_run_that_was_told_to_stop_resumes_from_that_very_step(
    method, number, store, uninterrupted, tmp_path, monkeypatch
):
    before = signal.getsignal(number)
    for step in (1, 3, 5, 11):  # lines of the log fall on steps 2, 3, 4, 6, 8, 9, ...
        console, said = tiny.console()
        with monkeypatch.context() as patch:
            stop_after(patch, step, lambda: os.kill(os.getpid(), number))
            done = pretrain(tiny.config(method), [store], [tiny.SPLIT], tmp_path / "run", console)
        assert (done.step, done.total, done.finished) == (step, 12, False)
        assert f"stopped by {number.name} after step {step}; the same command goes on" in said.getvalue()
        assert tiny.state(tmp_path / "run")["step"] == step
        assert signal.getsignal(number) is before
    console, said = tiny.console()
    assert pretrain(tiny.config(method), [store], [tiny.SPLIT], tmp_path / "run", console).finished
    assert "resuming at step 11 of 12" in said.getvalue()
    assert_equal_runs(tmp_path / "run", uninterrupted[method])


def test_a_signal_during_the_first_look_at_the_features_saves_too(store, uninterrupted, tmp_path, monkeypatch):
    look = Trainer._look

    def stopping(self, *arguments, **named):
        os.kill(os.getpid(), signal.SIGTERM)
        return look(self, *arguments, **named)

    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "_look", stopping)
        done = pretrain(tiny.config(), [store], [tiny.SPLIT], tmp_path / "run", tiny.console()[0])
    assert done.step == 1
    pretrain(tiny.config(), [store], [tiny.SPLIT], tmp_path / "run", tiny.console()[0])
    assert_equal_runs(tmp_path / "run", uninterrupted["skeletonclr"])


def test_a_second_signal_acts_at_once(store, tmp_path, monkeypatch):
    def twice() -> None:
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)

    stop_after(monkeypatch, 2, twice)
    with pytest.raises(KeyboardInterrupt):
        pretrain(tiny.config(), [store], [tiny.SPLIT], tmp_path / "run", tiny.console()[0])
    assert not (tmp_path / "run" / "checkpoints").exists()


def test_a_run_read_from_disk_equals_one_kept_in_memory(store, uninterrupted, tmp_path, monkeypatch):
    monkeypatch.setattr("skelact.train.loop.batches", functools.partial(batches, resident_bytes=0))
    pretrain(tiny.config(), [store], [tiny.SPLIT], tmp_path / "run", tiny.console()[0])
    assert_equal_runs(tmp_path / "run", uninterrupted["skeletonclr"])


def test_a_finished_run_is_said_to_be_so_and_nothing_is_done(store, uninterrupted):
    run = uninterrupted["aimclr"]
    before = {path: path.stat().st_mtime_ns for path in run.rglob("*")}
    console, said = tiny.console()
    done = pretrain(tiny.config("aimclr"), [store], [tiny.SPLIT], run, console)
    assert done.finished
    assert said.getvalue() == f"{run}: finished already, 12 steps; nothing to do\n"
    assert {path: path.stat().st_mtime_ns for path in run.rglob("*")} == before


def test_a_run_from_before_a_number_was_added_goes_on_with_its_default(store, uninterrupted, tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        stop_after(patch, 8, lambda: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            pretrain(tiny.config(), [store], [tiny.SPLIT], tmp_path / "run", tiny.console()[0])
    file = tmp_path / "run" / "config.json"
    written = json.loads(file.read_text())
    assert written["config"]["encoder"].pop("graph") == "spatial"
    written["config"]["view"] = written["config"].pop("preparation")  # its name in earlier versions
    del written["seal"]  # as earlier versions wrote it
    file.write_text(json.dumps(written))
    assert pretrain(tiny.config(), [store], [tiny.SPLIT], tmp_path / "run", tiny.console()[0]).finished
    assert_equal_runs(tmp_path / "run", uninterrupted["skeletonclr"])
    directed = STGCNConfig(**{**tiny.config().encoder.model_dump(), "graph": "directed"})
    with pytest.raises(SkelactError, match=r"config\.encoder\.graph: 'spatial' there, 'directed' asked"):
        pretrain(tiny.config(encoder=directed), [store], [tiny.SPLIT], tmp_path / "run", tiny.console()[0])

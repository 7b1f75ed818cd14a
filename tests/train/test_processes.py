"""Two real processes, started by torchrun, against one."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from torch.nn.modules.batchnorm import _BatchNorm

import tiny
import together
from skelact import methods
from skelact.data.batches import training_clips
from skelact.data.store import Store
from skelact.layouts import KINECT_V2
from skelact.methods.method import Method
from skelact.recipes import RECIPES
from skelact.system import processes
from skelact.system.world import SkelactError
from skelact.train.device import device_of
from skelact.train.loop import Trainer

TESTS = Path(__file__).resolve().parents[1]
TORCHRUN = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]


def environment() -> dict[str, str]:
    paths = [str(TESTS), *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "OMP_NUM_THREADS": "1"}


def two(folder: Path, work: str, *options: str) -> subprocess.CompletedProcess:
    """What two processes of together.py say."""
    command = [*TORCHRUN, *options, str(TESTS / "together.py"), str(folder), work]
    return subprocess.run(command, env=environment(), capture_output=True, text=True, timeout=300)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Runs of one process, of two, and of both in turn."""
    folder = tmp_path_factory.mktemp("together")
    together.stores(folder)
    with pytest.MonkeyPatch.context() as patch:
        together.in_float64(patch.setattr)
        for case in together.CASES:
            together.train(case, folder, f"one/{case}", patch.setattr)
        with pytest.MonkeyPatch.context() as stopping:
            together.at_step(together.STOP, together.terminate, stopping.setattr)
            together.train("aimclr", folder, "begun by one", patch.setattr)
        assert tiny.state(folder / "begun by one")["step"] == together.STOP
        done = two(folder, "together")
        assert done.returncode == 0, done.stderr
        assert tiny.state(folder / "begun by two")["step"] == together.STOP
        together.train("aimclr", folder, "begun by two", patch.setattr)
    return folder


def assert_alike(found: object, wanted: object, name: str = "state") -> None:
    """Equal but for rounding in float64."""
    assert type(found) is type(wanted), name
    if isinstance(wanted, dict):
        assert list(found) == list(wanted), name
        for key in wanted:
            assert_alike(found[key], wanted[key], f"{name}.{key}")
    elif isinstance(wanted, list):
        assert len(found) == len(wanted), name
        for place, both in enumerate(zip(found, wanted, strict=True)):
            assert_alike(*both, f"{name}[{place}]")
    elif isinstance(wanted, torch.Tensor):
        torch.testing.assert_close(found, wanted, rtol=1e-7, atol=1e-9, msg=lambda text: f"{name}: {text}")
    elif isinstance(wanted, float):
        assert found == pytest.approx(wanted, rel=1e-8), name
    else:
        assert found == wanted, name


@pytest.mark.parametrize("case", together.CASES)
def test_two_processes_train_as_one(case, folder):
    found, wanted = folder / "two" / case, folder / "one" / case
    assert len(tiny.metrics(wanted)) == 6
    assert_alike(tiny.metrics(found), tiny.metrics(wanted))
    assert_alike(tiny.state(found), tiny.state(wanted))


def test_the_bank_of_two_holds_the_keys_in_the_order_of_one(folder):
    found, wanted = (tiny.state(folder / number / "aimclr")["method"] for number in ("two", "one"))
    assert found["bank.place"] == wanted["bank.place"] == 6 * 4 % 10
    keys = found["bank.keys"]
    assert (keys @ wanted["bank.keys"].T).argmax(1).tolist() == list(range(10))
    torch.testing.assert_close(keys, wanted["bank.keys"], rtol=0, atol=1e-9)


@pytest.mark.parametrize("run", ["begun by one", "begun by two"])
def test_a_run_goes_on_in_another_number_of_processes(run, folder):
    assert_alike(tiny.metrics(folder / run), tiny.metrics(folder / "one" / "aimclr"))
    assert_alike(tiny.state(folder / run), tiny.state(folder / "one" / "aimclr"))


def formula(method: Method, clips: int, queries: int) -> dict[str, int]:
    """Bytes a process hands over in a step, as docs/parallel.md has it: `clips` of the batch, `queries` passes with
    gradients and one without."""
    norms = [(name, m.num_features) for name, m in method.encoder.named_modules() if isinstance(m, _BatchNorm)]
    forward = sum(2 * channels + 1 for _, channels in norms)
    backward = sum(2 * channels for name, channels in norms if name != "input_norm")
    return {
        "gradients": 4 * sum(p.numel() for p in method.parameters() if p.requires_grad),
        "statistics": 4 * ((queries + 1) * forward + queries * backward),
        "keys": 4 * clips * method.bank.keys.shape[1],
    }


@pytest.mark.parametrize(("name", "queries", "losses", "masks"), [("skeletonclr", 1, 1, 0), ("aimclr", 2, 4, 2)])
def test_a_step_exchanges_the_bytes_of_the_manual(name, queries, losses, masks, folder):
    values, _, _ = together.CASES[name]
    method = methods.build(values.method, values.encoder, tiny.FIVE, 12, 1)
    wanted = formula(method, tiny.BATCH // 2, queries)
    found = json.loads((folder / "exchanged.json").read_text())[name]
    assert found["gradients"] == wanted["gradients"]
    # Backwards the plain blocks exchange a row for each process, with its count; the losses are averaged too.
    norms = [
        m.num_features for n, m in method.encoder.named_modules() if isinstance(m, _BatchNorm) and n != "input_norm"
    ]
    more = queries * sum(2 * (2 * channels + 1) - 2 * channels for channels in norms)
    assert found["rows"] + found["statistics"] == wanted["statistics"] + wanted["keys"] + 4 * (more + losses)
    assert found["counts"] == 8 * (queries + 1) + 16 * masks  # which way an encoder goes; EADM


@pytest.mark.parametrize(("name", "queries"), [("skeletonclr", 1), ("aimclr", 2)])
def test_the_manual_has_the_bytes_of_the_default_sizes(name, queries):
    config = RECIPES[name]()
    method = methods.build(config.method.model_copy(update={"bank": 128}), config.encoder, KINECT_V2, 12, 1)
    made = formula(method, config.batch // 2, queries)
    cells = [f"{made[kind]:,}" for kind in ("gradients", "statistics", "keys")]
    assert f"| {name} | {' | '.join(cells)} |" in (TESTS.parent / "docs" / "parallel.md").read_text()


@pytest.mark.slow
def test_a_killed_process_is_restarted_and_the_run_ends_as_if_nothing_had_been(folder):
    done = two(folder, "killed", "--max-restarts", "1")
    assert done.returncode == 0, done.stderr
    assert_alike(tiny.metrics(folder / "killed"), tiny.metrics(folder / "two" / "aimclr"))
    assert tiny.same_bits(tiny.state(folder / "killed"), tiny.state(folder / "two" / "aimclr"))


@pytest.mark.slow
def test_an_error_of_one_process_ends_all_and_is_told_once(folder):
    done = two(folder, "fault")
    assert done.returncode != 0
    assert done.stderr.count("SkelactError: a fault of one process") == 1
    assert "Connection" not in done.stderr  # what it was for the other process


def command(folder: Path, run: Path, *options: str) -> list[str]:
    said = [
        "-m",
        "--",
        "skelact",
        "pretrain",
        "skeletonclr-small",
        "--store",
        str(folder / "one"),
        "--split",
        tiny.SPLIT,
    ]
    said += ["--run", str(run), "--preparation", "released", "--frames", "12", "--batch", "4", "--encoder.width", "2"]
    return [*TORCHRUN, *said, "--encoder.features", "8", "--log-every", "1", "--device", "cpu", *options]


@pytest.mark.slow
def test_sigterm_of_torchrun_saves_once_after_the_same_step(folder, tmp_path):
    run = tmp_path / "run"
    process = subprocess.Popen(
        command(folder, run, "--epochs", "4000"), env=environment(), stderr=subprocess.PIPE, text=True
    )
    while process.poll() is None and not (run / "checkpoints" / "last.pt").exists():
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=120)
    step = tiny.state(run)["step"]
    assert said.count(f"stopped by SIGTERM after step {step}; the same command goes on from there") == 1
    assert said.count("2 processes, 2 clips of every batch each") == 1
    assert tiny.metrics(run)[-1]["step"] == step < 12000


@pytest.mark.slow
def test_a_loss_that_is_not_finite_is_told_once(folder, tmp_path):
    options = ("--optimiser.lr", "1e30", "--epochs", "20")
    done = subprocess.run(
        command(folder, tmp_path / "run", *options), env=environment(), capture_output=True, text=True, timeout=300
    )
    assert done.returncode != 0
    assert done.stderr.count("not finite") == done.stderr.count("error: the ") == 1


def pretend(monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    monkeypatch.setattr(processes, "count", lambda: count)


def test_a_batch_that_cannot_be_shared_evenly_is_refused_with_what_would_do(folder, tmp_path, monkeypatch):
    clips = training_clips([Store.open(folder / "one")], [tiny.SPLIT], "released", 12)
    pretend(monkeypatch, 3)
    with pytest.raises(SkelactError, match=r"--batch that the 3 processes can share evenly, found 4; 3 or 6 would do"):
        Trainer(tiny.config(), clips, tmp_path)
    pretend(monkeypatch, 8)
    with pytest.raises(SkelactError, match=r"found 4; 8 would do"):
        Trainer(tiny.config(), clips, tmp_path)


def test_one_gpu_for_all_processes_is_refused(monkeypatch):
    pretend(monkeypatch, 2)
    with pytest.raises(SkelactError, match="each takes a GPU of its own: give --device cuda, not cuda:1"):
        device_of("cuda:1")


def test_one_process_alone_exchanges_nothing():
    x = torch.randn(3, 4)
    losses = {"loss": torch.tensor(1.0)}
    assert processes.count() == 1
    assert processes.rank() == 0
    for exchange in (processes.share, processes.gathered, processes.summed):
        assert exchange(x) is x or torch.equal(exchange(x), x)
    assert processes.averaged(losses) is losses
    assert processes.largest(7) == 7
    assert processes.first(lambda: 3) == processes.in_turn(lambda: 3) == 3

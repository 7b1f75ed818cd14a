"""Killed without warning (SIGKILL) at random moments, a run that is gone on with ends as one that was not."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import tiny

TESTS = Path(__file__).resolve().parents[1]
KILLS = 20
EPOCHS = 40

# One process that pays for the imports and forks every training process. It computes nothing itself, so no thread of
# the mathematics is lost in a fork.
KILLER = f"""
import os, random, signal, sys, time
import rich.progress, torch._dynamo, torch.utils.tensorboard, tiny
from pathlib import Path
from skelact.train import pretrain

folder, chance = Path(sys.argv[1]), random.Random(int(sys.argv[2]))
run, config = folder / "killed", tiny.config("aimclr", epochs={EPOCHS}, log_every=1, probe_every=5)

def lines():
    path = run / "metrics.jsonl"
    return path.read_bytes().count(b"\\n") if path.exists() else 0

def train(run):
    child = os.fork()
    if child == 0:
        try:
            pretrain(config, [folder / "store"], [tiny.SPLIT], run, tiny.console()[0])
        except BaseException:
            sys.excepthook(*sys.exc_info())
            os._exit(1)
        os._exit(0)
    return child

for kill in range({KILLS}):
    child, before = train(run), None
    steps, pause = chance.randint(0, 6), chance.uniform(0, 0.03)
    while True:
        time.sleep(0.002)
        if os.waitpid(child, os.WNOHANG)[0]:
            sys.exit(f"the run ended before kill {{kill}}")
        if not (run / "tensorboard").exists() or len(os.listdir(run / "tensorboard")) <= kill:
            continue  # this process has not opened its log yet
        before = lines() if before is None else min(before, lines())
        if lines() >= before + steps:
            break
    time.sleep(pause)
    os.kill(child, signal.SIGKILL)
    status = os.waitpid(child, 0)[1]
    if os.waitstatus_to_exitcode(status) != -signal.SIGKILL:
        sys.exit(f"kill {{kill}} came too late")
    print(lines(), flush=True)
for last in (train(run), train(folder / "whole")):
    if os.waitpid(last, 0)[1]:
        sys.exit("a run that nobody killed failed")
"""


@pytest.mark.slow
def test_a_run_killed_at_a_random_step_twenty_times_ends_bit_for_bit_as_the_uninterrupted_one(tmp_path):
    made = tiny.store(tmp_path / "store").prepared("released", 12)  # so that no child has to
    assert len(made.clips) == 20
    seed = random.SystemRandom().randrange(2**32)
    environment = {**os.environ, "PYTHONPATH": str(TESTS), "OMP_NUM_THREADS": "1"}
    killed = subprocess.run(
        [sys.executable, "-c", KILLER, str(tmp_path), str(seed)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert killed.returncode == 0, f"seed {seed}: {killed.stderr}"
    assert len(killed.stdout.splitlines()) == KILLS
    assert tiny.state(tmp_path / "killed")["step"] == EPOCHS * tiny.PER_EPOCH
    assert tiny.same_bits(tiny.state(tmp_path / "killed"), tiny.state(tmp_path / "whole")), f"seed {seed}"
    assert tiny.metrics(tmp_path / "killed") == tiny.metrics(tmp_path / "whole")
    name = "encoder.safetensors"
    assert (tmp_path / "killed" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


def test_sigterm_saves_and_exits_with_status_0(tmp_path):
    store = tiny.store(tmp_path / "store").path
    run = tmp_path / "run"
    command = [sys.executable, "-m", "skelact", "pretrain", "skeletonclr-small", "--store", str(store)]
    command += ["--split", tiny.SPLIT, "--run", str(run), "--preparation", "released", "--frames", "12", "--batch", "4"]
    command += ["--encoder.width", "2", "--encoder.features", "8", "--log-every", "1", "--device", "cpu"]
    command += ["--epochs", "400"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while process.poll() is None and not (run / "checkpoints" / "last.pt").exists():
        time.sleep(0.01)
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert out == ""
    assert "stopped by SIGTERM after step" in err
    step = tiny.state(run)["step"]
    assert f"after step {step};" in err
    assert tiny.metrics(run)[-1]["step"] == step < 1200
    assert json.loads((run / "config.json").read_text())["config"]["epochs"] == 400

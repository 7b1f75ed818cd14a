"""One process at a time trains into a run folder; the lock of one that was killed is none."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import tiny
from skelact.runs import RunFolder
from skelact.system import alone as alone_module
from skelact.system.world import SkelactError
from skelact.train import pretrain

pytestmark = pytest.mark.skipif(alone_module.fcntl is None, reason="this system has no such locks")

LOCK = ".skelact.lock"
PROGRAM = """
import sys, time
from pathlib import Path
from skelact.runs import RunFolder
with RunFolder(Path(sys.argv[1])).alone():
    print("in", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def other(tmp_path: Path):
    """A process that is in tmp_path / "run"."""
    running = subprocess.Popen([sys.executable, "-c", PROGRAM, str(tmp_path / "run")], stdout=subprocess.PIPE)
    assert running.stdout is not None
    assert running.stdout.readline() == b"in\n"
    yield running
    running.kill()
    running.wait()
    running.stdout.close()


def train(folder: Path) -> Path:
    store = folder / "store" if (folder / "store").exists() else tiny.store(folder / "store").path
    pretrain(tiny.config(epochs=1), [store], [tiny.SPLIT], folder / "run", tiny.console()[0])
    return folder / "run"


def test_the_second_of_two_is_refused_with_the_number_of_the_first_and_changes_nothing(other, tmp_path):
    with pytest.raises(SkelactError, match=rf"run: process {other.pid} on .* trains there; wait for it"):
        train(tmp_path)
    assert os.listdir(tmp_path / "run") == [LOCK]


def test_a_killed_process_keeps_nobody_out(other, tmp_path):
    other.send_signal(signal.SIGKILL)
    other.wait()
    assert (tmp_path / "run" / LOCK).exists()
    assert LOCK not in os.listdir(train(tmp_path))


def test_the_lock_is_gone_after_an_error_and_after_the_end(tmp_path):
    with pytest.raises(ZeroDivisionError), RunFolder(tmp_path / "run").alone():
        _ = 1 / 0
    assert os.listdir(tmp_path / "run") == []
    with RunFolder(tmp_path / "run").alone():
        pass
    assert os.listdir(tmp_path / "run") == []


def test_a_disk_without_locks_is_trained_on_all_the_same(tmp_path, monkeypatch):
    def unsupported(file: object, how: int) -> None:
        raise OSError(95, "Operation not supported")

    assert alone_module.fcntl
    monkeypatch.setattr(alone_module.fcntl, "flock", unsupported)
    train(tmp_path)


def test_a_disk_that_is_full_is_told_and_leaves_no_lock(tmp_path):
    run = train(tmp_path)
    (run / "checkpoints" / "last.pt").unlink()
    limited = "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0)); import test_alone; "
    limited += "from pathlib import Path; test_alone.train(Path(sys.argv[1]))"
    where = os.pathsep.join([*sys.path, str(Path(__file__).parent)])
    ended = subprocess.run(
        [sys.executable, "-c", limited, str(tmp_path)],
        env={**os.environ, "PYTHONPATH": where},
        capture_output=True,
        text=True,
    )
    assert "SkelactError" in ended.stderr
    assert "not written: File too large" in ended.stderr
    assert LOCK not in os.listdir(run)

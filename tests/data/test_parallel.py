"""Processes that parse end with the one that started them, however it ends."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from made_clips import MadeReader, write_source

from skelact.data import parallel
from skelact.data.prepare import prepare
from skelact.data.store import Store

PROGRAM = """
import os, sys, time
from dataclasses import dataclass
from pathlib import Path
from made_clips import MadeReader
from skelact.data import parallel
from skelact.data.prepare import prepare

@dataclass(frozen=True)
class Slow(MadeReader):
    def read(self, item):
        Path(sys.argv[2], str(os.getpid())).touch()
        time.sleep(float(sys.argv[3]))
        return super().read(item)

if sys.argv[4] == "portable":  # as on systems that do not tell a process of its parent's death
    sys.platform = "other"
if __name__ == "__main__":
    prepare(Slow(), Path(sys.argv[1]), Path(sys.argv[1]).parent / "store", jobs=2, progress=False)
"""


def lives(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


@pytest.mark.skipif(not os.path.exists("/proc/self/stat"), reason="needs /proc")
@pytest.mark.parametrize(("pause", "way"), [(0.05, "linux"), (60, "portable")])
def test_killed_with_its_processes_at_work_or_waiting_none_lives_on_and_the_next_cleans_up(tmp_path, pause, way):
    source, pids = write_source(tmp_path / "source", 64), tmp_path / "pids"
    pids.mkdir()
    (tmp_path / "slow.py").write_text(PROGRAM)
    running = subprocess.Popen(
        [sys.executable, str(tmp_path / "slow.py"), str(source), str(pids), str(pause), way],
        env=os.environ | {"PYTHONPATH": os.pathsep.join([os.path.dirname(__file__), os.environ.get("PYTHONPATH", "")])},
    )
    while len(os.listdir(pids)) < 2:
        assert running.poll() is None
        time.sleep(0.02)
    running.send_signal(signal.SIGKILL)
    running.wait()
    until = time.monotonic() + 20
    while any(lives(int(process)) for process in os.listdir(pids)):
        assert time.monotonic() < until, "a process that parses lives on"
        time.sleep(0.05)
    assert [name for name in os.listdir(tmp_path) if name.startswith(".store.")]
    prepare(MadeReader(), source, tmp_path / "store", frames=4, jobs=1, progress=False)
    assert not [name for name in os.listdir(tmp_path) if name.startswith(".")]
    assert Store.open(tmp_path / "store").verify() == []


@pytest.mark.parametrize(
    "fault",
    [MemoryError(), RecursionError("too deep"), OverflowError(), SystemError("bad"), StopIteration(), OSError(5)],
)
def test_every_fault_of_a_reader_names_the_file(tmp_path, fault):
    class Faulty(MadeReader):
        def read(self, item):
            raise fault

    (item,) = MadeReader().find(write_source(tmp_path / "source", 1))
    (parsed,) = parallel.parse(Faulty(), [item], jobs=1)
    assert parsed.recording is None
    assert parsed.error.startswith(f"{item}: cannot be read: ")

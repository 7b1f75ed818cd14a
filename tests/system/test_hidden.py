"""Hidden folders of commands that were killed are removed by the next one; those of living commands never."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from skelact.system import hidden
from skelact.system.hidden import hidden_folder
from skelact.system.world import atomic_file, atomic_folder

pytestmark = pytest.mark.skipif(hidden.fcntl is None, reason="this system has no such locks")

PROGRAM = """
import sys, time
from pathlib import Path
from skelact.system.world import atomic_file, atomic_folder
with (atomic_folder if sys.argv[1] == "folder" else atomic_file)(Path(sys.argv[2])) as temporary:
    if sys.argv[1] == "folder":
        (temporary / "half").mkdir()
        temporary = temporary / "half" / "written"
    temporary.write_text("half")
    print("under way", flush=True)
    time.sleep(60)
"""


def working(kind: str, target: Path) -> subprocess.Popen:
    """A process in the middle of writing `target`."""
    running = subprocess.Popen([sys.executable, "-c", PROGRAM, kind, str(target)], stdout=subprocess.PIPE)
    assert running.stdout is not None
    assert running.stdout.readline() == b"under way\n"
    running.stdout.close()
    return running


def end(running: subprocess.Popen) -> None:
    running.send_signal(signal.SIGKILL)
    running.wait()


@pytest.mark.parametrize("kind", ["file", "folder"])
@pytest.mark.parametrize("name", ["store", "a b.c", ".owner", "näme" * 30])
def test_what_a_killed_command_left_goes_when_the_next_one_writes_there(tmp_path, kind, name):
    end(working(kind, tmp_path / name))
    assert len(os.listdir(tmp_path)) == 1
    with atomic_file(tmp_path / "another") as temporary:
        temporary.write_text("x")
    assert os.listdir(tmp_path) == ["another"]


def test_what_a_living_command_makes_is_left_alone_until_it_ends(tmp_path):
    dead, living = working("folder", tmp_path / "one"), working("folder", tmp_path / "two")
    end(dead)
    with hidden_folder(tmp_path / "two"):
        left = sorted(name.rpartition(".")[0] for name in os.listdir(tmp_path))
        assert left == [".two", ".two"]
    end(living)
    with hidden_folder(tmp_path / "two"):
        pass
    assert os.listdir(tmp_path) == []


def test_folders_that_nobody_signed_or_that_others_signed_are_left_alone(tmp_path):
    (tmp_path / ".store.abcdefgh").mkdir()
    (tmp_path / ".store.12345678").mkdir()
    (tmp_path / ".store.12345678" / ".owner").write_text("another machine\n")
    (tmp_path / ".config.d").mkdir()
    (tmp_path / ".git").mkdir()
    (tmp_path / ".store.87654321").symlink_to(tmp_path / ".git")
    before = sorted(os.listdir(tmp_path))
    with atomic_folder(tmp_path / "store"):
        pass
    assert sorted(os.listdir(tmp_path)) == sorted([*before, "store"])


def test_a_disk_without_locks_is_written_all_the_same(tmp_path, monkeypatch):
    def unsupported(file: object, how: int) -> None:
        raise OSError(95, "Operation not supported")

    assert hidden.fcntl
    monkeypatch.setattr(hidden.fcntl, "flock", unsupported)
    with atomic_file(tmp_path / "file") as temporary:
        assert os.listdir(temporary.parent) == []
        temporary.write_text("x")
    assert os.listdir(tmp_path) == ["file"]

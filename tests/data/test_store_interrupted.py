"""Whatever happens while a store is written: it is there whole, or nothing is."""

import errno
import os
import signal
import subprocess
import sys
import textwrap

import numpy as np
import pytest
from made_clips import STORE, clips

from skelact.data.store import Store, write_store
from skelact.data.store import prepared as making
from skelact.data.store import write as writing
from skelact.system.world import SkelactError


def full_disk(*_args, **_kwargs):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize(
    ("owner", "name"),
    [
        (writing.table, "write_row"),
        (np.lib.format, "write_array_header_1_0"),
        (writing, "write_sealed"),
        (making, "write_sealed"),
        (making.FileMark, "of"),
    ],
)
def test_a_full_disk_is_told_and_leaves_nothing(tmp_path, monkeypatch, owner, name):
    monkeypatch.setattr(owner, name, full_disk)
    with pytest.raises(SkelactError, match=rf"store: not written: no space left in {tmp_path}"):
        write_store(tmp_path / "store", **STORE, recordings=clips(), prepared=[("robust", 4)])
    assert os.listdir(tmp_path) == []


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_disk_that_is_full_only_when_buffers_are_flushed_leaves_nothing(tmp_path, monkeypatch):
    real = writing.table.write_header

    def onto_full_device(file, divisions):
        real(file, divisions)
        device = os.open("/dev/full", os.O_WRONLY)
        os.dup2(device, file.fileno())
        os.close(device)

    monkeypatch.setattr(writing.table, "write_header", onto_full_device)
    with pytest.raises(SkelactError, match="no space left"):
        write_store(tmp_path / "store", **STORE, recordings=clips())
    assert os.listdir(tmp_path) == []


def test_a_full_disk_while_a_view_is_added_leaves_the_store_as_it_was(tmp_path, monkeypatch):
    store = write_store(tmp_path / "store", **STORE, recordings=clips(), prepared=[("robust", 4)])
    monkeypatch.setattr(making, "write_sealed", full_disk)
    with pytest.raises(SkelactError, match="robust-6: not written: no space left"):
        store.prepared("robust", 6, progress=False)
    assert os.listdir(store.path / "prepared") == ["robust-4"]
    assert store.verify() == []


@pytest.mark.parametrize("fault", [ValueError, KeyboardInterrupt, SystemExit])
def test_a_fault_in_the_middle_leaves_nothing(tmp_path, fault):
    def some():
        yield from clips()[:3]
        raise fault

    with pytest.raises(fault):
        write_store(tmp_path / "store", **STORE, recordings=some())
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_in_the_middle_leaves_nothing(tmp_path, number):
    program = """
        import itertools, sys, time
        from dataclasses import replace
        from pathlib import Path
        from made_clips import STORE, clips
        from skelact.data.store import write_store
        def endless():
            for count in itertools.count():
                yield replace(clips(2)[0], name=f"c{count}")
                if count == 20:
                    print("under way", flush=True)
                    time.sleep(30)
        write_store(Path(sys.argv[1]), **STORE, recordings=endless())
    """
    running = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program), str(tmp_path / "store")],
        env=os.environ | {"PYTHONPATH": os.path.dirname(__file__)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert running.stdout is not None
    with running.stdout as told:
        assert told.readline() == b"under way\n"
        assert os.listdir(tmp_path) != []
        running.send_signal(number)
        assert running.wait(timeout=60) != 0
    assert os.listdir(tmp_path) == []


def test_termination_is_handled_as_before_once_the_store_is_written(tmp_path):
    before = signal.getsignal(signal.SIGTERM)
    write_store(tmp_path / "store", **STORE, recordings=clips())
    assert signal.getsignal(signal.SIGTERM) == before
    assert Store.open(tmp_path / "store").verify() == []

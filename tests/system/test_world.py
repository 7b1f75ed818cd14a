import hashlib
import json
import os
import signal
import stat
import subprocess
import sys

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from skelact.system.printable import printable
from skelact.system.world import (
    SkelactError,
    atomic_file,
    atomic_folder,
    check_writable,
    file_hash,
    machine,
    read_json,
    write_bytes,
    write_json,
)


def names(folder) -> list[str]:
    return sorted(os.listdir(folder))


@pytest.fixture
def umask(request):
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def test_a_file_appears_only_when_its_block_has_ended(tmp_path):
    path = tmp_path / "deep" / "a.txt"
    with atomic_file(path) as temporary:
        temporary.write_text("whole")
        assert not path.exists()
    assert path.read_text() == "whole"
    assert names(path.parent) == ["a.txt"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit, OSError])
def test_a_block_that_raises_keeps_the_old_file_and_leaves_nothing_else(error, tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")

    def interrupted() -> None:
        with atomic_file(path) as temporary:
            temporary.write_text("half of the n")
            raise error

    with pytest.raises(error):
        interrupted()
    assert path.read_text() == "old"
    assert names(tmp_path) == ["a.txt"]


def test_a_block_that_writes_nothing_is_an_error_and_keeps_the_old_file(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")
    with pytest.raises(FileNotFoundError), atomic_file(path):
        pass
    assert path.read_text() == "old"
    assert names(tmp_path) == ["a.txt"]


def test_a_writer_that_appends_a_missing_ending_still_writes_the_file_asked_for(tmp_path):
    values = np.arange(5)
    with atomic_file(tmp_path / "values.npy") as temporary:
        np.save(temporary, values)
    assert (np.load(tmp_path / "values.npy") == values).all()
    assert names(tmp_path) == ["values.npy"]


@pytest.mark.parametrize("umask", [0o022, 0o077, 0o002], indirect=True)
def test_others_may_read_what_the_umask_lets_them(umask, tmp_path):
    with atomic_file(tmp_path / "file") as temporary:
        temporary.write_text("x")
    with atomic_folder(tmp_path / "folder") as temporary:
        (temporary / "inside").touch()
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o666 & ~umask
    assert stat.S_IMODE((tmp_path / "folder").stat().st_mode) == 0o777 & ~umask


def test_a_folder_appears_only_when_its_block_has_ended(tmp_path):
    path = tmp_path / "deep" / "store"
    with atomic_folder(path) as temporary:
        (temporary / "sub").mkdir()
        (temporary / "sub" / "a.txt").write_text("whole")
        assert not path.exists()
    assert (path / "sub" / "a.txt").read_text() == "whole"
    assert names(path.parent) == ["store"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_a_folder_block_that_raises_leaves_nothing(error, tmp_path):
    def interrupted() -> None:
        with atomic_folder(tmp_path / "store") as temporary:
            (temporary / "a.txt").write_text("half")
            raise error

    with pytest.raises(error):
        interrupted()
    assert names(tmp_path) == []


@pytest.mark.parametrize("make", ["mkdir", "touch"])
def test_a_folder_that_exists_is_refused_before_any_work(make, tmp_path):
    path = tmp_path / "store"
    getattr(path, make)()
    entered = []
    with pytest.raises(SkelactError, match=r"store exists already.*never overwritten"), atomic_folder(path):
        entered.append(True)
    assert not entered
    assert names(tmp_path) == ["store"]


def test_a_folder_that_somebody_else_filled_meanwhile_is_not_overwritten(tmp_path):
    path = tmp_path / "store"

    def overtaken() -> None:
        with atomic_folder(path) as temporary:
            (temporary / "mine").touch()
            path.mkdir()
            (path / "theirs").touch()

    with pytest.raises(SkelactError, match="store: another command wrote it meanwhile; it is never overwritten"):
        overtaken()
    assert names(path) == ["theirs"]
    assert names(tmp_path) == ["store"]


def test_a_killed_writer_leaves_the_old_file_whole(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")
    program = """
import os, signal, sys
from pathlib import Path
from skelact.system.world import atomic_file
with atomic_file(Path(sys.argv[1])) as temporary:
    temporary.write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)
"""
    ended = subprocess.run([sys.executable, "-c", program, str(path)], check=False)
    assert ended.returncode == -signal.SIGKILL
    assert path.read_text() == "old"
    assert list(tmp_path.glob("*.txt")) == [path]  # what stays behind is not taken for a result


@given(st.binary(max_size=300))
def test_file_hash_is_sha256_of_the_bytes(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / "hashed"
    path.write_bytes(content)
    assert file_hash(path) == hashlib.sha256(content).hexdigest()


def test_file_hash_of_the_empty_file_is_the_published_one(tmp_path):
    (tmp_path / "empty").touch()
    assert file_hash(tmp_path / "empty") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_json_is_written_as_text_that_a_person_can_read_and_diff(tmp_path):
    value = {"name": "Größe", "list": [1, 2.5, None, True]}
    write_json(tmp_path / "value.json", value)
    text = (tmp_path / "value.json").read_text(encoding="utf-8")
    assert json.loads(text) == value
    assert "Größe" in text
    assert text.endswith("}\n")
    assert '\n  "list": [' in text


def test_json_that_cannot_be_written_keeps_the_old_file(tmp_path):
    path = tmp_path / "value.json"
    write_json(path, {"old": 1})
    with pytest.raises(TypeError):
        write_json(path, {"new": object()})
    assert json.loads(path.read_text()) == {"old": 1}
    assert names(tmp_path) == ["value.json"]


def test_machine_tells_what_a_number_depends_on_and_goes_into_json():
    told = machine()
    assert json.loads(json.dumps(told)) == told
    assert told["torch"] == torch.__version__
    assert told["threads"] == torch.get_num_threads()
    assert told["cores"] == os.cpu_count()
    assert told["python"] == sys.version.split()[0]
    assert told["processor"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Ärger 日本 🙂", "Ärger 日本 🙂"),
        ("\x1b[2J", "1b[2J"),
        ("\x9b31m", "9b31m"),
        ("caf\udce9", "dce9"),
        ("\u202eabc", "202eabc"),
        ("\x07", "07"),
    ],
)
def test_what_a_terminal_obeys_is_written_out(text, shown):
    found = printable(text)
    assert found.endswith(shown)
    assert found.isprintable()
    found.encode("utf-8")


def test_a_file_that_can_be_written_leaves_nothing_and_one_that_cannot_is_named(tmp_path):
    check_writable(tmp_path / "new", "result.json")
    assert list((tmp_path / "new").iterdir()) == []
    (tmp_path / "file").write_text("")
    for folder, name in ((tmp_path / "file", "r.json"), (tmp_path, "r" * 300), (tmp_path, "new")):
        with pytest.raises(SkelactError, match=rf"{name}: cannot be written \(.+\); nothing was computed"):
            check_writable(folder, name)


@pytest.mark.parametrize("text", [b"", b"{", b"\xff\xfe", b"[1]", b"7", b"[" * 100_000, b'{"a": ' + b"9" * 5000 + b"}"])
def test_json_of_any_other_kind_is_an_error_that_names_the_file(text, tmp_path):
    (tmp_path / "a.json").write_bytes(text)
    with pytest.raises(SkelactError, match=r"a\.json: cannot be read"):
        read_json(tmp_path / "a.json")


def test_what_cannot_be_written_is_an_error_that_names_the_file_and_what_was_there_stays(tmp_path):
    write_json(tmp_path / "a.json", {"a": 1})
    with pytest.raises(SkelactError, match=r"a\.json/b: not written: .+; nothing was overwritten"):
        write_bytes(tmp_path / "a.json" / "b", b"new")
    assert read_json(tmp_path / "a.json") == {"a": 1}


def test_no_error_has_characters_that_a_terminal_obeys():
    assert str(SkelactError("a\x1b[31m\x9bb\u202ec\ud800\r")) == "a\\u001b[31m\\u009bb\\u202ec\\ud800\\u000d"
    for text in ("two\n  lines", "a\ttab", "café 骨 𝛼", "a\u00a0b"):
        assert str(SkelactError(text)) == text

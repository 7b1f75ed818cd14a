"""The native library: compiled once and kept, or a reason and the plain way."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from skelact import native
from skelact.native import build

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="native code is made for Linux")


@pytest.fixture(autouse=True)
def nothing_known(monkeypatch):
    """As a process that has just been started."""
    monkeypatch.delenv("SKELACT_NATIVE", raising=False)
    native._library.cache_clear()
    yield
    native._library.cache_clear()


@pytest.fixture
def compiler(monkeypatch, tmp_path):
    """Makes a g++ of a shell script, the only one there is; `cache` below `tmp_path` is where libraries are kept."""

    def made(script: str) -> Path:
        folder = tmp_path / "bin"
        folder.mkdir()
        (folder / "g++").write_text(f"#!/bin/sh\n{script}\n")
        (folder / "g++").chmod(0o755)
        monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
        return folder / "g++"

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return made


COPIES = (
    'echo "$@" >> {log}; [ "$1" = --version ] && exit 0; sleep 0.2; while [ "$1" != -o ]; do shift; done; cp {so} "$2"'
)
"""Compiles by copying, slowly, a library that is there."""


@pytest.fixture(scope="module")
def library() -> Path:
    """This machine's own."""
    try:
        return Path(build.compiled()._name)
    except build.Unavailable as error:
        pytest.skip(f"no native code: {error}")


def compilations(log: Path) -> int:
    return sum(line != "--version" for line in log.read_text().splitlines())


def test_it_is_compiled_once_and_then_found(library, compiler, tmp_path):
    compiler(COPIES.format(log=tmp_path / "log", so=library))
    first, again = build.compiled(), build.compiled()
    assert first._name == again._name
    assert [str(path) for path in (tmp_path / "cache/skelact").iterdir()] == [first._name]
    assert compilations(tmp_path / "log") == 1


def test_processes_that_start_together_all_get_a_whole_library(library, compiler, tmp_path):
    compiler(COPIES.format(log=tmp_path / "log", so=library))
    code = "from skelact import native; print(native.state())"
    started = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) for _ in range(3)]
    assert [process.communicate()[0] for process in started] == ["used\n"] * 3
    assert len(list((tmp_path / "cache/skelact").iterdir())) == 1


def test_another_compiler_or_other_flags_make_another_library(compiler, tmp_path, monkeypatch):
    old = compiler("echo version 1")
    key = build._key(str(old))
    assert key == build._key(str(old))
    old.write_text("#!/bin/sh\necho version 2\n")
    newer = build._key(str(old))
    monkeypatch.setattr(build, "FLAGS", (*build.FLAGS, "-g"))
    assert len({key, newer, build._key(str(old))}) == 3


def without(reason: str, capsys) -> None:
    """There is no native code; this is told once, and the plain way works."""
    assert not native.available()
    assert not native.takes(torch.zeros(3))
    assert reason in native.state()
    told = capsys.readouterr().err
    assert told.startswith("native code is not used, PyTorch's operations are: ")
    assert told.count("\n") == 1
    assert reason in told


def test_without_a_compiler_there_is_a_reason(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("PATH", str(tmp_path))
    without("g++ was not found", capsys)


def test_a_compiler_that_fails_is_quoted_and_leaves_nothing(compiler, tmp_path, capsys):
    compiler('[ "$1" = --version ] && exit 0; echo In file a.h >&2; echo "error: bad flag" >&2; exit 1')
    without("failed: error: bad flag", capsys)
    assert list((tmp_path / "cache/skelact").iterdir()) == []


def test_a_library_that_cannot_be_loaded_is_a_reason(compiler, capsys):
    compiler('[ "$1" = --version ] && exit 0; while [ "$1" != -o ]; do shift; done; printf "%0200d" 0 > "$2"')
    without("invalid ELF header", capsys)


def test_a_damaged_library_is_made_anew(library, compiler, tmp_path):
    compiler(COPIES.format(log=tmp_path / "log", so=library))
    path = tmp_path / "cache/skelact" / f"native-{build._key(str(tmp_path / 'bin/g++'))}.so"
    path.parent.mkdir(parents=True)
    path.write_bytes(library.read_bytes()[:100])
    assert native.available()
    assert path.read_bytes() == library.read_bytes()


def test_a_cache_folder_that_cannot_be_written_is_a_reason(compiler, monkeypatch, tmp_path, capsys):
    compiler("exit 0")
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    without("Not a directory", capsys)


def test_it_can_be_switched_off_in_silence(monkeypatch, capsys):
    monkeypatch.setenv("SKELACT_NATIVE", "0")
    assert not native.available()
    assert native.state() == "switched off by SKELACT_NATIVE=0"
    assert capsys.readouterr().err == ""


def test_it_works_with_the_threads_of_pytorch(library):
    """Two libraries of OpenMP would start twice as many threads as there are cores."""
    loaded = {line.split()[-1] for line in Path("/proc/self/maps").read_text().splitlines() if "/libgomp.so" in line}
    assert len(loaded) == 1


@pytest.mark.skipif(shutil.which("g++") is None, reason="no g++")
def test_the_sources_compile_without_a_warning(tmp_path):
    command = ["g++", *build.FLAGS, "-fsyntax-only", "-fopenmp", "-Wall", "-Wextra", "-Werror"]
    ended = subprocess.run([*command, *map(str, build.SOURCES.glob("*.cpp"))], capture_output=True, text=True)
    assert ended.stderr == ""


def test_other_numbers_and_arrays_with_gaps_are_not_taken(library):
    x = torch.zeros(4, 4)
    assert native.takes(x, None, x)
    assert native.takes(x.bfloat16())
    for other in (x.double(), x.half(), x.T[:2], x.to("meta")):
        assert not native.takes(other)
    assert not native.takes(x, x.bfloat16())

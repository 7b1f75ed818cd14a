"""The native library: compiled once and kept, or a reason and the plain way."""

import hashlib
import os
import shutil
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
import torch

from skelact.system import native
from skelact.system.native import build
from skelact.system.native.cache import doubt, own_folder

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="native code needs Linux")


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
    code = "from skelact.system import native; print(native.state())"
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
    assert told.startswith("native code is not used, PyTorch's operations run instead: ")
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


def kept(tmp_path: Path) -> Path:
    """What the cache below `tmp_path` has, made where it has nothing; not loaded."""
    return build._kept(str(tmp_path / "bin/g++"), own_folder(tmp_path / "cache/skelact"))


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def flipped(path: Path) -> None:
    held = bytearray(path.read_bytes())
    held[len(held) // 2] ^= 1
    path.write_bytes(held)


def linked(path: Path) -> None:
    path.rename(path.with_name("elsewhere"))
    path.symlink_to("elsewhere")


@pytest.mark.parametrize(
    "damage",
    [cut, flipped, linked, lambda path: path.write_bytes(b""), lambda path: path.chmod(0o722)],
    ids=["cut short", "a byte flipped", "a link", "empty", "others may write to it"],
)
def test_a_library_that_is_not_as_it_was_compiled_is_never_loaded_but_made_anew(damage, library, compiler, tmp_path):
    compiler(COPIES.format(log=tmp_path / "log", so=library))
    path = kept(tmp_path)
    assert kept(tmp_path) == path
    assert compilations(tmp_path / "log") == 1
    damage(path)
    assert native.available()
    assert compilations(tmp_path / "log") == 2
    assert path.read_bytes() == library.read_bytes()
    assert not path.is_symlink()
    assert stat.S_IMODE(path.stat().st_mode) == 0o700


def test_the_name_tells_the_hash_of_the_content(library, compiler, tmp_path):
    compiler(COPIES.format(log=tmp_path / "log", so=library))
    assert kept(tmp_path).stem.split("-")[2] == hashlib.sha256(library.read_bytes()).hexdigest()[:32]


def test_a_folder_of_a_librarys_name_is_left_alone(library, compiler, tmp_path):
    compiler(COPIES.format(log=tmp_path / "log", so=library))
    path = kept(tmp_path)
    path.unlink()
    odd = path.with_name(path.name.replace(path.stem[-4:], "0000"))
    odd.mkdir()
    assert kept(tmp_path) == path
    assert odd.is_dir()


def test_whatever_the_umask_the_cache_is_closed_to_all_others(library, compiler, tmp_path):
    compiler(COPIES.format(log=tmp_path / "log", so=library))
    before = os.umask(0)
    try:
        path = kept(tmp_path)
    finally:
        os.umask(before)
    assert [stat.S_IMODE(one.stat().st_mode) for one in (path, path.parent, path.parent.parent)] == [0o700] * 3


def open_to_all(cache: Path, monkeypatch) -> None:
    (cache / "skelact").chmod(0o777)


def open_above(cache: Path, monkeypatch) -> None:
    cache.chmod(0o777)


def link(cache: Path, monkeypatch) -> None:
    (cache / "skelact").rename(cache / "elsewhere")
    (cache / "skelact").symlink_to("elsewhere")


def of_another_user(cache: Path, monkeypatch) -> None:
    here, real = cache / "skelact", Path.stat
    monkeypatch.setattr(Path, "stat", lambda path, **o: Owned(real(path, **o)) if path == here else real(path, **o))


class Owned:
    """The state of a file that belongs to somebody else."""

    def __init__(self, state: os.stat_result):
        self.st_mode, self.st_uid, self.st_gid = state.st_mode, os.geteuid() + 1, state.st_gid


@pytest.mark.parametrize(
    ("shared", "reason"),
    [
        (open_to_all, "others may write to {cache}/skelact"),
        (open_above, "others may write to {cache}:"),
        (link, "{cache}/skelact is a link"),
        (of_another_user, "{cache}/skelact belongs to another user"),
    ],
)
def test_where_others_could_plant_a_library_none_is_taken_and_one_is_made_for_this_process_alone(
    shared, reason, library, compiler, tmp_path, monkeypatch, capsys
):
    compiler(COPIES.format(log=tmp_path / "log", so=library))
    planted = kept(tmp_path)  # of the right name and hash
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    shared(tmp_path / "cache", monkeypatch)
    loaded = Path(build.compiled()._name)
    assert loaded.parent.parent == tmp_path / "temporary"
    assert not loaded.exists()
    assert not any((tmp_path / "temporary").iterdir())
    assert compilations(tmp_path / "log") == 2
    assert planted.exists()
    told = capsys.readouterr().err
    assert reason.format(cache=tmp_path / "cache") in told
    assert told.count("\n") == 1


def test_a_folder_that_all_may_write_to_is_well_above_the_cache_if_nobody_may_rename_in_it(tmp_path):
    (tmp_path / "shared").mkdir()
    for mode, well in ((0o777, False), (0o1777, True), (0o755, True)):
        (tmp_path / "shared").chmod(mode)
        assert (doubt(tmp_path / "shared" / "mine") == "") == well


def test_without_any_place_of_ones_own_there_is_no_native_code(compiler, tmp_path, monkeypatch, capsys):
    compiler("exit 0")
    (tmp_path / "temporary").mkdir()
    (tmp_path / "temporary").chmod(0o777)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "temporary" / "cache"))
    without("there is no private folder for it", capsys)


@pytest.mark.parametrize("told", ["", "relative/cache"])
def test_the_cache_lies_in_the_home_unless_an_absolute_path_is_told(told, monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", told)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert build.cache_folder() == tmp_path / ".cache" / "skelact"


def test_a_compiler_that_writes_no_utf_8_is_quoted_all_the_same(compiler, capsys):
    compiler("""[ "$1" = --version ] && exit 0; printf 'error: caf\\351 \\033[31mred' >&2; exit 1""")
    without("failed: error: caf\ufffd \\u001b[31mred", capsys)


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

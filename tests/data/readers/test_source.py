"""Finding clip files in folders and archives, and what holds for every reader."""

import os
import pickle
import re
import zipfile
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reader_files import ntu_text, points, sbu_text, ucla_text, utd_bytes, write

from skelact.cli.shared import Format
from skelact.data.formats import FORMATS
from skelact.data.readers import MADE_FOR_A_SOURCE, READERS, contents, reader
from skelact.data.readers.source import PassedOver
from skelact.data.recording import Item, Reader, ReadError
from skelact.system.world import SkelactError

CLIPS = {
    "ntu": ("S001C001P001R001A001.skeleton", ntu_text([[(1, points(1, 1, 25)[0, 0])]])),
    "ucla": ("a01_s01_e00_v01.json", ucla_text("a01_s01_e00_v01", points(2, 1, 20)[:, 0])),
    "utd": ("a1_s1_t1_skeleton.mat", utd_bytes(points(2, 1, 20)[:, 0])),
    "sbu": ("s01s02/01/001/skeleton_pos.txt", sbu_text(points(2, 2, 15))),
}
every = pytest.mark.parametrize("name", CLIPS)


def packed(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def test_the_readers_have_names_and_fit_the_protocol():
    assert [each.name for each in READERS[:4]] == ["ntu", "ucla", "utd", "sbu"]
    assert [each.name for each in READERS[4:]] == ["pku", "msr", "utkinect", "florence", "kard"]
    assert [each.name for each in MADE_FOR_A_SOURCE] == ["bvh", "arrays", "position", "ctrgcn", "pyskl"]
    assert get_args(Format) == tuple(FORMATS) == tuple(each.name for each in (*READERS, *MADE_FOR_A_SOURCE))
    assert all(isinstance(each, Reader) and reader(each.name) is each for each in READERS)
    assert [len(each.skeleton) for each in READERS] == [25, 20, 20, 15, 25, 20, 20, 15, 15]
    assert [len(each.classes) for each in READERS] == [120, 10, 27, 8, 51, 20, 10, 9, 18]


def test_an_unknown_format_is_refused_with_the_known_ones():
    with pytest.raises(SkelactError, match="no format 'msrc12'; there are ntu, ucla, utd, sbu"):
        reader("msrc12")


@every
def test_a_reader_cannot_be_changed_and_travels_to_other_processes(name):
    with pytest.raises(AttributeError):
        reader(name).units = "feet"  # type: ignore[misc]
    assert pickle.loads(pickle.dumps(reader(name))) == reader(name)


@every
def test_a_folder_without_clips_is_refused_with_an_example_and_the_number_of_files(tmp_path, name):
    for other in ("one.txt", "deep/two.csv", "deep/three.zip"):
        write(tmp_path / other, b"")
    example = re.escape(CLIPS[name][0].rpartition(".")[2])
    with pytest.raises(
        ReadError, match=rf"expected files like \S+{example}, found none among 3 files\n  1 of them are"
    ):
        reader(name).find(tmp_path)


@every
def test_two_files_of_one_clip_are_refused_with_both_paths(tmp_path, name):
    path, data = CLIPS[name]
    one, other = write(tmp_path / "first" / path, data), write(tmp_path / "second" / path, data)
    with pytest.raises(ReadError, match=f"is there twice: {re.escape(str(one))} and {re.escape(str(other))}"):
        reader(name).find(tmp_path)
    archive = packed(tmp_path / "both.zip", {f"first/{path}": data, f"second/{path}": data})
    with pytest.raises(ReadError, match=f"is there twice: {archive}!first/{path} and {archive}!second/{path}"):
        reader(name).find(archive)


@every
def test_files_of_the_system_are_passed_over(tmp_path, name):
    path, data = CLIPS[name]
    folder, _, file = path.rpartition("/")
    twin = f"{folder}/._{file}" if folder else f"._{file}"
    archive = packed(tmp_path / "mac.zip", {path: data, f"__MACOSX/{twin}": b"\0", f"__MACOSX/{path}": b"\0"})
    assert reader(name).find(archive) == [Item(archive, path)]
    write(tmp_path / "in" / path, data)
    write(tmp_path / "in" / ".trash" / path, data)
    assert reader(name).find(tmp_path / "in") == [Item(tmp_path / "in" / path)]


@every
def test_a_missing_source_and_one_of_another_kind_are_refused(tmp_path, name):
    with pytest.raises(ReadError, match="there is no such file or folder"):
        reader(name).find(tmp_path / CLIPS[name][0])
    with pytest.raises(ReadError, match="expected a folder, a zip archive or a file like"):
        reader(name).find(write(tmp_path / "notes.md", b"text").path)
    with pytest.raises(ReadError, match=r"cannot be read: .*No such file"):
        reader(name).read(Item(tmp_path / CLIPS[name][0]))


def test_clips_are_sorted_by_name_not_by_folder(tmp_path):
    files = ["b/S001C001P001R001A001.skeleton", "a/S001C001P001R001A003.skeleton", "c/S001C001P001R001A002.skeleton"]
    for file in files:
        write(tmp_path / file, b"")
    found = reader("ntu").find(tmp_path)
    assert [item.path.name[-11:-9] for item in found] == ["01", "02", "03"]


def test_a_misnamed_clip_is_named_before_files_of_other_kinds(tmp_path):
    path, data = CLIPS["ntu"]
    for other in ("a.txt", "holiday.skeleton", "b.csv", path):
        write(tmp_path / other, data)
    found = reader("ntu").find(tmp_path)
    assert found == [Item(tmp_path / path)]
    assert found.passed_over == PassedOver(3, ("holiday.skeleton", "a.txt", "b.csv"))


@every
def test_a_single_file_that_is_misnamed_is_refused(tmp_path, name):
    path, data = CLIPS[name]
    item = write(tmp_path / "elsewhere" / f"x{Path(path).name}", data)
    with pytest.raises(ReadError, match=r"expected (a file named|a folder, a zip archive or a file) like"):
        reader(name).find(item.path)


def test_an_unlistable_folder_is_refused_instead_of_being_passed_over(tmp_path, monkeypatch):
    write(tmp_path / "shut" / CLIPS["ntu"][0], b"")
    scandir = os.scandir

    def refuse(path):
        if Path(path).name == "shut":
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(ReadError, match="shut: cannot be listed: Permission denied"):
        reader("ntu").find(tmp_path)


def test_a_clip_file_of_absurd_size_is_not_opened(tmp_path, monkeypatch):
    path, data = CLIPS["ntu"]
    monkeypatch.setattr(contents, "LARGEST", len(data) - 1)
    archive = packed(tmp_path / "large.zip", {path: data})
    for item in (write(tmp_path / path, data), Item(archive, path)):
        with pytest.raises(ReadError, match=f"at most {len(data) - 1} bytes, found {len(data)}"):
            reader("ntu").read(item)


def test_an_archive_that_changed_is_listed_anew(tmp_path):
    path, data = CLIPS["ntu"]
    archive = packed(tmp_path / "ntu.zip", {path: data})
    (item,) = reader("ntu").find(archive)
    before = reader("ntu").read(item).joints
    packed(archive, {path: ntu_text([[(1, points(1, 1, 25, seed=1)[0, 0])]]), "more.txt": b""})
    assert not np.array_equal(reader("ntu").read(item).joints, before)


def read_all(items: list[Item]) -> list[np.ndarray]:
    return [reader("ntu").read(item).joints for item in items]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_forked_processes_do_not_disturb_each_other_in_one_archive(tmp_path):
    files = {
        f"S001C001P{number:03}R001A001.skeleton": ntu_text([[(1, points(1, 1, 25, number)[0, 0])]] * 40)
        for number in range(60)
    }
    items = reader("ntu").find(packed(tmp_path / "ntu.zip", files))
    with ProcessPoolExecutor(2, get_context("fork")) as pool:
        halves = list(pool.map(read_all, [items[::2], items[1::2]]))
    for number, joints in enumerate(read_all(items)):
        assert np.array_equal(joints, halves[number % 2][number // 2])
        assert np.array_equal(joints[0, 0], points(1, 1, 25, number)[0, 0])


@given(data=st.data())
def test_a_damaged_archive_is_refused_or_gives_the_clip(folder, data):
    path, clip = CLIPS["ntu"]
    whole = packed(folder / "whole.zip", {path: clip}).read_bytes()
    spot = data.draw(st.integers(0, len(whole) - 1))
    if data.draw(st.booleans()):
        broken = whole[:spot]
    else:
        broken = whole[:spot] + data.draw(st.binary(min_size=1, max_size=8)) + whole[spot + 1 :]
    archive = write(folder / "broken.zip", broken).path
    try:
        for item in reader("ntu").find(archive):
            assert reader("ntu").read(item).joints.shape == (1, 1, 25, 3)
    except ReadError as error:
        if str(archive) not in str(error):
            raise AssertionError(f"a ReadError that does not name the archive: {error}") from error

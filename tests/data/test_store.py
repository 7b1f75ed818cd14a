import csv
import hashlib
import json
import os
import shutil
import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_clips import CLASSES, STORE, clips, moving, recording

import skelact.data.store.prepared
from skelact.data.preparations import prepare_clip
from skelact.data.store import FORMAT_VERSION, Operation, Store, write_store
from skelact.layouts import KINECT_V1, KINECT_V2
from skelact.system.world import SkelactError


@pytest.fixture
def store(tmp_path):
    return write_store(tmp_path / "store", **STORE, recordings=clips(), prepared=[("robust", 8)])


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """One store for the tests that only read."""
    path = tmp_path_factory.mktemp("kept") / "store"
    return write_store(path, **STORE, recordings=clips(), prepared=[("robust", 8)])


def test_recordings_come_back_as_they_were_written(kept):
    opened = Store.open(kept.path)
    assert len(opened) == 6
    for row, clip in enumerate(clips()):
        back = opened.recording(row)
        assert np.array_equal(back.joints, clip.joints)
        assert np.array_equal(back.identity, clip.identity)
        assert replace(back, joints=clip.joints, identity=clip.identity) == clip


def test_a_clip_of_no_frames_comes_back(tmp_path):
    nobody = recording(np.zeros((0, 25, 3)), name="nothing")
    opened = write_store(tmp_path / "store", **STORE, recordings=[nobody, *clips()])
    assert opened.recording(0).joints.shape == (0, 1, 25, 3)
    assert np.array_equal(opened.recording(1).joints, clips()[0].joints)


def test_clips_csv_is_plain_text_that_the_csv_module_reads_the_same(kept):
    with open(kept.path / "clips.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == [
        "name",
        "action",
        "subject",
        "camera",
        "setup",
        "repetition",
        "first",
        "frames",
        "persons",
        "same_as",
    ]
    for name, column in kept.table.items():
        assert [row[name] for row in rows] == [str(value) for value in column]


def test_frames_lie_end_to_end_in_a_file_that_numpy_maps(kept):
    frames = np.load(kept.path / "frames.npy", mmap_mode="r")
    identity = np.load(kept.path / "identity.npy")
    flat = [clip.joints.reshape(-1, 25, 3) for clip in clips()]
    assert np.array_equal(frames, np.concatenate(flat))
    assert len(identity) == len(frames) == kept.meta.rows
    assert kept.table["first"].tolist() == np.cumsum([0, *map(len, flat)])[:-1].tolist()


def test_a_copy_names_the_first_clip_with_its_joints(kept):
    assert kept.table["same_as"].tolist() == ["", "", "", "", "", "clip0"]


def test_one_changed_coordinate_makes_no_copy(tmp_path):
    one = clips()[0]
    joints = one.joints.copy()
    joints[3, 0, 7, 1] = np.nextafter(joints[3, 0, 7, 1], np.float32(9))
    opened = write_store(tmp_path / "store", **STORE, recordings=[one, replace(one, name="other", joints=joints)])
    assert opened.table["same_as"].tolist() == ["", ""]


def test_meta_tells_what_the_store_is(tmp_path):
    log = [Operation(name="made", parameters={"seed": 3})]
    write_store(tmp_path / "store", **STORE, recordings=clips(), log=log)
    meta = json.loads((tmp_path / "store" / "meta.json").read_text())
    assert (meta["format_version"], meta["dataset"], meta["units"]) == (1, "made", "metres")
    assert meta["skeleton"]["joints"][20] == "shoulder_center"
    assert meta["classes"] == list(CLASSES)
    assert meta["log"] == [{"name": "made", "parameters": {"seed": 3}}]
    for name, mark in meta["files"].items():
        content = (tmp_path / "store" / name).read_bytes()
        assert mark == {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def test_writing_a_large_store_takes_little_memory(tmp_path):
    joints = np.random.default_rng(0).normal(size=(300, 25, 3)).astype(np.float32)  # 90 kB a clip, 27 MB in all
    tracemalloc.start()
    shifted = (recording(joints + number, name=f"c{number}") for number in range(300))
    write_store(tmp_path / "store", **STORE, recordings=shifted)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (tmp_path / "store" / "frames.npy").stat().st_size > 27e6
    assert peak < 4e6


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (recording(moving(5), name="clip1"), "clip1.*twice"),
        (recording(moving(5), name="a,b"), "a,b.*comma"),
        (recording(moving(5), name=""), "comma"),
        (recording(moving(5, KINECT_V1), name="x"), r"x: expected .*25.*found .*20"),
        (recording(np.full((5, 25, 3), np.nan), name="x"), "x: frame 0, joint 0, x: expected a number.*found nan"),
        (recording(moving(5) * [1, np.inf, 1], name="x"), "x: frame 0, joint 0, y.*inf"),
        (recording(moving(5), name="x", action=3), "x: expected an action below 3, found 3"),
    ],
)
def test_a_recording_that_cannot_be_right_is_refused_and_nothing_is_written(tmp_path, bad, message):
    with pytest.raises(SkelactError, match=message):
        write_store(tmp_path / "store", **STORE, recordings=[*clips(), bad])
    assert os.listdir(tmp_path) == []


def test_a_store_without_clips_is_not_written(tmp_path):
    with pytest.raises(SkelactError, match="no clips"):
        write_store(tmp_path / "store", **STORE, recordings=[])
    assert os.listdir(tmp_path) == []


def test_what_exists_is_never_overwritten(store):
    before = (store.path / "meta.json").read_bytes()
    with pytest.raises(SkelactError, match="exists"):
        write_store(store.path, **STORE, recordings=clips())
    assert (store.path / "meta.json").read_bytes() == before


def test_opening_what_is_not_there_or_no_store_says_so(tmp_path):
    with pytest.raises(SkelactError, match=r"no such folder"):
        Store.open(tmp_path / "nowhere")
    with pytest.raises(SkelactError, match=r"not a store.*meta\.json"):
        Store.open(tmp_path)


def test_a_newer_format_names_both_versions_and_the_way_out(store):
    meta = json.loads((store.path / "meta.json").read_text()) | {"format_version": 7, "unheard_of": 1}
    (store.path / "meta.json").write_text(json.dumps(meta))
    with pytest.raises(SkelactError, match=rf"version 7 is newer than {FORMAT_VERSION}.*upgrade"):
        Store.open(store.path)


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"format_version": 1}', "\udcff"])
def test_a_garbled_meta_is_called_damaged(store, text):
    (store.path / "meta.json").write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(SkelactError, match=r"meta\.json.*damaged"):
        Store.open(store.path)


@pytest.mark.parametrize("name", ["frames.npy", "identity.npy", "clips.csv", "sources.csv"])
def test_a_file_cut_short_or_missing_is_named_on_opening(store, name):
    path = store.path / name
    whole = path.stat().st_size
    os.truncate(path, whole - 1)
    with pytest.raises(SkelactError, match=rf"{name}: expected {whole} bytes, found {whole - 1}"):
        Store.open(store.path)
    path.unlink()
    with pytest.raises(SkelactError, match=rf"{name}: expected a file of {whole} bytes, found none"):
        Store.open(store.path)


def test_a_whole_store_is_verified_without_a_finding(kept):
    assert kept.verify() == []


FILES = [
    *("meta.json", "clips.csv", "frames.npy", "identity.npy", "sources.csv"),
    *("prepared/robust-8/clips.npy", "prepared/robust-8/meta.json"),
]


@settings(max_examples=15)
@given(name=st.sampled_from(FILES), place=st.floats(0, 1, exclude_max=True), flip=st.integers(1, 255))
def test_any_one_damaged_byte_is_named(kept, tmp_path_factory, name, place, flip):
    copy = tmp_path_factory.mktemp("damaged") / "store"
    shutil.copytree(kept.path, copy)
    content = bytearray((copy / name).read_bytes())
    content[int(place * len(content))] ^= flip
    (copy / name).write_bytes(content)
    assert findings(copy) == [name]


def findings(path) -> list[str]:
    """What `skelact verify` would name: damaged files, or the meta.json that cannot even be read."""
    try:
        return Store.open(path).verify()
    except SkelactError as error:
        return ["meta.json"] if "/meta.json: " in str(error) else [str(error)]


@pytest.mark.parametrize("name", ["frames.npy", "identity.npy"])
def test_reading_through_a_damaged_header_names_the_file(store, name):
    with open(store.path / name, "r+b") as file:
        file.write(b"????????")
    with pytest.raises(SkelactError, match=rf"{name}.*damaged"):
        Store.open(store.path).recording(0)


def test_reading_a_garbled_table_names_the_file(store):
    path = store.path / "clips.csv"
    path.write_bytes(path.read_bytes().replace(b"clip1,1", b"clip1,?"))
    with pytest.raises(SkelactError, match=r"clips\.csv.*damaged"):
        _ = Store.open(store.path).table


def test_prepared_clips_are_mapped_and_equal_each_clip_prepared_alone(kept):
    prepared = kept.prepared("robust", 8)
    assert isinstance(prepared.clips, np.memmap)
    assert (prepared.clips.shape, prepared.clips.dtype) == ((6, 3, 8, 25, 2), np.float32)
    for row, clip in enumerate(clips()):
        assert np.array_equal(prepared.clips[row], prepare_clip(clip, KINECT_V2, "robust", 8, 2))
    content = (kept.path / "prepared/robust-8/clips.npy").read_bytes()
    assert prepared.hash == hashlib.sha256(content).hexdigest()


def test_a_view_that_is_missing_is_added_once_and_changes_nothing_else(store):
    before = {path: path.read_bytes() for path in store.path.rglob("*") if path.is_file()}
    first = store.prepared("released", 12, progress=False)
    stamp = (store.path / "prepared/released-12/clips.npy").stat().st_mtime_ns
    second = Store.open(store.path).prepared("released", 12)
    assert first.hash == second.hash
    assert (store.path / "prepared/released-12/clips.npy").stat().st_mtime_ns == stamp
    assert {path: path.read_bytes() for path in before} == before
    assert store.verify() == []


def test_a_number_of_persons_that_is_asked_for_has_its_own_folder(store):
    three = store.prepared("robust", 8, persons=3, progress=False)
    assert three.clips.shape == (6, 3, 8, 25, 3)
    assert np.array_equal(three.clips[..., :2], store.prepared("robust", 8).clips)
    assert not three.clips[..., 2].any()


def test_clips_of_one_person_each_are_prepared_with_one_slot(tmp_path):
    alone = [recording(moving(9, seed=seed), name=f"c{seed}") for seed in range(3)]
    opened = write_store(tmp_path / "store", **STORE, recordings=alone)
    assert opened.prepared("robust", 5, progress=False).clips.shape == (3, 3, 5, 25, 1)


def test_a_second_body_that_is_only_noise_takes_no_slot(tmp_path):
    chair = np.repeat(moving(1, seed=5), 20, axis=0)
    clip = recording(chair, moving(20), name="c")
    opened = write_store(tmp_path / "store", **STORE, recordings=[clip])
    prepared = opened.prepared("robust", 5, progress=False)
    assert prepared.clips.shape[-1] == 1
    assert prepared.meta.repairs == {"noise_bodies_removed": 1}
    assert prepared.meta.repaired == {"c": {"noise_bodies_removed": 1}}


def test_published_ntu_preparation_has_two_slots_even_for_one_person(tmp_path):
    ntu = STORE | {"dataset": "ntu"}
    opened = write_store(tmp_path / "store", **ntu, recordings=[recording(moving(9), name="c")])
    assert opened.prepared("released", 5, progress=False).clips.shape[-1] == 2


@pytest.mark.parametrize(("view", "frames", "persons"), [("fancy", 8, None), ("robust", 0, None), ("robust", 8, 0)])
def test_a_view_that_cannot_be_leaves_nothing_behind(store, view, frames, persons):
    with pytest.raises(SkelactError, match=r"fancy|at least 1, got 0"):
        store.prepared(view, frames, persons)
    assert os.listdir(store.path / "prepared") == ["robust-8"]


def test_a_view_that_another_process_finishes_first_is_taken_over(store, monkeypatch):
    real = skelact.data.store.prepared.write_sealed

    def overtaken(path, value):
        real(path, value)
        monkeypatch.undo()
        Store.open(store.path).prepared("robust", 4, progress=False)

    monkeypatch.setattr(skelact.data.store.prepared, "write_sealed", overtaken)
    assert store.prepared("robust", 4, progress=False).clips.shape[2] == 4
    assert sorted(os.listdir(store.path / "prepared")) == ["robust-4", "robust-8"]


def test_there_is_no_clip_beyond_the_last(kept):
    for row in (-1, 6):
        with pytest.raises(IndexError, match=f"6 clips, asked for number {row}"):
            kept.recording(row)


@pytest.mark.parametrize("text", ["[" * 100_000, '{"format_version": ' + "1" * 5000 + "}"])
def test_a_meta_nested_without_end_or_with_an_endless_number_is_called_damaged(store, text):
    (store.path / "meta.json").write_text(text)
    with pytest.raises(SkelactError, match="the file is damaged"):
        Store.open(store.path)


def test_one_endless_name_among_many_clips_is_refused(tmp_path):
    endless = replace(clips()[0], name="n" * 65_000)
    with pytest.raises(SkelactError, match=r"expected up to 255 letters, found 65000"):
        write_store(tmp_path / "store", **STORE, recordings=[endless])

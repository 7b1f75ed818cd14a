"""What users tell of their own clips beside the joints, and what is said where a whole source does not fit."""

import pickle
import re
from pathlib import Path

import numpy as np
import pytest
from reader_files import body

from skelact.data.prepare import prepare
from skelact.data.readers import reader
from skelact.data.recording import ReadError
from skelact.data.splits import split
from skelact.data.store import Store
from skelact.system.world import SkelactError

X = np.stack([body(2, 1, 25, clip) for clip in range(4)])
TOLD = {"axes": "ntmvc", "skeleton": "kinect_v2"}


def read(path: Path) -> list:
    made = reader("arrays", path, **TOLD)
    return [made.read(item) for item in made.find(path)]


def test_numbers_of_subjects_cameras_setups_and_repetitions_are_kept(tmp_path):
    told = {"subjects": [7, 1, -1, 2], "cameras": [1, 2, 3, 1], "setups": [0, 0, 5, 5], "repetitions": [1, 2, 1, 2]}
    np.savez(tmp_path / "x.npz", x=X, **told)
    got = read(tmp_path / "x.npz")
    assert [clip.subject for clip in got] == told["subjects"]
    assert [clip.camera for clip in got] == told["cameras"]
    assert [clip.setup for clip in got] == told["setups"]
    assert [clip.repetition for clip in got] == told["repetitions"]


def test_texts_are_numbered_in_order_of_the_alphabet_and_kept_in_the_log(tmp_path):
    np.savez(
        tmp_path / "x.npz", x=X, labels=[0, 1, 0, 1], subjects=["zoe", "ann", "", "ann"], cameras=["b", "b", "a", "c"]
    )
    made = reader("arrays", tmp_path / "x.npz", **TOLD)
    prepare(made, tmp_path / "x.npz", tmp_path / "store", frames=4, progress=False)
    store = Store.open(tmp_path / "store")
    assert store.table["subject"].tolist() == [1, 0, -1, 0]
    assert store.table["camera"].tolist() == [1, 1, 0, 2]
    parameters = store.meta.log[0].parameters
    assert parameters["subject names"] == ["ann", "zoe"]
    assert parameters["camera names"] == ["a", "b", "c"]
    assert split(store, "subject=0").train.tolist() == [1, 3]


def test_what_is_told_of_a_clip_goes_before_what_its_name_tells(tmp_path):
    names = [f"S00{n}C001P00{n}R001A001" for n in range(1, 5)]
    np.savez(tmp_path / "x.npz", x=X, names=names, subjects=[40, 41, 42, 43])
    got = read(tmp_path / "x.npz")
    assert [clip.subject for clip in got] == [40, 41, 42, 43]
    assert [clip.setup for clip in got] == [1, 2, 3, 4]


def test_an_array_named_split_becomes_a_split_of_the_store(tmp_path):
    np.savez(
        tmp_path / "x.npz", x=X, split_own=["train", "test", "", "train"], split_b=["val", "train", "train", "train"]
    )
    made = reader("arrays", tmp_path / "x.npz", **TOLD)
    prepare(made, tmp_path / "x.npz", tmp_path / "store", frames=4, progress=False)
    store = Store.open(tmp_path / "store")
    assert store.divisions == ("b", "own")
    assert (split(store, "own").train.tolist(), split(store, "own").test.tolist()) == ([0, 3], [1])
    assert (split(store, "b").train.tolist(), split(store, "b").test.tolist()) == ([1, 2, 3], [0])


BAD = {
    "too few": ({"subjects": [1, 2]}, "expected 4 whole numbers as subjects, found 2 of int64"),
    "too few texts": ({"subjects": ["a"]}, "expected 4 subjects, found 1"),
    "reals": ({"cameras": [1.0, 2.0, 3.0, 4.0]}, "expected 4 whole numbers as cameras, found 4 of float64"),
    "another word": ({"split_a": ["train", "dev", "", ""]}, "expected train, val, test or nothing in split_a, found"),
    "no name": ({"split_": ["train", "test", "", ""]}, "expected arrays x and optionally"),
    "singular": ({"subject": [1, 2, 3, 4]}, "expected arrays x and optionally"),
}  # fmt: skip


@pytest.mark.parametrize(("arrays", "message"), BAD.values(), ids=BAD)
def test_what_does_not_fit_the_clips_is_refused(tmp_path, arrays, message):
    np.savez(tmp_path / "x.npz", x=X, **arrays)
    with pytest.raises(ReadError, match=re.escape(f"{tmp_path / 'x.npz'}: {message}")):
        reader("arrays", tmp_path / "x.npz", **TOLD)


def test_a_list_of_annotations_alone_is_read_as_mmaction2_wrote_it(tmp_path):
    points = body(3, 1, 17)[..., :2].transpose(1, 0, 2, 3)
    clips = [{"frame_dir": name, "label": number, "keypoint": points + number} for number, name in enumerate("ab")]
    (tmp_path / "list.pkl").write_bytes(pickle.dumps(clips))
    made = reader("pyskl", tmp_path / "list.pkl")
    got = [made.read(item) for item in made.find(tmp_path / "list.pkl")]
    assert [(clip.name, clip.action, clip.roles) for clip in got] == [("a", 0, ()), ("b", 1, ())]
    assert all(np.array_equal(clip.joints[:, 0, :, :2], points[0] + n) for n, clip in enumerate(got))


CLIP = {"frame_dir": "a", "label": 0, "keypoint": np.ones((1, 5, 17, 2), np.float32)}
WHOLE = {
    "no keypoint": ("pyskl", [{"frame_dir": "a", "box": 1}], "0 (a) to have keypoint, found only frame_dir, box"),
    "no name": ("pyskl", [CLIP, {"keypoint": 1}], "annotation 1 to have frame_dir, found only keypoint"),
    "no annotations": ("pyskl", {"data": []}, "a dict with split and annotations, found a dict with data"),
    "a number": ("pyskl", 7, "a dict with split and annotations, or a list of annotations, found 7"),
    "three lists": ("position", (["a", "b"], [0, 1], [5, 5]), "two lists, names and labels, found three lists"),
    "one list": ("position", (["a", "b"],), "two lists, names and labels, found one list"),
    "a dict": ("position", {"a": 0}, "two lists, names and labels, found a dict"),
    "names": ("position", (["a"], [0, 1]), "2 names, found 1"),
    "names of numbers": ("position", ([1, 2], [0, 1]), "names to be a list of texts, found int as number 0"),
    "labels": ("position", (["a", "b"], [0]), "2 whole numbers as labels, found one value"),
    "labels of texts": ("position", (["a", "b"], ["0", "1"]), "2 whole numbers as labels, found 0 as number 0"),
    "a pickle": ("position", b"cposix\nsystem\n.", "not a pickle that can be read: posix.system is not opened"),
}  # fmt: skip


@pytest.mark.parametrize(("name", "held", "message"), WHOLE.values(), ids=WHOLE)
def test_a_fault_of_a_whole_source_says_what_is_missing_and_advises_no_skipping(tmp_path, name, held, message):
    file = tmp_path / ("a.pkl" if name == "pyskl" else "train_label.pkl")
    file.write_bytes(held if isinstance(held, bytes) else pickle.dumps(held))
    np.save(tmp_path / "train_data.npy", np.ones((2, 3, 5, 25, 1), np.float32))
    source = file if name == "pyskl" else tmp_path
    with pytest.raises(SkelactError, match=re.escape(message)) as error:
        reader(name, source)
    assert str(file) in str(error.value)
    assert "--skip-bad" not in str(error.value)


def test_clips_that_share_their_numbers_make_no_store_larger_than_the_file(tmp_path):
    points = np.ones((1, 2**14, 17, 2), np.float32)
    clips = [{"frame_dir": str(number), "keypoint": points} for number in range(200)]
    (tmp_path / "a.pkl").write_bytes(pickle.dumps(clips))
    with pytest.raises(
        ReadError, match=r"a.pkl: expected annotations with keypoint of their own, found shared keypoints in"
    ):
        reader("pyskl", tmp_path / "a.pkl")


def test_axes_in_another_order_are_a_fault_of_the_source_for_which_skipping_clips_is_not_advised(tmp_path):
    np.savez(tmp_path / "x.npz", x=X)
    with pytest.raises(ReadError, match=r"found 3 joints with 25\n  --axes ntmcv takes x for n = 4, t = 2") as told:
        reader("arrays", tmp_path / "x.npz", axes="ntmcv", skeleton="kinect_v2")
    assert "skip-bad" not in str(told.value)


def test_annotations_of_another_layout_are_a_fault_of_the_source(tmp_path):
    clips = [{"frame_dir": name, "label": 0, "keypoint": X[0][None, :, 0, :9]} for name in "ab"]
    (tmp_path / "a.pkl").write_bytes(pickle.dumps(clips))
    with pytest.raises(
        ReadError, match=r"expected 25 joints of kinect_v2 .* found 9 joints with 3\n  is it another --sk"
    ):
        reader("pyskl", tmp_path / "a.pkl", skeleton="kinect_v2")

"""Array files: hand-made ones with known coordinates, damage, and the way from such a file to training batches."""

import json
import pickle
import re
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from reader_files import body, damaged, fresh, write

from skelact.data.prepare import prepare
from skelact.data.readers import reader
from skelact.data.recording import ReadError
from skelact.data.splits import split
from skelact.data.store import Store
from skelact.layouts import COCO_17, KINECT_V2
from skelact.system.world import SkelactError

NAMES = ["S001C002P003R002A013", "S001C001P001R001A001", "S017C003P020R001A060"]


def whole(clips: int, frames: int, slots: int, joints: int, seed: int = 0) -> np.ndarray:
    """Clips (n, t, m, v, 3) without a zero."""
    return np.stack([body(frames, slots, joints, seed + clip) for clip in range(clips)])


def read_all(made) -> list:
    return [made.read(item) for item in made.find(made.source)]


def dumped(path: Path, value: object, protocol: int = pickle.HIGHEST_PROTOCOL) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(pickle.dumps(value, protocol))
    return path


@pytest.mark.parametrize("axes", ["nctvm", "ntmvc", "ntvcm", "vmtnc"])
@pytest.mark.parametrize("save", [np.savez, np.savez_compressed], ids=["stored", "compressed"])
def test_own_arrays_are_read_alike_whatever_the_order_of_their_axes(tmp_path, axes, save):
    clips = whole(3, 4, 2, 17)  # n t m v c
    x = clips.transpose([*("ntmvc".index(letter) for letter in axes)])
    save(tmp_path / "mine.npz", x=x, labels=[1, 0, 1], names=["a", "b", "c"], lengths=[4, 1, 2], classes=["up", "down"])
    made = reader("arrays", tmp_path / "mine.npz", axes=axes, skeleton="coco_17", third="depth")
    got = read_all(made)
    assert made.classes == ("up", "down")
    assert [clip.name for clip in got] == ["a", "b", "c"]
    assert [clip.action for clip in got] == [1, 0, 1]
    for clip, wanted, length in zip(got, clips, [4, 1, 2], strict=True):
        assert np.array_equal(clip.joints, wanted[:length])
        assert (clip.identity == [0, 1]).all()


def test_without_a_person_axis_there_is_one_and_two_coordinates_get_a_third_of_zero(tmp_path):
    x = whole(2, 5, 1, 17)[:, :, 0, :, :2]
    np.save(tmp_path / "x.npy", x)
    got = read_all(reader("arrays", tmp_path / "x.npy", axes="ntvc", skeleton="coco_17"))
    assert [clip.joints.shape for clip in got] == [(5, 1, 17, 3)] * 2
    assert np.array_equal(got[1].joints[:, 0, :, :2], x[1])
    assert not got[1].joints[..., 2].any()
    assert [(clip.name, clip.action) for clip in got] == [("clip_0", -1), ("clip_1", -1)]


def test_a_folder_of_npy_files_reads_as_the_npz_and_maps_its_joints(tmp_path):
    arrays = {"x": whole(2, 3, 1, 17), "labels": np.array([0, 1]), "names": np.array(["a", "b"])}
    np.savez(tmp_path / "one.npz", **arrays)
    (tmp_path / "many").mkdir()
    for name, array in arrays.items():
        np.save(tmp_path / "many" / f"{name}.npy", array)
    options = {"axes": "ntmvc", "skeleton": "coco_17", "third": "depth"}
    one, many = (reader("arrays", tmp_path / place, **options) for place in ("one.npz", "many"))
    for left, right in zip(read_all(one), read_all(many), strict=True):
        assert (left.name, left.action) == (right.name, right.action)
        assert np.array_equal(left.joints, right.joints)


def test_zeros_at_the_end_are_padding_unless_lengths_tell(tmp_path):
    x = whole(1, 6, 1, 17)
    x[0, 4:] = 0
    np.savez(tmp_path / "padded.npz", x=x)
    np.savez(tmp_path / "told.npz", x=x, lengths=[5])
    frames = {
        name: len(
            read_all(reader("arrays", tmp_path / name, axes="ntmvc", skeleton="coco_17", third="depth"))[0].joints
        )
        for name in ("padded.npz", "told.npz")
    }
    assert frames == {"padded.npz": 4, "told.npz": 5}


def test_a_layout_of_the_users_own_comes_from_a_json_file(tmp_path):
    (tmp_path / "tail.json").write_text(json.dumps({"name": "tail", "joints": ["root", "tip"], "parents": [-1, 0]}))
    np.savez(tmp_path / "x.npz", x=whole(2, 1, 1, 2))
    made = reader("arrays", tmp_path / "x.npz", axes="ntmvc", skeleton=str(tmp_path / "tail.json"))
    assert made.skeleton.joints == ("root", "tip")
    assert read_all(made)[0].joints.shape == (1, 1, 2, 3)


def position_files(folder: Path, protocol: int = pickle.HIGHEST_PROTOCOL) -> np.ndarray:
    """train_ and val_position.npy with labels, of clips (n, t, m, v, c) that are returned."""
    clips = whole(3, 5, 2, 25)
    clips[1, 3:] = 0
    for part, rows in (("train", slice(0, 2)), ("val", slice(2, 3))):
        folder.mkdir(exist_ok=True)
        np.save(folder / f"{part}_position.npy", clips[rows].transpose(0, 4, 1, 3, 2))
        labels = ([f"{name}.skeleton" for name in NAMES[rows]], [12, 0, 59][rows])
        dumped(folder / f"{part}_label.pkl", labels, protocol)
    return clips


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_published_position_files_give_clips_labels_names_and_their_division(tmp_path, protocol):
    clips = position_files(tmp_path / "xsub", protocol)
    made = reader("position", tmp_path / "xsub")
    got = read_all(made)
    assert made.divisions == ("published",)
    assert [(clip.name, clip.action, clip.roles) for clip in got] == [
        (NAMES[0], 12, (1,)),
        (NAMES[1], 0, (1,)),
        (NAMES[2], 59, (2,)),
    ]
    assert [(clip.setup, clip.camera, clip.subject, clip.repetition) for clip in got][2] == (17, 3, 20, 1)
    for clip, wanted, length in zip(got, clips, [5, 3, 5], strict=True):
        assert np.array_equal(clip.joints, wanted[:length])


def test_bones_beside_the_joints_are_passed_over_and_one_file_has_no_division(tmp_path):
    position_files(tmp_path)
    np.save(tmp_path / "train_bone.npy", np.zeros(3))
    assert len(read_all(reader("position", tmp_path))) == 3
    alone = reader("position", tmp_path / "val_position.npy")
    assert [clip.name for clip in read_all(alone)] == NAMES[2:]
    np.save(tmp_path / "position.npy", np.ones((1, 3, 2, 25, 1), np.float32))
    dumped(tmp_path / "label.pkl", (["one"], [4]))
    alone = reader("position", tmp_path / "position.npy")
    assert (alone.divisions, read_all(alone)[0].roles, read_all(alone)[0].action) == ((), (), 4)


def ctrgcn_file(path: Path) -> np.ndarray:
    clips = whole(3, 4, 2, 25)
    flat = clips.reshape(3, 4, 150)  # frames of person 0 joint 0 x y z, joint 1, ..., then person 1
    hot = np.eye(60)[[7, 59, 0]]
    np.savez(path, x_train=flat[:2], y_train=hot[:2], x_test=flat[2:], y_test=hot[2:])
    return clips


def test_ctr_gcn_files_give_persons_then_joints_then_coordinates(tmp_path):
    clips = ctrgcn_file(tmp_path / "NTU60_CS.npz")
    made = reader("ctrgcn", tmp_path / "NTU60_CS.npz")
    got = read_all(made)
    assert [(clip.name, clip.action, clip.roles) for clip in got] == [
        ("train_0", 7, (1,)),
        ("train_1", 59, (1,)),
        ("test_0", 0, (2,)),
    ]
    assert all(np.array_equal(clip.joints, wanted) for clip, wanted in zip(got, clips, strict=True))
    assert got[0].joints[2, 1, 24, 2] == np.load(tmp_path / "NTU60_CS.npz")["x_train"][0, 2, 149]


def test_one_hot_labels_of_two_classes_are_refused(tmp_path):
    np.savez(
        tmp_path / "a.npz",
        x_train=np.ones((1, 2, 150)),
        y_train=np.ones((1, 60)),
        x_test=np.ones((1, 2, 150)),
        y_test=np.eye(60)[:1],
    )
    with pytest.raises(ReadError, match=r"a.npz: expected y_train of 1 lines with one number that is not 0"):
        reader("ctrgcn", tmp_path / "a.npz")


def pyskl_file(path: Path, coordinates: int = 2, protocol: int = 4) -> list[dict]:
    joints = {2: 17, 3: 25}[coordinates]
    annotations = []
    for number, name in enumerate(["one", "two", "three"]):
        keypoint = whole(1, 3 + number, 2, joints, number)[0].transpose(1, 0, 2, 3)[..., :coordinates]
        one = {"frame_dir": name, "label": number, "keypoint": keypoint.astype(np.float16), "total_frames": 3 + number}
        if coordinates == 2:
            score = np.full(keypoint.shape[:3], 0.5, np.float16)
            score[0, 1, 4] = 0
            one |= {"keypoint_score": score, "img_shape": (1080, 1920)}
        annotations.append(one)
    split = {"xsub_train": ["one", "two"], "xsub_val": ["three"], "xview_train": ["three"], "xview_val": ["one"]}
    dumped(path, {"split": split, "annotations": annotations}, protocol)
    return annotations


@pytest.mark.parametrize("protocol", [2, 4, 5])
def test_pyskl_files_in_two_dimensions_give_pixels_and_both_divisions(tmp_path, protocol):
    annotations = pyskl_file(tmp_path / "a.pkl", 2, protocol)
    made = reader("pyskl", tmp_path / "a.pkl")
    got = read_all(made)
    assert made.skeleton == COCO_17
    assert made.divisions == ("xsub", "xview")
    assert [(clip.name, clip.action, clip.roles) for clip in got] == [
        ("one", 0, (1, 2)),
        ("two", 1, (1, 0)),
        ("three", 2, (2, 1)),
    ]
    for clip, one in zip(got, annotations, strict=True):
        wanted = one["keypoint"].transpose(1, 0, 2, 3).astype(np.float32)
        wanted[1, 0, 4] = 0  # its score is 0: not seen
        assert np.array_equal(clip.joints[..., :2], wanted)


def test_pyskl_files_in_three_dimensions_have_ntus_layout(tmp_path):
    annotations = pyskl_file(tmp_path / "a.pkl", 3)
    made = reader("pyskl", tmp_path / "a.pkl")
    assert made.skeleton == KINECT_V2
    assert read_all(made)[2].joints[4, 1, 24, 2] == annotations[2]["keypoint"][1, 4, 24, 2]


def test_a_division_becomes_a_split_of_the_store_and_training_reads_its_clips(tmp_path):
    pyskl_file(tmp_path / "a.pkl")
    prepare(reader("pyskl", tmp_path / "a.pkl"), tmp_path / "a.pkl", tmp_path / "store", frames=8, progress=False)
    store = Store.open(tmp_path / "store")
    assert store.divisions == ("xsub", "xview")
    assert (store.path / "clips.csv").read_text().splitlines()[0].endswith("persons,same_as,xsub,xview")
    assert (split(store, "xsub").train.tolist(), split(store, "xsub").test.tolist()) == ([0, 1], [2])
    assert (split(store, "xview").train.tolist(), split(store, "xview").test.tolist()) == ([2], [0])
    assert [store.recording(row).roles for row in range(3)] == [(1, 2), (1, 0), (2, 1)]
    assert store.meta.sources[0].files == 1
    assert store.verify() == []
    with pytest.raises(SkelactError, match="no split 'xset' for data set pyskl: it has xsub, xview"):
        split(store, "xset")


@pytest.mark.parametrize("view", ["robust", "released"])
def test_one_frame_and_one_person_go_through_preparation(tmp_path, view):
    np.savez(tmp_path / "x.npz", x=whole(3, 1, 1, 25)[:, :, 0], labels=[0, 1, 0])
    made = reader("arrays", tmp_path / "x.npz", axes="ntvc", skeleton="kinect_v2", frame_rate=50.0, units="feet")
    prepare(made, tmp_path / "x.npz", tmp_path / "store", preparation=view, frames=4, progress=False)
    store = Store.open(tmp_path / "store")
    clips = store.prepared(view, 4).clips
    assert clips.shape == (3, 3, 4, 25, 1)
    assert np.isfinite(clips).all()
    assert np.array_equal(clips[:, :, 0], clips[:, :, 3])
    assert (store.meta.frame_rate, store.meta.units, store.meta.classes) == (50.0, "feet", ("class 0", "class 1"))


def test_joints_are_mapped_and_not_read(tmp_path):
    x = whole(2, 3, 1, 17)
    np.savez(tmp_path / "x.npz", x=x)
    np.save(tmp_path / "x.npy", x)
    from skelact.data.readers.mapped import npy, npz

    for array in (npz(tmp_path / "x.npz")["x"], npy(tmp_path / "x.npy")):
        assert isinstance(array, np.memmap)
        assert np.array_equal(array, x)
    np.save(tmp_path / "f.npy", np.asfortranarray(x))
    assert np.array_equal(npy(tmp_path / "f.npy"), x)


class Malicious:
    """Pickles as a call that would leave a file behind."""

    def __init__(self, path: Path):
        self.path = path

    def __reduce__(self):
        return (Path.touch, (self.path,))


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("name", ["position", "pyskl"])
def test_a_malicious_pickle_does_nothing_and_is_named(tmp_path, name, protocol):
    mark = tmp_path / "mark"
    np.save(tmp_path / "position.npy", np.ones((1, 3, 2, 25, 1), np.float32))
    path = tmp_path / ("label.pkl" if name == "position" else "a.pkl")
    dumped(path, (["one"], [Malicious(mark)]), protocol)
    source = tmp_path / ("position.npy" if name == "position" else "a.pkl")
    with pytest.raises(ReadError, match=rf"{path}: not a pickle that can be read: .*\S+ is not opened: only plain"):
        reader(name, source)
    assert not mark.exists()
    pickle.loads(path.read_bytes())
    assert mark.exists()  # the same file, opened the common way, does it


@pytest.mark.parametrize(
    "code",
    [
        b"cos\nsystem\n(S'true'\ntR.",
        b"cbuiltins\neval\n(S'1'\ntR.",
        b"cbuiltins\ngetattr\n.",
        b"cnumpy\nload\n.",
        b"cnumpy.core.multiarray\nfrombuffer\n.",
        b"Pouter\n.",
        b"c_codecs\nencode\n(S'a'\nS'zlib'\ntR.",
        b"cnumpy\nndarray\n(I1000000000000000\ntR.",
    ],
)
def test_names_that_arrays_do_not_need_are_refused(tmp_path, code):
    (tmp_path / "a.pkl").write_bytes(code)
    with pytest.raises(ReadError, match=re.escape(f"{tmp_path / 'a.pkl'}: not a pickle that can be read: ")):
        reader("pyskl", tmp_path / "a.pkl")


def test_options_of_another_format_are_refused():
    with pytest.raises(SkelactError, match="format ntu has no option --axes; it has none"):
        reader("ntu", Path(), axes="nctvm")
    with pytest.raises(SkelactError, match="format pyskl depends on its files: give the source"):
        reader("pyskl")


BAD = {
    "no axes": ({"axes": None}, "the axes of x are unknown: give --axes"),
    "axes twice": ({"axes": "nnctv"}, "axes must be n, t, v, c and, if there is one, m, each once, got 'nnctv'"),
    "fewer axes": ({"axes": "ntvc"}, "expected an array of 4 axes, n, t, v, c, found 2 x 3 x 1 x 17 x 3 of float32"),
    "an empty axis": (
        {"x": np.zeros((2, 0, 1, 17, 3))},
        "expected an array with numbers along each of n, t, m, v, c, found 2 x 0 x 1 x 17 x 3 of float64",
    ),
    "no layout": ({"skeleton": None}, "is unknown: give --skeleton NAME or --skeleton FILE.json"),
    "rate": ({"frame_rate": -1.0}, "the frame rate must be positive, got -1.0"),
    "labels": ({"labels": [0]}, "expected 2 whole numbers as labels, found 1 of int64"),
    "label -2": ({"labels": [0, -2]}, "expected labels of at least -1, found -2"),
    "label words": ({"labels": ["a", "b"]}, "expected 2 whole numbers as labels, found 2 of <U1"),
    "names": ({"names": ["a", "a"]}, "expected a different name for each clip, found a more than once"),
    "classes": ({"labels": [0, 3], "classes": ["a"]}, "expected classes below 1, as there are labels, found 3"),
    "strange": (
        {"label": [0, 3]},
        "expected arrays x and optionally labels, names, lengths, classes, subjects, cameras, setups, repetitions, "
        "split_NAME, found label, x",
    ),
    "text": ({"x": np.full((2, 3, 1, 17, 3), "1.0")}, "expected real numbers, found <U3"),
    "objects": ({"x": np.full((2, 3, 1, 17, 3), None)}, "array 'x': cannot be read: it holds Python objects"),
}


@pytest.mark.parametrize(("change", "message"), BAD.values(), ids=BAD)
def test_bad_own_arrays_are_refused_with_what_was_expected_and_found(tmp_path, change, message):
    options = {"axes": "ntmvc", "skeleton": "coco_17"}
    options |= {key: change.pop(key) for key in ("axes", "skeleton", "frame_rate") if key in change}
    np.savez(tmp_path / "x.npz", **{"x": whole(2, 3, 1, 17)} | change)
    with pytest.raises(SkelactError, match=re.escape(message)):
        reader("arrays", tmp_path / "x.npz", **options)


def test_a_clip_that_is_bad_names_its_number_and_place(tmp_path):
    x = whole(3, 3, 1, 17)
    x[1, 2, 0, 5, 1] = np.nan
    x[2] = 0
    np.savez(tmp_path / "x.npz", x=x)
    made = reader("arrays", tmp_path / "x.npz", axes="ntmvc", skeleton="coco_17", third="depth")
    _, second, third = made.find(tmp_path / "x.npz")
    with pytest.raises(ReadError, match=r"x.npz\[1\]: expected finite numbers, found nan as y of joint 5 of person 0"):
        made.read(second)
    with pytest.raises(ReadError, match=r"x.npz\[2\]: expected a person, found only zeros in all 3 frames"):
        made.read(third)
    prepare(made, tmp_path / "x.npz", tmp_path / "store", frames=4, skip_bad=True, progress=False)
    assert [left.name for left in Store.open(tmp_path / "store").meta.left_out] == ["x-1", "x-2"]


def refused_or_finite(name: str, source: Path, **options) -> None:
    try:
        made = reader(name, source, **options)
        clips = read_all(made)
    except ReadError as error:
        if str(source.parent) not in str(error):
            raise AssertionError(f"a ReadError that does not name the file: {error}") from error
        return
    assert all(np.isfinite(clip.joints).all() and clip.identity.max() >= 0 for clip in clips)


def valid_bytes() -> dict[str, bytes]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        pyskl_file(folder / "a.pkl")
        ctrgcn_file(folder / "a.npz")
        np.save(folder / "a.npy", whole(2, 2, 1, 17))
        return {path.suffix: path.read_bytes() for path in folder.iterdir()}


VALID = valid_bytes()


@settings(max_examples=150)
@given(data=damaged(VALID[".pkl"]))
def test_a_damaged_pickle_is_refused_or_read(folder, data):
    refused_or_finite("pyskl", write(fresh(folder) / "a.pkl", data).path)


@settings(max_examples=100)
@given(data=damaged(VALID[".npz"]))
def test_a_damaged_npz_is_refused_or_read(folder, data):
    refused_or_finite("ctrgcn", write(fresh(folder) / "a.npz", data).path)


@settings(max_examples=100)
@given(data=damaged(VALID[".npy"]))
def test_a_damaged_npy_is_refused_or_read(folder, data):
    refused_or_finite("arrays", write(fresh(folder) / "a.npy", data).path, axes="ntmvc", skeleton="coco_17")

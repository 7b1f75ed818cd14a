import hashlib
import json
import re
from pathlib import Path

import numpy as np
import pytest
from made_clips import STORE, moving, recording

from skelact.data.measurable import labelled, measurable
from skelact.data.readers import reader
from skelact.data.recording import Recording
from skelact.data.splits import split, split_names
from skelact.data.store import Store, write_store
from skelact.layouts import KINECT_V1
from skelact.system.world import SkelactError


def store_of(folder: Path, dataset: str, rows: list[dict[str, int]]) -> Store:
    """A store whose clips differ and have the given attributes."""
    joints = moving(2)
    made = (recording(joints + number, name=f"c{number}", **row) for number, row in enumerate(rows))
    classes = [f"a{number}" for number in range(120)]
    return write_store(folder / "store", **STORE | {"dataset": dataset, "classes": classes}, recordings=made)


def values(store: Store, column: str, rows: np.ndarray) -> list[int]:
    return sorted(set(store.table[column][rows].tolist()))


def assert_parts_all(store: Store, name: str) -> None:
    found = split(store, name)
    assert sorted([*found.train, *found.test]) == list(range(len(store)))


def test_ntu_60_cross_subject_trains_on_its_20_subjects(tmp_path):
    store = store_of(tmp_path, "ntu", [{"subject": number, "action": number % 60} for number in range(1, 41)])
    found = split(store, "xsub")
    wanted = [1, 2, 4, 5, 8, 9, 13, 14, 15, 16, 17, 18, 19, 25, 27, 28, 31, 34, 35, 38]
    assert values(store, "subject", found.train) == wanted
    assert "20 training subjects of NTU-60" in found.rule
    assert_parts_all(store, "xsub")


@pytest.mark.parametrize("late", [{"action": 60, "subject": 3}, {"action": 0, "subject": 41}])
def test_ntu_120_is_told_by_a_late_action_or_subject_and_trains_on_53(tmp_path, late):
    rows = [{"subject": number, "action": 1} for number in range(1, 107 if late["action"] else 41)]
    store = store_of(tmp_path, "ntu", [*rows, late])
    found = split(store, "xsub")
    assert "53 training subjects of NTU-120" in found.rule
    assert len(values(store, "subject", found.train)) == (53 if late["action"] else 20)
    assert_parts_all(store, "xsub")


def test_ntu_120_subjects_are_those_that_methods_lists(shared, tmp_path):
    text = (shared / "docs/METHODS.md").read_text()
    first, more = re.findall(r"(?:train subjects|those and) ([\d ]+)[;\n]", text)
    listed = sorted(map(int, f"{first} {more}".split()))
    assert len(listed) == 53
    store = store_of(tmp_path, "ntu", [{"subject": number, "action": 100} for number in range(1, 107)])
    assert values(store, "subject", split(store, "xsub").train) == listed


def test_ntu_cross_view_and_cross_setup(tmp_path):
    store = store_of(tmp_path, "ntu", [{"camera": 1 + n % 3, "setup": 1 + n % 4} for n in range(12)])
    assert values(store, "camera", split(store, "xview").train) == [2, 3]
    assert values(store, "camera", split(store, "xview").test) == [1]
    assert values(store, "setup", split(store, "xset").train) == [2, 4]
    assert values(store, "setup", split(store, "xset").test) == [1, 3]


def test_synthetic_splits_are_odd_subjects_and_all_cameras_but_the_first(tmp_path):
    store = store_of(tmp_path, "synthetic", [{"camera": 1 + n % 3, "subject": 1 + n % 4} for n in range(12)])
    assert values(store, "subject", split(store, "xsub").train) == [1, 3]
    assert values(store, "camera", split(store, "xview").train) == [2, 3]
    assert values(store, "camera", split(store, "xview").test) == [1]


def test_a_clean_split_drops_training_copies_of_test_clips_whichever_comes_first(tmp_path):
    a, b, c = (recording(moving(3, seed=seed)).joints[:, 0] for seed in (1, 2, 3))
    cast = [(a, "a2", 2), (a, "a3", 3), (b, "b3", 3), (b, "b1", 1), (b, "b2", 2), (c, "c1", 1), (c, "c2", 2)]
    made = [recording(joints, name=name, camera=camera) for joints, name, camera in cast]
    store = write_store(tmp_path / "store", **STORE | {"dataset": "ucla"}, recordings=made)
    found = split(store, "xview-clean")
    assert store.table["name"][found.train].tolist() == ["c1", "c2"]
    assert store.table["name"][found.test].tolist() == ["a3", "b3"]
    assert len(split(store, "xview").train) == 5


def test_any_column_makes_a_split(tmp_path):
    store = store_of(tmp_path, "own", [{"subject": n % 5, "repetition": n} for n in range(10)])
    found = split(store, "subject=0,3")
    assert found.train.tolist() == [0, 3, 5, 8]
    assert found.test.tolist() == [1, 2, 4, 6, 7, 9]
    assert split(store, "repetition=4").train.tolist() == [4]
    within = split(store, "subject=0,3/1")
    assert (within.train.tolist(), within.test.tolist()) == ([0, 3, 5, 8], [1, 6])
    assert within.rule == "subject 0, 3 train; 1 test"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("xsub", "no split 'xsub' for data set own: it has none by name; give column=value"),
        ("size=3", "no column 'size'; there are action, subject"),
        ("name=c1", "no column 'name'"),
        ("subject=one", "expected whole numbers after =, found 'one'"),
        ("subject=", "expected whole numbers after =, found ''"),
        ("subject=0/", "expected whole numbers after =, found ''"),
        ("subject=0,1/1", "1 would both train and test"),
        ("subject=0/7", r"no test clips among 3 \(subject 0 train; 7 test\)"),
        ("subject=7", r"no training clips among 3 \(subject 7 train\); subjects 0, 1, 2"),
        ("subject=0,1,2", "no test clips among 3"),
    ],
)
def test_a_split_that_cannot_be_says_why(tmp_path, name, message):
    store = store_of(tmp_path, "own", [{"subject": number} for number in range(3)])
    with pytest.raises(SkelactError, match=message):
        split(store, name)


def test_an_unknown_name_lists_those_of_the_data_set(tmp_path):
    store = store_of(tmp_path, "ntu", [{"subject": 1}])
    with pytest.raises(SkelactError, match="no split 'fold0' for data set ntu: it has xsub, xview, xset"):
        split(store, "fold0")


def test_real_ucla_splits_have_the_published_sizes(shared, tmp_path):
    made = []
    for path in sorted((shared / "data/nw-ucla/raw").rglob("*.json")):
        # Reading all the numbers takes long, and the splits ask only whether they are the same.
        same = hashlib.sha256(json.dumps(json.loads(path.read_text())["skeletons"]).encode()).digest()
        joints = np.frombuffer(same[:20], np.uint8)[:, None] * np.ones((1, 20, 3))
        subject, camera = re.findall(r"_s(\d+)_e\d+_v(\d+)", path.stem)[0]
        made.append(recording(joints, name=path.stem, subject=int(subject), camera=int(camera)))
    about = STORE | {"dataset": "ucla", "skeleton": KINECT_V1}
    store = write_store(tmp_path / "store", **about, recordings=made)
    sizes = {name: (len(split(store, name).train), len(split(store, name).test)) for name in split_names("ucla")}
    assert sizes == {"xview": (1020, 464), "xview-clean": (925, 464), "xsub": (724, 760)}


@pytest.fixture(scope="module")
def real(shared, tmp_path_factory):
    """Makes the store of a real data set."""

    def build(name: str, folder: str) -> Store:
        source = reader(name)
        recordings = map(source.read, source.find(shared / "data" / folder))
        about = {"skeleton": source.skeleton, "classes": source.classes}
        path = tmp_path_factory.mktemp("real") / name
        return write_store(path, **STORE | about | {"dataset": name}, recordings=recordings)

    return build


def test_real_utd_split_has_the_published_size(real):
    found = split(real("utd", "utd-mhad"), "xsub")
    assert (len(found.train), len(found.test)) == (431, 430)


def test_real_sbu_folds_test_the_listed_pairs_and_every_clip_once(shared, real):
    store = real("sbu", "sbu-kinect")
    listed = re.findall(r"fold (\d): ((?:s\d\ds\d\d ?)+)", (shared / "data/sbu-kinect/README.md").read_text())
    assert len(listed) == 5
    tested = []
    for fold, pairs in listed:
        found = split(store, f"fold{fold}")
        wanted = sorted(int(pair[1:3]) * 100 + int(pair[4:6]) for pair in pairs.split())
        assert values(store, "subject", found.test) == wanted
        assert not set(found.train) & set(found.test)
        tested += found.test.tolist()
    assert sorted(tested) == list(range(282))


def labelled_store(path, actions, subjects=(1, 2)):
    clips = [
        Recording(
            f"c{place}",
            np.ones((3, 1, 20, 3), np.float32),
            np.zeros((3, 1), np.int64),
            action,
            subjects[place % len(subjects)],
        )
        for place, action in enumerate(actions)
    ]
    return write_store(
        path, dataset="own", skeleton=KINECT_V1, classes=("a", "b"), units="m", frame_rate=30.0, recordings=clips
    )


def test_all_trains_on_every_clip_and_tests_none(tmp_path):
    found = split(labelled_store(tmp_path / "s", [0, 1, -1, -1]), "all")
    assert (found.train.tolist(), found.test.tolist()) == ([0, 1, 2, 3], [])
    with pytest.raises(SkelactError, match=r"no test clips .*\n  pretraining can do without test clips: --split all$"):
        split(labelled_store(tmp_path / "one", [0]), "subject=1")


def test_a_split_that_cannot_be_names_one_that_can_and_no_numbers_that_are_not_told(tmp_path):
    with pytest.raises(SkelactError) as told:
        split(labelled_store(tmp_path / "two", [0, 0]), "camera=1")
    first, second = str(told.value).split("\n")
    assert first.endswith("subjects 1, 2; cameras unknown")
    assert second == "  take another split, such as subject=1; pretraining can do without test clips: --split all"


def test_clips_without_a_label_can_be_taken_out_of_a_split(tmp_path):
    store = labelled_store(tmp_path / "s", [0, 1, -1, -1, 1, 0])
    kept = labelled(split(store, "subject=1"), store.table["action"])
    assert (kept.train.tolist(), kept.test.tolist(), kept.name) == ([0, 4], [1, 5], "subject=1")


@pytest.mark.parametrize(
    ("actions", "preferred", "found"),
    [
        ([0, 1, 0, 1], "subject=2", "subject=2"),
        ([0, 1, 0, 1], "all", "subject=1"),  # no split by name, and two subjects
        ([0, -1, 0, -1], "subject=2", None),
        ([-1] * 4, "subject=1", None),
        ([0, 1, 0, 1], "nonsense", "subject=1"),
        ([0], "all", None),
    ],
)
def test_a_split_is_recommended_only_where_both_sides_have_labels(tmp_path, actions, preferred, found):
    assert measurable(labelled_store(tmp_path / "s", actions), preferred) == found


def test_where_only_the_first_subjects_have_labels_these_are_halved(tmp_path):
    store = labelled_store(tmp_path / "s", [0, 1, 0, -1, -1, -1], subjects=(3, 4, 5, 6, 7, 8))
    assert measurable(store) == "subject=3"

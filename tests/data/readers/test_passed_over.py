"""Files of a source that are no clips by their names: passed over in every format, counted and named."""

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from reader_files import body, ntu_text, sbu_text, ucla_text, utd_bytes, write

from skelact.data.prepare import prepare
from skelact.data.readers import reader
from skelact.data.readers.source import NAMED, PassedOver
from skelact.data.recording import ReadError

NUMBERS = "0.5 0.25 2.5"
BVH = b"""HIERARCHY
ROOT Hips
{ OFFSET 0 0 0
  CHANNELS 3 Xposition Yposition Zposition
  JOINT Spine { OFFSET 0 10 0 CHANNELS 3 Zrotation Xrotation Yrotation End Site { OFFSET 0 10 0 } } }
MOTION
Frames: 2
Frame Time: 0.033333
0 90 0 0 0 0
0 91 0 0 5 0
"""


def rows(lines: int, numbers: int, first: str = "") -> bytes:
    return "".join(f"{first}{' '.join(['0.5'] * (numbers - 1))} {line}\n" for line in range(1, lines + 1)).encode()


CLIPS = {
    "ntu": ("S001C001P001R001A001.skeleton", ntu_text([[(1, body(1, 1, 25)[0, 0])]] * 2), "walk.skeleton"),
    "ucla": ("a01_s01_e00_v01.json", ucla_text("a01_s01_e00_v01", body(2, 1, 20)[:, 0]), "labels.json"),
    "utd": ("a1_s1_t1_skeleton.mat", utd_bytes(body(2, 1, 20)[:, 0]), "b_skeleton.mat"),
    "sbu": ("s01s02/01/001/skeleton_pos.txt", sbu_text(body(2, 2, 15)), "more/skeleton_pos.txt"),
    "pku": ("0002-L.txt", rows(3, 150), "0002_L.txt"),
    "msr": ("a01_s01_e01_skeleton3D.txt", rows(20, 4), "x_skeleton3D.txt"),
    "kard": ("a01_s01_e01_realworld.txt", rows(15, 3), "x_realworld.txt"),
    "utkinect": ("joints_s01_e01.txt", rows(3, 60, "1 "), "joint_s01_e01.txt"),
    "florence": ("Florence_dataset_WorldCoordinates.txt", rows(3, 45, "1 1 1 "), "Florence_dataset_Features.txt"),
    "bvh": ("walk.bvh", BVH, "walk.bvh.txt"),
}
every = pytest.mark.parametrize("name", CLIPS)


def source_of(name: str, folder: Path) -> Path:
    path, data, _ = CLIPS[name]
    write(folder / path, data)
    write(folder.parent / "actionLabel.txt", b"s01_e01\nwalk: 1 1\n")
    return folder


def odd_files(name: str) -> list[str]:
    path, _, misnamed = CLIPS[name]
    twin = str(Path(path).with_name(f"._{Path(path).name}"))
    return ["README.txt", "list of labels.csv", misnamed, twin, f"__MACOSX/{Path(path).name}", "Thumbs.db"]


@every
def test_readmes_lists_misnamed_clips_and_files_of_the_system_are_passed_over_and_named(tmp_path, name):
    source = source_of(name, tmp_path / "source")
    alone = list(reader(name, source).find(source))
    odd = odd_files(name)
    for other in odd:
        write(source / other, b"\xff what a stranger wrote \x1b[31m")
    found = reader(name, source).find(source)
    assert found == alone
    assert len(alone) == 1
    # A folder that is not looked into is one entry.
    assert sorted(found.passed_over.names) == sorted("__MACOSX" if "MACOSX" in other else other for other in odd)
    prepare(reader(name, source), source, tmp_path / "store", frames=4, preparation="robust", progress=False)
    (done,) = json.loads((tmp_path / "store/meta.json").read_text())["log"]
    assert done["parameters"]["passed_over"].startswith("6 files: ")
    assert CLIPS[name][2] in done["parameters"]["passed_over"]


@every
def test_an_archive_has_the_same_clips_passed_over(tmp_path, name):
    source = source_of(name, tmp_path / "source")
    for other in odd_files(name):
        write(source / other, b"x")
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        for file in sorted(source.rglob("*")):
            archive.write(file, f"top/{file.relative_to(source)}")
    packed = tmp_path / "all.zip"
    found = reader(name, packed).find(packed)
    assert len(found) == 1
    assert found.passed_over.files == 6


@every
def test_where_no_clip_is_left_the_error_tells_what_was_expected_and_what_is_there(tmp_path, name):
    misnamed = CLIPS[name][2]
    write(tmp_path / "source" / misnamed, CLIPS[name][1])
    write(tmp_path / "actionLabel.txt", b"s01_e01\nwalk: 1 1\n")
    with pytest.raises(ReadError, match=r"expected files like .* found none among 1 files") as error:
        reader(name, tmp_path / "source").find(tmp_path / "source")
    assert misnamed in str(error.value)


def test_the_list_that_labels_names_may_lie_among_the_recordings(tmp_path, capfd):
    source = source_of("utkinect", tmp_path / "joints")
    mended = write(source / "mended.txt", b"s01_e01\nsitDown: 1 1\n").path
    write(source / "actionLabel.txt", b"s01_e01\nwalk: 1 1\n")
    prepare(
        reader("utkinect", source, labels=mended), source, tmp_path / "store", frames=4, preparation="released", jobs=1
    )
    assert (
        "skipped, as their names are not those of clips: 2 files: actionLabel.txt, mended.txt" in capfd.readouterr().err
    )


def test_a_folder_of_labels_within_the_recordings_is_not_taken_for_recordings(tmp_path):
    source = source_of("pku", tmp_path / "all")
    write(source / "label" / "0002-L.txt", b"34,0,2,1\n")
    made = reader("pku", labels=source / "label")
    (clip,) = map(made.read, made.find(source))
    assert (clip.name, clip.action, len(clip.joints)) == ("0002-L-001", 33, 2)


def test_many_passed_over_files_are_counted_and_the_first_kept(tmp_path):
    source = source_of("ntu", tmp_path / "source")
    for number in range(NAMED + 50):
        write(source / f"{number:03}.png", b"")
    write(source / "zz.skeleton", b"")
    passed = reader("ntu").find(source).passed_over
    assert passed.files == NAMED + 51
    assert passed.names == ("zz.skeleton", *(f"{number:03}.png" for number in range(NAMED - 1)))
    assert PassedOver(3, ("a", "b")).shown(1) == "3 files: a, ..."
    assert PassedOver(1, ("a",)).shown(9) == "1 file: a"


def test_a_source_without_other_files_says_nothing_of_them(tmp_path, capfd):
    source = source_of("ntu", tmp_path / "source")
    prepare(reader("ntu"), source, tmp_path / "store", frames=4, jobs=1)
    assert "not taken" not in capfd.readouterr().err
    assert "passed_over" not in (tmp_path / "store/meta.json").read_text()


def test_arrays_list_the_files_beside_them(tmp_path):
    np.save(write(tmp_path / "x" / "x.npy", b"").path, body(3, 2, 17)[..., :2])
    write(tmp_path / "x" / "README.md", b"")
    write(tmp_path / "x" / "old" / "x.npy", b"")
    made = reader("arrays", tmp_path / "x", axes="ntvc", skeleton="coco_17", units="metres")
    prepare(made, tmp_path / "x", tmp_path / "store", frames=4, progress=False)
    (done,) = json.loads((tmp_path / "store/meta.json").read_text())["log"]
    assert done["parameters"]["passed_over"] == "2 files: README.md, old/x.npy"

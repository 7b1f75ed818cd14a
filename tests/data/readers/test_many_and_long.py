"""Sources of more persons, letters, members or coordinates than recordings have: refused before they take memory."""

import io
import json
import os
import pickle
import struct
import subprocess
import sys
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from reader_files import body

from skelact.data.readers import reader
from skelact.data.readers.array_files import LONGEST_TEXT
from skelact.data.readers.slots import MOST_SLOTS
from skelact.data.recording import ReadError

X = np.stack([body(4, 1, 25, clip)[:, 0] for clip in range(2)])
"""n t v c"""


def own(path: Path, **arrays: object) -> Path:
    np.savez(path / "mine.npz", **{"x": X} | arrays)  # type: ignore[arg-type]
    return path / "mine.npz"


def opened(path: Path, axes: str = "ntvc"):
    return reader("arrays", path, axes=axes, skeleton="kinect_v2")


def peak(work: Callable[[], object]) -> int:
    """Bytes that a work takes at once."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_clip_with_room_for_more_persons_than_the_limit_is_refused(tmp_path):
    x = np.zeros((1, 2, MOST_SLOTS + 1, 25, 3), np.float32)
    x[:, :, 0] = 1
    np.save(tmp_path / "x.npy", x)
    np.save(tmp_path / "fits.npy", x[:, :, :MOST_SLOTS])
    made, fits = opened(tmp_path / "x.npy", "ntmvc"), opened(tmp_path / "fits.npy", "ntmvc")
    with pytest.raises(ReadError, match=rf"x\.npy\[0\]: expected room for at most {MOST_SLOTS} persons, found 1001"):
        made.read(made.find(made.source)[0])
    assert fits.read(fits.find(fits.source)[0]).joints.shape[1] == MOST_SLOTS


LONG = "a" * (LONGEST_TEXT + 1)


@pytest.mark.parametrize("key", ["names", "subjects", "classes"])
@pytest.mark.parametrize("kind", ["U", "S"])
def test_an_array_of_names_longer_than_the_limit_is_refused_by_what_it_says_of_itself(key, kind, tmp_path):
    wide = LONG * (4 if kind == "S" else 1)
    source = own(tmp_path, **{key: np.array(["b", wide], kind)})
    with pytest.raises(ReadError, match=rf"mine\.npz: expected {key} of at most 1000 letters, found .*{kind}"):
        opened(source)


def test_names_as_long_as_the_limit_are_read(tmp_path):
    made = opened(own(tmp_path, names=np.array(["b", LONG[1:]])))
    assert [len(made.read(item).name) for item in made.find(made.source)] == [1, LONGEST_TEXT]


def test_a_list_that_repeats_one_endless_name_is_refused_at_once(tmp_path):
    np.save(tmp_path / "position.npy", np.zeros((1, 3, 2, 25, 1), np.float32).repeat(20_000, 0))
    endless = "é" * 30_000
    (tmp_path / "label.pkl").write_bytes(pickle.dumps(([endless] * 20_000, [0] * 20_000)))

    def refused() -> None:
        with pytest.raises(ReadError, match=r"label\.pkl: expected names of at most 1000 letters, found ééé.*30000"):
            reader("position", tmp_path / "position.npy")

    assert peak(refused) < 2**24


def test_annotations_with_an_endless_name_are_refused(tmp_path):
    one = {"frame_dir": "a" * 30_000, "label": 0, "keypoint": np.ones((1, 2, 17, 2), np.float32)}
    (tmp_path / "a.pkl").write_bytes(pickle.dumps([one]))
    with pytest.raises(ReadError, match=r"a\.pkl: expected a name of clip 0 of at most 1000 letters, found aaa.*30000"):
        reader("pyskl", tmp_path / "a.pkl")


def test_a_division_with_an_endless_name_is_refused(tmp_path):
    source = own(tmp_path, **{f"split_{'a' * 300}": np.array(["train", "test"])})
    with pytest.raises(ReadError, match=r"expected a division named in at most 255 letters, found aaa.*300 letters"):
        opened(source)
    one = {"frame_dir": "a", "label": 0, "keypoint": np.ones((1, 2, 17, 2), np.float32)}
    (tmp_path / "a.pkl").write_bytes(pickle.dumps({"annotations": [one], "split": {"b" * 300 + "_train": ["a"]}}))
    with pytest.raises(ReadError, match=r"a\.pkl: expected a division named in at most 255 letters, found bbb"):
        reader("pyskl", tmp_path / "a.pkl")


@pytest.mark.parametrize("kind", ["i1", "u1", "i2", "f2"])
def test_a_clip_of_narrow_numbers_that_would_widen_to_many_times_the_file_is_refused(kind, tmp_path):
    np.save(tmp_path / "x.npy", np.ones((1, 500_000, 25, 3), kind))
    made = opened(tmp_path / "x.npy")
    item = made.find(made.source)[0]

    def refused() -> None:
        with pytest.raises(ReadError, match=r"x\.npy\[0\]: expected a clip of at most \d+ coordinates in a file of"):
            made.read(item)

    assert peak(refused) < 2**20


@pytest.mark.parametrize("kind", ["i1", "u2", "i4", "i8", "u8"])
def test_a_clip_of_whole_numbers_takes_no_more_than_twice_the_file_and_64_mb(kind, tmp_path):
    np.save(tmp_path / "x.npy", np.ones((1, 120_000, 25, 3), kind))
    made = opened(tmp_path / "x.npy")
    item = made.find(made.source)[0]
    assert peak(lambda: made.read(item)) < 2 * (tmp_path / "x.npy").stat().st_size + 2**26


def test_whole_numbers_are_rounded_once(tmp_path):
    # Between two of float32, a little above their middle: by way of float64 it would be rounded down to the even one.
    number = 2**60 + 2**36 + 1
    np.save(tmp_path / "x.npy", np.full((1, 2, 25, 3), number, np.int64))
    made = opened(tmp_path / "x.npy")
    got = made.read(made.find(made.source)[0]).joints
    assert (got == np.float32(2**60 + 2**37)).all()
    assert np.float32(np.float64(number)) == np.float32(2**60)


def listing(path: Path, members: int) -> None:
    """A zip archive whose list names one small member many times, by other names."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("S001C001P001R001A001.skeleton", "1\n0\n")
    whole = made.getvalue()
    start = whole.index(b"PK\x01\x02")
    entry = bytearray(whole[start : start + 46])
    entry[28:30] = struct.pack("<H", 29)
    entries = b"".join(
        bytes(entry) + f"S{n % 1000:03}C{n // 1000:03}P001R001A001.skeleton".encode() for n in range(members)
    )
    wide = struct.pack("<4sQHHIIQQQQ", b"PK\x06\x06", 44, 45, 45, 0, 0, members, members, len(entries), start)
    wide += struct.pack("<4sIQI", b"PK\x06\x07", 0, start + len(entries), 1)
    end = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, len(entries), start, 0)
    path.write_bytes(whole[:start] + entries + wide + end)


READ = """
import json, sys
from pathlib import Path
from skelact.data.readers import reader
from skelact.system.world import SkelactError
def memory(kind):
    (line,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(kind + ":"))
    return int(line.split()[1]) * 1024
made = reader("ntu")
made.find(Path(sys.argv[1]))
before = memory("VmRSS")
try:
    said = str(len(made.find(Path(sys.argv[2]))))
except SkelactError as error:
    said = str(error)
print(json.dumps([said, memory("VmHWM") - before]))
"""


@pytest.mark.parametrize("members", [50_000, 300_000])
def test_an_archive_with_a_list_of_hundreds_of_thousands_takes_no_more_than_twice_its_size_and_64_mb(members, tmp_path):
    listing(tmp_path / "few.zip", 3)
    listing(path := tmp_path / "a.zip", members)
    command = [sys.executable, "-c", READ, str(tmp_path / "few.zip"), str(path)]
    child = subprocess.run(command, capture_output=True, text=True, check=True, env=os.environ)
    said, taken = json.loads(child.stdout)
    if members < 10**5:
        assert said == str(members)
    else:
        assert said.startswith(f"{path}: not a readable zip archive: expected at most ")
        assert said.endswith(f"members in {path.stat().st_size} bytes, found {members}")
    assert taken < 2 * path.stat().st_size + 2**26

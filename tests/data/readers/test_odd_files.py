"""Files that are none, names that are no text, sizes that lie: refused by name, without waiting and without memory."""

import os
import re
import resource
import socket
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from reader_files import body, ntu_text, write
from test_passed_over import CLIPS, every, source_of

from skelact.data.prepare import prepare
from skelact.data.readers import reader
from skelact.data.readers.contents import SMALL
from skelact.data.recording import Item, ReadError
from skelact.data.store import Store
from skelact.system.world import SkelactError

NTU = CLIPS["ntu"]
OTHER = NTU[0].replace("P001", "P002")
pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes by name")


def make(kind: str, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if kind == "a pipe":
        os.mkfifo(path)
    elif kind == "a socket":
        here = os.getcwd()
        os.chdir(path.parent)  # the whole path may be longer than a socket's name
        with socket.socket(socket.AF_UNIX) as opened:
            opened.bind(path.name)
        os.chdir(here)
    elif kind == "a device":
        path.symlink_to("/dev/zero")
    else:
        path.symlink_to({"a link to itself": path.name, "a link to nowhere": "nowhere"}[kind])


KINDS = ("a pipe", "a socket", "a device", "a link to itself", "a link to nowhere")


def read_all(name: str, source: Path) -> None:
    made = reader(name, source)
    for item in made.find(source):
        made.read(item)


FOUND = {"a link to itself": "symbolic links", "a link to nowhere": "No such file"}


@pytest.mark.parametrize("kind", KINDS)
@every
def test_what_is_named_like_a_clip_but_is_no_file_is_refused_at_once(tmp_path, name, kind):
    source = source_of(name, tmp_path / "source")
    path = source / CLIPS[name][0]
    path.unlink()
    make(kind, path)
    with pytest.raises(ReadError, match=FOUND.get(kind, f"expected a file, found {kind}")) as error:
        read_all(name, source)
    assert str(path) in str(error.value)


@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize("kind", KINDS)
def test_what_is_no_file_can_be_left_out(tmp_path, kind, jobs):
    source = source_of("ntu", tmp_path / "source")
    make(kind, source / OTHER)
    (source / "link to a folder").symlink_to(source)
    summary = prepare(reader("ntu"), source, tmp_path / "store", skip_bad=True, jobs=jobs, frames=4, progress=False)
    assert summary.clips == 1
    (left,) = summary.left_out
    assert OTHER in left.reason
    assert FOUND.get(kind, f"expected a file, found {kind}") in left.reason


@pytest.mark.parametrize("kind", KINDS)
def test_a_source_or_a_list_that_is_no_file_is_refused_at_once(tmp_path, kind):
    make(kind, tmp_path / "odd")
    with pytest.raises(ReadError, match=re.escape(str(tmp_path / "odd"))):
        reader("ntu").find(tmp_path / "odd")
    recording = source_of("utkinect", tmp_path / "source")
    with pytest.raises(ReadError, match=re.escape(str(tmp_path / "odd"))):
        reader("utkinect", labels=tmp_path / "odd").find(recording)
    with pytest.raises(ReadError, match=re.escape(str(tmp_path / "odd"))):
        reader("pku", lists=(f"xsub={tmp_path / 'odd'}",)).find(recording)
    make(kind, tmp_path / "label/0002-L.txt")
    made = reader("pku", labels=tmp_path / "label")
    (found,) = made.find(write(tmp_path / "pku/0002-L.txt", CLIPS["pku"][1]).path)
    with pytest.raises(ReadError, match=r"0002-L\.txt"):
        made.read(found)


def test_a_folder_named_like_a_clip_is_a_folder(tmp_path):
    source = source_of("ntu", tmp_path / "source")
    write(source / OTHER / "S001C001P003R001A001.skeleton", NTU[1])
    assert [item.path.name for item in reader("ntu").find(source)] == [NTU[0], "S001C001P003R001A001.skeleton"]


def test_a_file_that_may_not_be_read_can_be_left_out(tmp_path, monkeypatch):
    source = source_of("ntu", tmp_path / "source")
    shut = write(source / OTHER, NTU[1]).path
    opened = Path.open

    def refuse(path, *how, **more):
        if path == shut:
            raise PermissionError(13, "Permission denied", str(path))
        return opened(path, *how, **more)

    monkeypatch.setattr(Path, "open", refuse)
    summary = prepare(reader("ntu"), source, tmp_path / "store", skip_bad=True, frames=4, progress=False)
    assert "Permission denied" in summary.left_out[0].reason


def test_names_of_files_that_are_no_text_are_escaped_wherever_they_are_written(tmp_path, capfd):
    # Bytes that are no UTF-8, a code that clears the screen, a line that is none of ours.
    folder = os.fsdecode(bytes(tmp_path) + b"/\xff\xfe\x1b[2J\nerror: no\xc3\xa4")
    source = source_of("ntu", Path(folder))
    write(source / OTHER, b"garbled")
    write(source / os.fsdecode(b"note\xff\x1b]0;x\x07.txt"), b"")
    prepare(reader("ntu"), source, tmp_path / "store", skip_bad=True, frames=4, jobs=2)
    store = Store.open(tmp_path / "store")
    assert store.verify() == []
    assert r"\udcff\udcfe\u001b[2J\u000aerror: noä" in store.meta.sources[0].path
    assert store.meta.log[0].parameters["passed_over"] == r"1 file: note\udcff\u001b]0;x\u0007.txt"
    assert "\x1b[2J" not in (tmp_path / "store/meta.json").read_text(encoding="utf-8")
    err = capfd.readouterr().err
    assert "\x1b]0" not in err
    assert "\x1b[2J" not in err
    with pytest.raises(SkelactError) as error:
        prepare(reader("ntu"), source, tmp_path / "again", frames=4, jobs=1, progress=False)
    assert "\x1b" not in str(error.value)
    assert "\nerror" not in str(error.value)
    str(error.value).encode()


@pytest.mark.parametrize("name", ["a\x1b[31mb.bvh", "a\x07b.bvh", os.fsdecode(b"a\xffb.bvh"), "a\u202eb.bvh"])
def test_a_clip_whose_name_a_terminal_would_obey_is_refused_with_the_name_escaped(tmp_path, name):
    source = source_of("bvh", tmp_path / "source")
    write(source / name, CLIPS["bvh"][1])
    made = reader("bvh", source)
    with pytest.raises(
        SkelactError, match=r"a\\(u001b|u0007|udcff|u202e).*: expected a clip name without control char"
    ):
        prepare(made, source, tmp_path / "store", frames=4, progress=False)
    summary = prepare(made, source, tmp_path / "store", frames=4, skip_bad=True, progress=False)
    assert summary.clips == 1
    assert summary.left_out[0].name.isprintable()


def test_a_bomb_and_members_whose_sizes_lie_take_no_memory(tmp_path):
    data = b"1\n" + b"0\n" * (16 * SMALL)
    for kind in (zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        with zipfile.ZipFile(tmp_path / f"bomb{kind}.zip", "w", kind) as archive:
            archive.writestr(NTU[0], data)
        lie = bytearray((tmp_path / f"bomb{kind}.zip").read_bytes())
        for mark, place in ((b"PK\x01\x02", 24), (b"PK\x03\x04", 22)):
            at = lie.index(mark) + place
            lie[at : at + 4] = (1000).to_bytes(4, "little")
        (tmp_path / f"lie{kind}.zip").write_bytes(lie)
    program = """
import resource, sys
from pathlib import Path
from skelact.data.readers import reader
from skelact.data.recording import ReadError
def peak():
    return int(next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1])
before = peak()
for path in sys.argv[1:]:
    (item,) = reader("ntu").find(Path(path))
    try:
        reader("ntu").read(item)
    except ReadError as error:
        assert path in str(error)
        print(str(error).partition(": ")[2])
print((peak() - before) // 1024)
"""
    paths = sorted(map(str, tmp_path.glob("*.zip")))
    done = subprocess.run([sys.executable, "-c", program, *paths], capture_output=True, text=True, check=True)
    *told, megabytes = done.stdout.splitlines()
    assert len(told) == 6
    assert all("times its packed size" in line for line in told[:3])
    assert all("cannot be read" in line for line in told[3:])
    assert int(megabytes) < 16


def test_a_member_of_another_kind_of_packing_is_read_whole(tmp_path):
    text = ntu_text([[(1, body(1, 1, 25, frame)[0, 0])] for frame in range(40)])
    for kind in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        with zipfile.ZipFile(tmp_path / f"{kind}.zip", "w", kind) as archive:
            archive.writestr(NTU[0], text)
        got = reader("ntu").read(Item(tmp_path / f"{kind}.zip", NTU[0]))
        assert (got.joints == reader("ntu").read(write(tmp_path / NTU[0], text)).joints).all()


@pytest.mark.parametrize("native", ["1", "0"])
def test_counts_of_ntu_claim_no_more_memory_than_the_text_can_fill(tmp_path, monkeypatch, native):
    monkeypatch.setenv("SKELACT_NATIVE", native)
    joint = b"0 0 1" + b" 0" * 9 + b"\n"
    crowd = b"32\n" + b"".join(b"%d" % number + b" 0" * 9 + b"\n25\n" + joint * 25 for number in range(32))
    empty = 20_000
    item = write(tmp_path / NTU[0], b"%d\n" % (empty + 1) + b"0\n" * empty + crowd)
    limit = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(ReadError, match="expected bodies in most frames, found 32 in 20001 frames with up to 32 side"):
        reader("ntu").read(item)
    # Joints of all slots would take 190 MB.
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - limit < 100 * 1024
    few = write(tmp_path / NTU[0], b"101\n" + b"0\n" * 100 + crowd)
    assert reader("ntu").read(few).joints.shape == (101, 32, 25, 3)

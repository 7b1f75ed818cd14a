"""A table of clips beside arrays and BVH files: what a spreadsheet tells of them."""

from pathlib import Path

import numpy as np
import pytest
from bvh_files import bvh
from reader_files import body

from skelact.data.prepare import prepare
from skelact.data.readers import reader
from skelact.data.recording import ReadError
from skelact.data.store import Store

COLUMNS = ("action", "subject", "camera", "setup", "repetition")


def arrays(tmp_path: Path, text: str | bytes, **told):
    """The reader of four clips named a to d beside a table."""
    np.savez(tmp_path / "x.npz", x=np.stack([body(2, 1, 25, clip) for clip in range(4)]), names=[*"abcd"], **told)
    table = tmp_path / "clips.csv"
    table.write_bytes(text if isinstance(text, bytes) else text.encode())
    return reader("arrays", tmp_path / "x.npz", axes="ntmvc", skeleton="kinect_v2", table=table)


def column(made, name: str) -> list[int]:
    return [getattr(made.read(item), name) for item in made.find(made.source)]


def test_numbers_of_a_table_are_kept_and_clips_without_a_line_are_unknown(tmp_path):
    made = arrays(tmp_path, "name,action,subject,camera,setup,repetition\nc,1,7,2,0,3\na,0,,-1,5,1\n")
    assert [column(made, name) for name in COLUMNS] == [
        [0, -1, 1, -1],
        [-1, -1, 7, -1],
        [-1, -1, 2, -1],
        [5, -1, 0, -1],
        [1, -1, 3, -1],
    ]
    assert made.classes == ("class 0", "class 1")
    assert made.notes == ("2 of 4 clips have no line in clips.csv",)


@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_words_are_numbered_in_order_of_the_alphabet_whatever_divides_the_cells(tmp_path, mark):
    rows = ["Name,Label,Subject", "d,sit,zoë", "", "b, kick ,ann", "a,sit,", "c,,ann"]
    made = arrays(tmp_path, b"\xef\xbb\xbf" + "\r\n".join(rows).replace(",", mark).encode())
    assert made.classes == ("kick", "sit")
    assert column(made, "action") == [1, 0, -1, 1]
    assert column(made, "subject") == [-1, 0, 0, 1]
    assert made.named == (("subject", ("ann", "zoë")),)


def test_a_table_goes_before_the_arrays_and_leaves_the_columns_that_it_lacks(tmp_path):
    told = {
        "labels": [1, 1, 1, 1],
        "subjects": ["p", "q", "p", "q"],
        "cameras": [3, 3, 3, 4],
        "classes": ["up", "down"],
    }
    made = arrays(tmp_path, "name,subject,action\na,ann,up\nb,ben,down\nc,ann,down\nd,ben,up\n", **told)
    assert column(made, "subject") == [0, 1, 0, 1]
    assert column(made, "camera") == [3, 3, 3, 4]
    assert column(made, "action") == [0, 1, 1, 0]
    assert made.named == (("subject", ("ann", "ben")),)


def test_a_bvh_folder_with_a_table_becomes_a_store_that_knows_the_table(tmp_path):
    (tmp_path / "in").mkdir()
    for name in ("one", "two"):
        (tmp_path / "in" / f"{name}.bvh").write_bytes(bvh(" hips 0 90 0\n  head 0 60 0\n", ["1 2 3", "2 3 4"]))
    table = tmp_path / "clips.csv"
    table.write_text("name,label,subject\none.bvh,walk,ann\ntwo,run,ben\n")
    made = reader("bvh", tmp_path / "in", table=table, pattern=r"(?P<action>o)(?P<camera>n?)")
    prepare(made, tmp_path / "in", tmp_path / "store", frames=4, progress=False)
    store = Store.open(tmp_path / "store")
    assert store.classes == ("run", "walk")
    assert store.table["action"].tolist() == [1, 0]
    assert store.table["subject"].tolist() == [0, 1]
    assert store.meta.log[0].parameters["subject names"] == ["ann", "ben"]
    assert store.meta.log[0].parameters["table"] == str(table)
    assert str(table) in (tmp_path / "store" / "sources.csv").read_text()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("name,subject\na,1\nnobody,2\n", r"clips.csv:3: expected the name of a clip, such as a, found 'nobody'"),
        ("name,subject\na,1\n\na,2\n", r"clips.csv:4: expected one line for each clip, and a is in line 2"),
        ("name,subject\na,1,2\n", r"clips.csv:2: expected 2 cells as in the first line, found 3"),
        ("name,person\na,1\n", r"clips.csv:1: expected columns name, and any of action .*, found 'name, person'"),
        ("name,action,label\na,1,1\n", r"clips.csv:1: expected columns .* each once"),
        ("name\na\n", r"clips.csv:1: expected columns"),
        ("", r"clips.csv:1: expected columns"),
        ("name,action\na,999999999\n", r"expected classes below 10000 in 4 clips without --classes, found 999999999"),
        (b"name,action\na,\xff\n", r"clips.csv: cannot be read as a table in UTF-8"),
        ("name,subject\na,\x1b[31m\n", r"subject that can be printed"),
        ('name,subject\na,"1\n', r"cannot be read as a table"),
    ],
)
def test_a_table_that_does_not_fit_is_refused_by_line(tmp_path, text, told):
    with pytest.raises(ReadError, match=told):
        arrays(tmp_path, text)


def test_an_action_that_is_none_of_the_told_classes_is_refused_by_line(tmp_path):
    with pytest.raises(ReadError, match=r"clips.csv:3: expected one of the 2 classes as action, found 'sideways'"):
        arrays(tmp_path, "name,action\na,up\nb,sideways\n", classes=["up", "down"])

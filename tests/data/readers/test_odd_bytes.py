"""Letters that programs take for a space or a line end now and then, in every text that a reader reads."""

import pytest
from reader_files import body, ntu_text, sbu_text, ucla_text, write
from test_passed_over import CLIPS

from skelact.data.prepare import names_on_list, prepare
from skelact.data.readers import reader
from skelact.data.readers.lines import lines_of
from skelact.data.readers.lists import division_file
from skelact.data.recording import Item, ReadError

ODD = {
    "vertical tab": b"\x0b",
    "form feed": b"\x0c",
    "nothing": b"\0",
    "file separator": b"\x1c",
    "unit separator": b"\x1f",
    "carriage return": b"\r",
    "next line": "\x85".encode(),
    "line separator": "\u2028".encode(),
    "no-break space": "\xa0".encode(),
    "Arabic digit": "\u0663".encode(),
    "wide digit": "\uff13".encode(),
    "latin-1": b"\xb2",
    "escape": b"\x1b[31m",
}
TEXTS = ("ntu", "ucla", "sbu", "pku", "msr", "kard", "utkinect", "florence")
NTU = ntu_text([[(1, body(1, 1, 25)[0, 0])]] * 3)


def damaged(name: str, odd: bytes) -> tuple[str, bytes, int]:
    """A clip's name and text with the letters within the last word of a line, and the number of that line."""
    path, data, _ = CLIPS[name]
    if name == "ucla":
        return path, data.replace(b", ", odd + b", ", 1), 1
    lines = data.split(b"\n")
    place = {"ntu": 4, "msr": 7, "kard": 7}.get(name, 1)
    head, space, tail = lines[place].rpartition(b"," if name == "sbu" else b" ")
    lines[place] = head + space + b"1" + odd + tail
    return path, b"\n".join(lines), place + 1


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
@pytest.mark.parametrize("name", TEXTS)
def test_an_odd_letter_in_a_number_is_told_with_its_line_and_not_printed(tmp_path, name, odd):
    path, data, line = damaged(name, odd)
    item = write(tmp_path / path, data)
    write(tmp_path / "actionLabel.txt", b"s01_e01\nwalk: 1 1\n")
    made = reader(name)
    (found,) = made.find(item.path) if name != "florence" else [Item(item.path, part="001")]
    if (name, odd) == ("ucla", b"\r"):  # JSON's numbers may have one behind them, as a space
        assert made.read(found).joints.shape == (2, 1, 20, 3)
        return
    with pytest.raises(ReadError) as error:
        made.read(found)
    # Of JSON the number of the line is the decoder's own, and bytes that are no text have none.
    assert str(error.value).startswith(f"{item.path}:" if name == "ucla" else f"{item.path}:{line}: expected ")
    assert "\x1b" not in str(error.value)


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
def test_an_odd_letter_in_one_file_leaves_the_others_readable(tmp_path, odd):
    write(tmp_path / "source/a01_s01_e01_skeleton3D.txt", CLIPS["msr"][1])
    path, data, line = damaged("msr", odd)
    write(tmp_path / "source" / path.replace("s01", "s02"), data)
    made = reader("msr")
    summary = prepare(made, tmp_path / "source", tmp_path / "store", frames=4, skip_bad=True, progress=False)
    (left,) = summary.left_out
    assert f"a01_s02_e01_skeleton3D.txt:{line}: expected a number, found " in left.reason
    assert summary.clips == 1


def test_lines_are_those_that_an_editor_counts():
    assert lines_of(b"a\nb\r\nc") == [b"a", b"b", b"c"]
    assert lines_of(b"a\rb\r") == [b"a", b"b"]
    assert lines_of(b"a\x0bb\x0c\x1cc\rd\ne\n\n") == [b"a\x0bb\x0c\x1cc\rd", b"e"]
    assert lines_of(b"\xef\xbb\xbf1 2\n") == [b"1 2"]
    assert lines_of(b"") == lines_of(b"\xef\xbb\xbf") == lines_of(b" \n\r\n") == []


@pytest.mark.parametrize("name", [name for name in TEXTS if name != "ucla"])
def test_a_byte_order_mark_and_line_ends_of_other_systems_change_no_number(tmp_path, name):
    path, data, _ = CLIPS[name]
    write(tmp_path / "actionLabel.txt", b"s01_e01\nwalk: 1 1\n")
    read = []
    for number, text in enumerate((data, b"\xef\xbb\xbf" + data, data.replace(b"\n", b"\r"))):
        item = write(tmp_path / str(number) / path, text)
        write(tmp_path / str(number) / "actionLabel.txt", b"s01_e01\nwalk: 1 1\n")
        (found,) = reader(name).find(item.path)
        read.append(reader(name).read(found).joints.tobytes())
    assert read[0] == read[1] == read[2]


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
def test_odd_letters_in_labels_and_lists_are_told_with_their_line(tmp_path, odd):
    labels = write(tmp_path / "labels.txt", b"s01_e01\nwalk: 1" + odd + b"2 3\n").path
    recording = write(tmp_path / "joints_s01_e01.txt", CLIPS["utkinect"][1]).path
    with pytest.raises(ReadError, match=r"labels\.txt:2: expected a line s01_e01, or word: first last"):
        reader("utkinect", labels=labels).find(recording)

    write(tmp_path / "label/0002-L.txt", b"1,0,2,1\n1,0," + odd + b"2,1\n")
    made = reader("pku", labels=tmp_path / "label")
    found = made.find(write(tmp_path / "0002-L.txt", CLIPS["pku"][1]).path)
    assert len(found) == 2
    with pytest.raises(ReadError, match=r"0002-L\.txt:2: expected class,start,end,confidence"):
        made.read(found[1])

    lists = write(tmp_path / "list.txt", b"# " + odd + b"\nTraining videos:\na\n").path
    with pytest.raises(ReadError, match=r"list\.txt(:1: expected `Training videos:`|: cannot be read as a list)"):
        division_file(lists)


def test_a_list_of_names_to_leave_out_has_the_lines_of_the_file(tmp_path):
    path = write(tmp_path / "list", "one\r\n two \nthree\x0bfour\nfive\u2028six\n".encode()).path
    assert names_on_list(path) == {"one", "two", "three\x0bfour", "five\u2028six"}


def test_ntu_is_read_the_same_with_and_without_native_code_whatever_the_letters(tmp_path, monkeypatch):
    for number, odd in enumerate(ODD.values()):
        item = Item(
            write(tmp_path / str(number) / CLIPS["ntu"][0], NTU.replace(b" 519 ", b" 5" + odd + b"19 ", 1)).path
        )
        told = []
        for native in ("1", "0"):
            monkeypatch.setenv("SKELACT_NATIVE", native)
            with pytest.raises(ReadError) as error:
                reader("ntu").read(item)
            told.append(str(error.value))
        assert told[0] == told[1]


def test_sbu_has_commas_between_numbers_and_nothing_else_around_them(tmp_path):
    text = sbu_text(body(2, 2, 15))
    item = write(tmp_path / CLIPS["sbu"][0], text.replace(b",", b",\x0b", 1))
    with pytest.raises(ReadError, match=r":1: expected a number, found "):
        reader("sbu").read(item)
    assert reader("sbu").read(write(item.path, text.replace(b",", b" ,\t"))).joints.shape == (2, 2, 15, 3)


def test_json_of_wrong_types_digits_without_end_and_depth_is_refused_by_name(tmp_path):
    name = "a01_s01_e00_v01"
    valid = ucla_text(name, body(2, 1, 20)[:, 0]).decode()
    deep = "[" * 900 + "]" * 900
    for text in (
        *(valid.replace('"skeletons": [[', f'"skeletons": [[{odd}, ', 1) for odd in (deep, "9" * 5000, "1e999", "NaN")),
        valid.replace(f'"{name}"', deep),
        valid.replace(f'"{name}"', "9" * 4000),
        '{"skeletons": {"0": []}}',
        "[" * 10**6,
        '"\\ud800"',
        "NaN",
    ):
        item = write(tmp_path / f"{name}.json", text.encode())
        with pytest.raises(ReadError, match=f"{name}.json") as error:
            reader("ucla").read(item)
        assert len(str(error.value)) < 500

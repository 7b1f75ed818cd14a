"""Text of strangers on the terminal, errors as sentences, and how the command ends when it is stopped."""

import io
import json
import os
import re
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import torch
from rich.table import Table
from rich.text import Text

import tiny
from skelact import __main__ as program
from skelact.cli import main
from skelact.cli.errors import sentence
from skelact.cli.shared import err
from skelact.system.terminal import Terminal, cell, shown

SKELACT = [sys.executable, "-m", "skelact"]
NASTY = ":fire: \x1b[2J\x1b]0;title\x07 \x9b31m back\r\x08 turn\u202ened \udcff [red]loud[/red] [/none]"
SEEN = r":fire: \u001b[2J\u001b]0;title\u0007 \u009b31m back\u000d\u0008 turn\u202ened \udcff [red]loud[/red] [/none]"


def test_what_would_steer_a_terminal_is_shown_by_its_number():
    assert shown(NASTY) == SEEN
    assert json.loads(f'"{shown(NASTY)}"') == NASTY  # the same text where JSON is read
    for plain in ("café 日本語 ± §\t\n", "".join(map(chr, range(32, 127))), "👩‍🚒"):
        assert shown(plain) == plain


@pytest.mark.parametrize("made", [Text, str, lambda text: Table(text, title=text)], ids=["text", "words", "table"])
def test_the_console_shows_names_as_they_are_and_keeps_its_own_colours(made):
    out = io.StringIO()
    console = Terminal(file=out, force_terminal=True, markup=False, highlight=False, width=300, color_system="standard")
    name = NASTY.replace("\x07", "").replace("\r\x08", "")  # of these rich leaves nothing
    console.print(made(name))
    console.print("mine", style="red")
    seen = out.getvalue()
    assert "\x1b[31mmine\x1b[0m" in seen
    assert shown(name) in seen
    assert set(re.findall("\x1b[^m]*m", seen)) <= {"\x1b[31m", "\x1b[0m", "\x1b[1m", "\x1b[3m"}
    assert not re.search("[\x80-\x9f\u202e\udc80-\udcff]", seen)


@pytest.mark.parametrize("markup", [True, False])
def test_brackets_in_a_cell_are_neither_markup_nor_escaped_for_it(markup):
    out = io.StringIO()
    table = Table(title=cell("st[b]ore", "table.title"))
    table.add_column(cell("[b]head"))
    table.add_row(cell("[/none]"))
    Terminal(file=out, markup=markup, width=60).print(table)
    assert all(text in out.getvalue() for text in ("[b]head", "st[b]ore", "[/none]"))
    assert "\\[" not in out.getvalue()


def test_an_error_with_hostile_text_is_one_line_without_markup_or_codes(tmp_path, capsys):
    assert main(["info", str(tmp_path / "a[red]b\x1b[31mc\udc80")]) == 1
    text = capsys.readouterr().err
    assert r"a[red]b\u001b[31mc\udc80: no such folder" in text
    assert text.count("\n") == 1


def test_class_names_with_escape_codes_do_not_reach_the_terminal(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(tiny, "CLASSES", ("wave\x1b[31m", "bow", "[/none]"))
    store = tiny.store(tmp_path / "st[b]ore").path
    assert main(["info", str(store)]) == 0
    out = capsys.readouterr().out
    assert r"wave\u001b[31m" in out
    assert "[/none]" in out
    assert "\x1b" not in out


def too_much() -> None:
    np.zeros(2**60, np.uint8)


def too_much_of_torch() -> None:
    torch.empty(2**60, dtype=torch.uint8)


def too_deep() -> None:
    too_deep()


def onto_full_disk() -> None:
    torch.save({"a": torch.zeros(10**6)}, "/dev/full")


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (too_much, "not enough memory"),
        (too_much_of_torch, "not enough memory"),
        (too_deep, "nested too deeply"),
        pytest.param(
            onto_full_disk,
            "disk full|No space left",
            marks=pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full"),
        ),
    ],
)
def test_memory_depth_and_a_full_disk_are_one_sentence_and_status_1(fault, words, monkeypatch, capsys):
    monkeypatch.setattr("skelact.data.store.Store.open", lambda *_: fault())
    assert main(["info", "store"]) == 1
    text = capsys.readouterr().err
    assert text.startswith("error: ")
    assert re.search(words, text)
    assert text.count("\n") == 1


def test_an_error_of_this_program_keeps_its_traceback(monkeypatch):
    monkeypatch.setattr("skelact.data.store.Store.open", lambda *_: {}["nothing"])
    with pytest.raises(KeyError):
        main(["info", "store"])
    assert sentence(RuntimeError("mat1 and mat2 shapes cannot be multiplied")) is None


def loop(folder):
    (folder / "loop").symlink_to("loop")
    return folder / "loop"


def closed(folder):
    (folder / "closed").mkdir(mode=0)
    return folder / "closed" / "x"


def below_a_file(folder):
    (folder / "file").write_text("")
    return folder / "file" / "x"


PLACES = {
    "a link to itself": loop,
    "a name too long": lambda folder: folder / ("n" * 300),
    "a path too long": lambda folder: folder / "/".join(["n" * 200] * 30),
    "a folder": lambda folder: folder,
    "below a file": below_a_file,
    "not allowed": closed,
}
COMMANDS = {
    "info": ["info", "{}"],
    "verify": ["verify", "{}"],
    "synthesize": ["synthesize", "--out", "{}", "--clips", "24", "--classes", "2", "--subjects", "2", "--cameras", "2"],
    "prepare": ["prepare", "ntu", "{}", "--out", "store"],
    "prepare out": ["prepare", "ntu", "{file}", "--out", "{}"],
    "pretrain": ["pretrain", "aimclr-small", "--store", "{}", "--split", "xsub", "--run", "run"],
    "evaluate": ["evaluate", "knn", "{}", "--store", "{}", "--split", "xsub"],
    "import-weights": ["import-weights", "{}", "--out", "encoder.safetensors"],
    "classify": ["classify", "{}", "{}", "--format", "ntu"],
    "embed": ["embed", "{}", "--store", "{}", "--out", "features.npz"],
    "fuse": ["fuse", "{}", "{}"],
    "report": ["report", "{}"],
}


@pytest.mark.parametrize("place", PLACES)
def test_every_command_answers_what_the_system_refuses_by_one_sentence(place, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    path = PLACES[place](tmp_path)
    raw = tmp_path / "S001C001P001R001A001.skeleton"
    raw.write_text("0\n")
    answers = {}
    for name, words in COMMANDS.items():
        status = main([word.replace("{file}", str(raw)).replace("{}", str(path)) for word in words])
        answers[name] = (status, capsys.readouterr().err)
    for name, (status, text) in answers.items():
        if (name, status) in (("synthesize", 0), ("pretrain", 0)):
            continue  # root may write everywhere, and then train on what was written
        assert status == 1, (name, text)
        assert "error: " in text, name
        assert "Traceback" not in text, name


@pytest.mark.parametrize("words", ["--help", "pretrain aimclr --help", "info {}"])
def test_a_reader_who_has_gone_ends_the_command_in_silence(words, tmp_path):
    store = tiny.store(tmp_path / "five").path
    arguments = words.replace("{}", str(store)).split()
    reading, writing = os.pipe()
    os.close(reading)
    ended = subprocess.run([*SKELACT, *arguments], stdout=writing, stderr=subprocess.PIPE)
    os.close(writing)
    assert (ended.returncode, ended.stderr) == (141, b"")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full")
def test_an_output_that_is_full_is_one_sentence():
    with open("/dev/full", "wb") as full:
        ended = subprocess.run([*SKELACT, "--help"], stdout=full, stderr=subprocess.PIPE)
    assert ended.returncode == 1
    assert re.fullmatch(rb"error: .*No space left on device\n", ended.stderr)


# Stands for a library that takes long to import and makes another error, or none, of what is raised meanwhile.
SLOW_MODULE = """
import time, sys
print("importing", flush=True)
try:
    time.sleep(30)
except BaseException as error:
    raise RuntimeError("half imported") from error
"""


def test_ctrl_c_while_modules_are_imported_ends_with_130_and_not_a_word(tmp_path):
    (tmp_path / "rich.py").write_text(SLOW_MODULE)
    there = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])}
    with subprocess.Popen([*SKELACT, "--help"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=there) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"importing\n"
        time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        out, text = process.communicate(timeout=20)
    assert (process.returncode, out, text) == (130, b"", b"")


def test_ctrl_c_elsewhere_is_130_too(monkeypatch, capsys):
    def pressed(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("skelact.data.store.Store.open", pressed)
    assert main(["info", "store"]) == 130
    assert capsys.readouterr() == ("", "")
    monkeypatch.setattr("skelact.cli.main", pressed)
    before = signal.getsignal(signal.SIGINT)
    try:
        assert program.main() == 130
    finally:
        signal.signal(signal.SIGINT, before)


def test_messages_go_to_a_console_that_shows_and_does_not_obey():
    assert isinstance(err, Terminal)
    assert err.stderr

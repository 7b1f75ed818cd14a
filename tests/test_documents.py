"""Every Python block of README.md and docs/, run as it is printed: those of a page in order, in one namespace.

A block under a line that names a file is that file. A line `print(...)  # text` prints that text, in which `...` may be
anything, and so does a block that is followed by "prints `text`".
"""

import re
import shlex
import sys
from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from inspect import currentframe
from pathlib import Path
from typing import Any

import pytest

import skelact
from skelact.cli import main

ROOT = Path(__file__).resolve().parents[1]
BLOCK = re.compile(
    r"^(?:`(?P<file>[\w/.]+)`:\n)?```(?P<language>\w+)\n(?P<code>.*?)^```$(?=(?P<after>\n?[^\n]*))", re.M | re.S
)
COMMENT = re.compile(r"^\s*print\(.*\)  # (?P<text>.*)$")
WITH_COMMANDS = ("docs/data.md", "docs/own-data.md")
"""Pages whose commands make what their Python blocks read."""


def _run_with_attention() -> None:
    people = skelact.synthesize("people", clips=24, classes=2, subjects=2, cameras=2, frames=32, progress=False)
    small = {"encoder": {"width": 2, "features": 16}, "epochs": 1, "batch": 12, "progress": False}
    skelact.pretrain("skeattnclr-small", people, "runs/small", split="xview", **small)


MADE_BEFORE: dict[str, Callable[[], None]] = {"docs/methods/skeattnclr.md": _run_with_attention}
"""What the blocks of a page read, where making it as the page's commands do takes too long."""


@dataclass(frozen=True)
class Block:
    """A block of code on a page."""

    page: str
    line: int
    file: str
    language: str
    code: str
    prints: str


def blocks(page: str) -> list[Block]:
    """The blocks of a page, in order."""
    text = (ROOT / page).read_text(encoding="utf-8")
    made = []
    for found in BLOCK.finditer(text):
        line = text.count("\n", 0, found.start("code"))
        told = re.match(r"\nprints `(.*?)`", found["after"])
        made.append(Block(page, line, found["file"] or "", found["language"], found["code"], told[1] if told else ""))
    return made


PAGES = [str(file.relative_to(ROOT)) for file in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))]
WITH_PYTHON = [page for page in PAGES if any(block.language == "python" for block in blocks(page))]


def run(block: Block, namespace: dict[str, Any]) -> None:
    """Run a Python block; AssertionError where it prints something else than it says."""
    lines, printed = block.code.splitlines(), []

    def noted(*values: object) -> None:
        frame = currentframe()
        assert frame is not None
        assert frame.f_back is not None
        line, text = frame.f_back.f_lineno, " ".join(map(str, values))
        printed.append(text)
        told = COMMENT.match(lines[line - 1])
        assert not told or matches(text, told["text"]), f"{block.page}:{block.line + line}: printed {text}"

    namespace["print"] = noted
    exec(compile(block.code, f"{block.page}:{block.line}", "exec"), namespace)
    if block.prints:
        assert "\n".join(printed) == block.prints


def matches(text: str, told: str) -> bool:
    """Whether a text is what was told, in which `...` is anything."""
    return fnmatchcase(text, re.sub(r"[\[\]?*]", lambda found: f"[{found[0]}]", told).replace("...", "*"))


@pytest.mark.parametrize("page", WITH_PYTHON)
def test_the_python_blocks_of_a_page_run_as_they_are_printed(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    modules = set(sys.modules)
    MADE_BEFORE.get(page, lambda: None)()
    namespace: dict[str, Any] = {"__name__": "__main__"}
    for block in blocks(page):
        if block.file.startswith("src/"):
            continue  # a part of skelact that does not exist: tests/test_adding_a_method.py puts it there
        if block.file:
            Path(block.file).write_text(block.code, encoding="utf-8")
        elif block.language == "python":
            run(block, namespace)
        elif block.language == "bash" and page in WITH_COMMANDS:
            for line in block.code.splitlines():
                assert main(shlex.split(line, comments=True)[1:]) == 0, f"{page}:{block.line}: {line}"
    for name in set(sys.modules) - modules:
        if str(tmp_path) in str(getattr(sys.modules[name], "__file__", "")):
            monkeypatch.delitem(sys.modules, name)


@pytest.mark.parametrize(("told", "right"), [("[1, 2]", True), ("[1, ...", True), ("[1, 3]", False), ("[1", False)])
def test_what_a_block_prints_is_held_against_what_it_says(told, right):
    for code, prints in ((f"x = [1, 2]\nprint(x)  # {told}\n", ""), ("print([1, 2])\n", told.replace("...", "2]"))):
        block = Block("page", 1, "", "python", code, prints)
        if right:
            run(block, {})
        else:
            with pytest.raises(AssertionError):
                run(block, {})


def test_only_the_example_of_a_method_is_left_to_its_own_test():
    left = [(block.page, block.file) for page in PAGES for block in blocks(page) if block.file.startswith("src/")]
    assert left == [("docs/training.md", "src/skelact/methods/rebuild.py")]


def test_every_fence_of_a_page_is_found_with_its_language():
    for page in PAGES:
        fences = re.findall(r"^ *```(.*)$", (ROOT / page).read_text(encoding="utf-8"), re.MULTILINE)
        assert [fence for fence in fences if fence] == [block.language for block in blocks(page)], page


def test_the_page_about_python_tells_every_name():
    table = re.findall(r"^\| \[`(\w+)`\]", (ROOT / "docs/python.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(table) == sorted(skelact.__all__)

"""What messages and documents tell a user to type exists: commands, recipes, protocols, flags, targets of make."""

import ast
import contextlib
import io
import re
from pathlib import Path

import pytest

from skelact.cli import COMMANDS, main
from skelact.cli.evaluation import evaluations
from skelact.cli.flags import OLD_OPTIONS
from skelact.recipes import RECIPES

ROOT = Path(__file__).parent.parent
FLAG = r"(?<![\w-])--[a-z][a-z0-9.-]*[a-z0-9]"
AN_EXAMPLE = {"pretrain rebuild"}
"""The recipe that docs/training.md shows how to add."""


@pytest.fixture(scope="module")
def flags() -> dict[str, set[str]]:
    """The flags of every command, by its help."""
    found = {}
    for words in [
        *COMMANDS,
        *(f"pretrain {name}" for name in RECIPES),
        "pretrain skeletonclr --then skeletonclr",
        *(f"evaluate {name}" for name in evaluations()),
    ]:
        out = io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.suppress(SystemExit):
            main([*words.split(), "--help"])
        found[words] = {*re.findall(FLAG, out.getvalue()), "--help"}
    return found


def texts(file: Path) -> list[str]:
    """The texts in a module, whole."""
    return [
        node.value
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]


def test_messages_name_flags_that_there_are(flags):
    known = {"--version", *OLD_OPTIONS}.union(*flags.values())
    unknown = [
        (file.name, flag)
        for file in (ROOT / "src").rglob("*.py")
        for text in texts(file)
        for flag in re.findall(FLAG, text)
        if flag not in known
    ]
    assert unknown == []


def test_messages_and_documents_name_commands_and_targets_that_there_are(flags):
    pages = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    told = [text for file in (ROOT / "src").rglob("*.py") for text in texts(file)]
    shown = [file.read_text(encoding="utf-8") for file in pages]
    typed = [
        line
        for page in shown
        for line in re.findall(r"(?:^|`|\$ |-- )(skelact [^`\n]*)", page, re.M)
        if "[" not in line
    ]
    typed += [line for text in told for line in re.findall(r"`(skelact [^`]*)`", text)]
    assert len(typed) > 50
    for line in typed:
        words = line.split()[1:] or ["--help"]
        first = " ".join(words[: 2 if words[0] in ("pretrain", "evaluate") else 1])
        if first in AN_EXAMPLE or not words[0].islower() or "..." in first:
            continue
        name = first if first in flags else words[0]
        assert name in flags or name.startswith("-"), line
        if name == first and name in flags:
            assert set(re.findall(FLAG, line)) <= flags[name], line
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.M))
    assert {name for text in shown + told for name in re.findall(r"`make ([a-z]+)", text)} <= targets


def test_what_pip_is_told_to_install_is_in_an_index_under_that_name():
    """skelact itself is in none, so neither it nor its extras can be advised."""
    advised = [
        line.split()
        for file in (ROOT / "src").rglob("*.py")
        for text in texts(file)
        for line in re.findall(r"pip install ([^)`;:]*)", text)
    ]
    assert advised
    assert all(word == "tensorboard" for words in advised for word in words)

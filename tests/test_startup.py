"""What the command line imports before it has something to compute, and how long it takes to answer."""

import json
import os
import resource
import subprocess
import sys

import pytest

from skelact.cli import COMMANDS
from skelact.cli.evaluation import evaluations
from skelact.maths.eadm import KEEP_MARGIN
from skelact.recipes import RECIPES

HEAVY = ("torch", "scipy", "sklearn", "plotly", "numpy", "safetensors", "jaxtyping")
HELPS = [
    *([command, "--help"] for command in COMMANDS),
    *(["pretrain", recipe, "--help"] for recipe in RECIPES),
    *(["evaluate", protocol, "--help"] for protocol in evaluations()),
]
MISTAKES = [
    [],
    ["--help"],
    ["--version"],
    ["train"],
    ["prepare", "ntu", "--out"],
    ["prepare", "ntu", "raw", "--out", "store", "--nonsense", "1"],
    ["prepare", "nut", "raw", "--out", "store"],
    ["pretrain"],
    ["pretrain", "simclr"],
    ["pretrain", "aimclr"],
    ["pretrain", "aimclr", "--store", "a", "--split", "b", "--run", "c", "--batch", "0"],
    ["pretrain", "aimclr", "--store", "a", "--split", "b", "--run", "c", "--method.temperature", "-1"],
    ["pretrain", "aimclr", "--store", "a", "--split", "b", "--run", "c", "--method.views", "normal"],
    ["pretrain", "aimclr", "--run", "c"],
    ["evaluate", "knn", "run", "--store", "a", "--split", "b", "--k", "0"],
    ["evaluate", "all", "run"],
    ["evaluate", "linear", "run", "--store", "a", "--split", "b", "--seeds", "0"],
    ["prepare", "ntu", "raw", "--out", "store", "--frames", "0"],
    ["import-weights", "a.pt", "--out", "b", "--persons", "0"],
    ["classify", "a", "b", "--format", "ntu", "--top", "0"],
    ["bench", "steps"],
    ["bench", "--clips", "0"],
    ["reproduce", "aimclr-table99", "--store", "a"],
    ["reproduce", "aimclr-table1", "--store", "a", "--epochs", "10", "0"],
]
PROGRAM = """
import contextlib, io, json, sys
from skelact.cli import main
answered = []
for arguments in json.loads(sys.argv[1]):
    with contextlib.redirect_stdout(io.StringIO()):
        try:
            status = main(arguments)
        except SystemExit as exit:
            status = exit.code
    answered.append([status, sorted({name.split(".")[0] for name in sys.modules} & set(json.loads(sys.argv[2])))])
print(json.dumps(answered))
"""


@pytest.mark.parametrize("lines", [HELPS, MISTAKES], ids=["help", "mistakes"])
def test_help_and_mistakes_are_answered_without_importing_what_computes(lines):
    """All in one process, so that what one of them imported would still be there after the last."""
    program = [sys.executable, "-c", PROGRAM, json.dumps(lines), json.dumps(HEAVY)]
    ended = subprocess.run(program, capture_output=True, text=True, check=True)
    answered = json.loads(ended.stdout)
    assert [(line, found) for line, (_, found) in zip(lines, answered, strict=True) if found] == []
    well = [line for line, (status, _) in zip(lines, answered, strict=True) if status == 0]
    assert well == (lines if lines is HELPS else [["--help"], ["--version"]])


@pytest.mark.parametrize("words", ["--help", "pretrain aimclr --help", "evaluate all --help", "prepare ntu --nonsense"])
def test_an_answer_takes_little_of_a_processors_time(words):
    """Half a second on an idle machine; five times as much is allowed to a busy one."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-m", "skelact", *words.split()], capture_output=True, env=os.environ)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 2.5


def test_the_margin_of_eadm_that_the_configuration_tells_is_that_of_its_formula():
    """Written twice, as a configuration imports nothing that computes."""
    assert RECIPES["aimclr"]().method.keep_margin == KEEP_MARGIN

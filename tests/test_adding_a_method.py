"""The example under "Adding a method" in docs/training.md, run as it is printed, from the source to the report."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
CHAPTER = (ROOT / "docs" / "training.md").read_text(encoding="utf-8").split("\n## Adding a method\n")[1]


def blocks(language: str) -> list[str]:
    """The code blocks of the chapter in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", CHAPTER, re.MULTILINE | re.DOTALL)


def changed(root: Path, diff: str) -> None:
    """Make the changes of a diff to the files below `root`; what it takes away has to be there once."""
    for part in diff.split("--- a/")[1:]:
        name, _, rest = part.partition("\n")
        assert rest.startswith(f"+++ b/{name}\n")
        file = root / name
        text = file.read_text(encoding="utf-8")
        for hunk in rest.split("@@\n")[1:]:
            lines = hunk.splitlines(keepends=True)
            old = "".join(line[1:] for line in lines if line[0] in " -")
            new = "".join(line[1:] for line in lines if line[0] in " +")
            assert text.count(old) == 1, f"{name}: expected once\n{old}"
            text = text.replace(old, new)
        file.write_text(text, encoding="utf-8")


@pytest.fixture
def with_example(tmp_path) -> Path:
    """A copy of the sources with the example in it, as the chapter says."""
    (code,), (diff,) = blocks("python"), blocks("diff")
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__"))
    (name,) = re.findall(r"^`(src/skelact/methods/\w+\.py)`:$", CHAPTER, re.MULTILINE)
    (tmp_path / name).write_text(code, encoding="utf-8")
    changed(tmp_path, diff)
    return tmp_path


@pytest.mark.slow
def test_the_example_runs_from_its_source_to_the_report_and_its_features_do_not_collapse(with_example):
    command = with_example / "bin" / "skelact"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m skelact "$@"\n', encoding="utf-8")
    command.chmod(0o755)
    environment = {
        **os.environ,
        "PATH": f"{command.parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(with_example / "src"),
    }
    (commands,) = blocks("bash")
    done = subprocess.run(
        ["bash", "-e", "-c", commands], cwd=with_example, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-3000:]
    run = with_example / "runs" / "rebuild"
    assert json.loads((run / "config.json").read_text())["config"]["method"] == {"name": "rebuild", "share": 0.3}
    looks = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    last = [look for look in looks if "effective_rank" in look][-1]
    assert last["feature_std"] > 0.05
    assert last["effective_rank"] > 2
    assert json.loads((run / "evaluate" / "knn-people-xview.json").read_text())["test_clips"] == 48
    assert "rebuild" in (run / "report.html").read_text(encoding="utf-8")


def test_the_example_keeps_to_the_style_of_the_sources(with_example):
    if shutil.which("ruff", path=str(Path(sys.executable).parent)) is None:
        pytest.skip("needs ruff")
    shutil.copy(ROOT / "pyproject.toml", with_example)
    for words in (["check", "."], ["format", "--check", "."]):
        ruff = [str(Path(sys.executable).parent / "ruff"), *words]
        done = subprocess.run(ruff, cwd=with_example, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr

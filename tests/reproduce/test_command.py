"""`skelact reproduce` and its part of the report."""

from pathlib import Path

import pytest

import tiny
from skelact.cli import main
from skelact.cli.tables import Table
from skelact.report.tables import part, tables, write_page
from skelact.reproduce.grids import GRIDS
from skelact.reproduce.result import read_reproduction


def command(store: Path, folder: Path, *options: object, table: str = "aimclr-table1") -> int:
    given = [table, "--store", store, "--split", tiny.SPLIT, "--run-folder", folder, "--small", "--epochs", 1]
    given += ["--streams", "joint", "--seeds", 1, "--batch", tiny.BATCH, "--frames", 12, "--device", "cpu"]
    return main(["reproduce", *map(str, given + list(options))])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, store: Path) -> Path:
    """One row of table 1, run by the command."""
    made = tmp_path_factory.mktemp("command") / "grid"
    assert command(store, made, "--rows", 5) == 0
    return made


def test_every_grid_can_be_named_on_the_command_line():
    assert set(Table.__args__) == set(GRIDS)


def test_the_command_prints_the_table_and_names_its_files(folder, store, capsys):
    assert command(store, folder, "--rows", 5) == 0
    out, err = capsys.readouterr()
    assert "AimCLR, table 1" in out
    assert "of other data sets, such as NTU-60 xsub" in out
    assert "batch 4; frames 12; device cpu; epochs 1" in out
    assert out.split()[-2:] == [str(folder / "aimclr-table1.csv"), str(folder / "aimclr-table1.html")]
    assert "finished already" in err


def test_what_is_missing_ends_the_command_with_its_name(store, tmp_path, capsys):
    assert command(store, tmp_path, "--rows", 9) == 1
    assert "AimCLR, table 1: expected rows among 1, 2, 3, 4, 5" in capsys.readouterr().err
    assert command(store / "none", tmp_path) == 1
    assert "no such folder" in capsys.readouterr().err


def test_the_page_needs_nothing_from_outside_and_shows_every_figure(folder):
    page = (folder / "aimclr-table1.html").read_text()
    found = read_reproduction(folder / "aimclr-table1.json")
    assert "<script" not in page
    assert "http" not in page.replace("http-equiv", "")
    (line,) = found.lines
    for figure in (line.last, line.best, line.control, line.others["NTU-60 xsub"], line.others["NTU-60 xview"]):
        assert f"{figure:.1f}" in page
    assert "of other data sets" in page


def test_of_the_papers_own_data_set_the_page_says_so(folder):
    found = read_reproduction(folder / "aimclr-table1.json").model_copy(update={"same_data": True})
    assert "of other data sets" not in part(found).markup
    assert "like this store" in part(found).markup


def test_text_of_a_table_cannot_become_markup(folder, tmp_path):
    found = read_reproduction(folder / "aimclr-table1.json").model_copy(update={"store": "<b>five</b>"})
    write_page(found, tmp_path / "t.html")
    assert "<b>five</b>" not in (tmp_path / "t.html").read_text()
    assert "&lt;b&gt;five&lt;/b&gt;" in tables([found]).markup


def test_the_report_of_runs_takes_tables_in(folder, tmp_path):
    run = folder / "aimclr-joint-1ep-small"
    out = tmp_path / "report.html"
    assert main(["report", str(run), "--out", str(out), "--table", str(folder / "aimclr-table1.json")]) == 0
    page = out.read_text()
    assert '<section id="tables">' in page
    assert '<a href="#tables">Published tables</a>' in page
    assert main(["report", str(run), "--out", str(out)]) == 0
    assert "Published tables" not in out.read_text()

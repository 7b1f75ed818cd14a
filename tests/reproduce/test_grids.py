"""The grids against the printed tables, and the runs that follow from them."""

from pathlib import Path
from typing import NamedTuple

import pytest

from skelact import recipes
from skelact.evaluation.results.published import TABLES, table_row
from skelact.methods.aimclr import AimCLR
from skelact.reproduce import grids
from skelact.reproduce.grids import GRIDS, THREE
from skelact.reproduce.options import Options, check, lines_of, runs_of
from skelact.system.world import SkelactError


class Printed(NamedTuple):
    """What a row says of itself, written down from the paper apart from the grids."""

    row: int
    method: str
    streams: str
    protocol: str


F = "joint+motion+bone"
PRINTED = {
    "aimclr-table1": [Printed(row, "aimclr", F, "linear") for row in range(1, 6)],
    "aimclr-table2": [
        Printed(row, ("aimclr", "skeletonclr")[row % 2], streams, "linear")
        for row, streams in enumerate(("joint", "joint", "motion", "motion", "bone", "bone", F, F), start=1)
    ],
    "aimclr-table3": [
        Printed(row, method, F, "linear")
        for row, method in enumerate(("skeletonclr", "crossclr", "aimclr-3s", "aimclr"), start=1)
        for _ in range(4)
    ],
    "aimclr-table7": [Printed(row, m, F, "semi") for row, m in ((4, "crossclr"), (6, "aimclr"))]
    + [Printed(row, m, F, "semi") for row, m in ((10, "crossclr"), (12, "aimclr"))],
    "aimclr-table8": [
        Printed(1, "skeletonclr", "bone", "finetune"),
        Printed(2, "aimclr", "bone", "finetune"),
        Printed(3, "ST-GCN", F, "supervised"),
        Printed(4, "crossclr", F, "finetune"),
        Printed(5, "aimclr", F, "finetune"),
    ],
}


@pytest.mark.parametrize("table", GRIDS)
def test_every_line_is_a_printed_row_of_its_method_streams_and_protocol(table):
    grid = GRIDS[table]
    assert grid.source == f"AimCLR, table {table[-1]}"
    assert [line.row for line in grid.lines] == [printed.row for printed in PRINTED[table]]
    for line, printed in zip(grid.lines, PRINTED[table], strict=True):
        cells = [cell for cell in table_row(grid.source, line.row) if line.setting in ("", cell.setting)]
        assert cells
        assert {(cell.method, cell.stream, cell.protocol) for cell in cells} == {printed[1:]}
        assert ("+".join(line.streams), line.protocol) == printed[2:]
        if line.protocol == "supervised":
            assert line.training.untrained
        else:
            assert line.training.recipe == printed.method


@pytest.mark.parametrize("table", GRIDS)
def test_rows_without_a_line_are_of_methods_that_are_not_ours(table):
    ours = {"skeletonclr", "aimclr", "crossclr", "aimclr-3s", "skeattnclr"}
    run = {line.row for line in GRIDS[table].lines}
    left = {cell.method for cell in TABLES if cell.source == GRIDS[table].source and cell.row not in run}
    assert not left & ours


def test_shares_of_labels_and_lengths_are_those_of_the_printed_setting():
    for line in GRIDS["aimclr-table7"].lines:
        assert f"{100 * line.settings['share']:g}%" == line.setting
    for line in GRIDS["aimclr-table3"].lines:
        assert f"{line.epochs} epochs" == line.setting


@pytest.mark.parametrize(
    ("row", "recipe"),
    [
        (1, recipes.aimclr_na),
        (2, recipes.aimclr_ea),
        (3, recipes.aimclr_na_ea),
        (4, recipes.aimclr_na_ea_eadm),
        (5, recipes.aimclr),
    ],
)
def test_the_ablation_is_that_of_the_recipes_with_the_same_names(row, recipe):
    line = GRIDS["aimclr-table1"].lines[row - 1]
    runs = runs_of(GRIDS["aimclr-table1"], line, Options())
    assert [run.stream for run in runs] == list(THREE)
    for run in runs:
        assert line.training.name == recipe().recipe
        assert run.config == recipe().model_copy(update={"recipe": "aimclr", "stream": run.stream})


def test_small_starts_from_the_small_recipe_with_the_same_changes_and_says_so_in_the_name():
    (run,) = runs_of(grids.TABLE_1, grids.TABLE_1.lines[0]._replace(streams=("bone",)), Options(small=True))
    base = recipes.aimclr_small()
    method = AimCLR.Config(**base.method.model_dump() | {"views": "normal", "drop": False, "neighbours": 0})
    assert run.config == base.model_copy(update={"method": method, "stream": "bone"})
    assert run.name == "aimclr-na-bone-60ep-small"


def test_small_lengths_are_the_published_shares_of_the_small_recipe():
    lines = [line for line in grids.TABLE_3.lines if line.training.name == "aimclr"]
    epochs = [runs_of(grids.TABLE_3, line, Options(small=True))[0].config.epochs for line in lines]
    assert epochs == [20, 30, 40, 60]


def test_without_options_nothing_but_stream_and_length_differs_from_the_recipe():
    for table in ("aimclr-table2", "aimclr-table3"):
        grid = GRIDS[table]
        for line in grid.lines:
            if line.training.recipe in ("skeletonclr", "aimclr"):
                base = recipes.RECIPES[line.training.recipe]()
                for run in runs_of(grid, line, Options()):
                    assert run.config == base.model_copy(update={"stream": run.stream, "epochs": line.epochs})


def test_other_lengths_replace_the_printed_ones_row_by_row():
    lines = lines_of(grids.TABLE_3, Options(epochs=(2, 100), rows=(4, 1)))
    assert [(line.row, line.epochs, line.setting) for line in lines] == [
        (1, 2, "2 epochs"),
        (1, 100, "100 epochs"),
        (4, 2, "2 epochs"),
        (4, 100, "100 epochs"),
    ]
    (run,) = runs_of(grids.TABLE_1, grids.TABLE_1.lines[4]._replace(streams=("joint",)), Options(epochs=(7,)))
    assert (run.config.epochs, run.name) == (7, "aimclr-joint-7ep")


def test_a_fused_line_of_one_stream_is_left_out_where_the_table_has_that_stream_alone():
    rows = [line.row for line in lines_of(grids.TABLE_2, Options(streams=("joint",)))]
    assert rows == [1, 2]
    two = lines_of(grids.TABLE_2, Options(streams=("joint", "bone")))
    assert [line.row for line in two] == [1, 2, 5, 6, 7, 8]
    assert two[-1].streams == ("joint", "bone")
    assert len(lines_of(grids.TABLE_1, Options(streams=("motion",)))) == 5


def test_one_run_of_several_streams_has_an_encoder_file_for_each(monkeypatch):
    monkeypatch.setitem(recipes.RECIPES, "crossclr", recipes.skeletonclr)  # its recipe may not be there
    runs = runs_of(grids.TABLE_3, next(line for line in grids.TABLE_3.lines if line.row == 2), Options())
    assert {run.name for run in runs} == {"crossclr-100ep"}
    files = [run.encoder(Path("grid")) for run in runs]
    assert files == [Path(f"grid/crossclr-100ep/encoder-{stream}.safetensors") for stream in THREE]
    assert {run.config.stream for run in runs} == {"joint"}


def test_what_a_table_does_not_have_is_said_with_what_it_has():
    with pytest.raises(SkelactError, match=r"rows among 4, 6, 10, 12 .* got 1, 5"):
        lines_of(grids.TABLE_7, Options(rows=(1, 5)))
    with pytest.raises(SkelactError, match="one length: expected one --epochs, got 2"):
        lines_of(grids.TABLE_1, Options(epochs=(1, 2)))
    with pytest.raises(SkelactError, match="no line has a stream among joint"):
        lines_of(grids.TABLE_8, Options(rows=(1,), streams=("joint",)))
    with pytest.raises(ValueError, match="the grid sets epochs, method"):
        Options(changes={"epochs": 1, "method": {}})


def test_a_recipe_and_a_protocol_that_are_not_there_are_named_before_anything_runs():
    absent = grids.Line(2, grids.Training("n", "no-such-method"), ("joint",))
    with pytest.raises(SkelactError, match=r"a table, row 2: no recipe 'no-such-method-small'; there are skeletonclr,"):
        check(grids.Grid("", "a table", (absent,)), Options(small=True))
    unknown = grids.Line(3, grids.AIMCLR, ("joint",), "guessing")
    with pytest.raises(SkelactError, match="a table, row 3: no protocol 'guessing'; there are knn, ridge, retrieval"):
        check(grids.Grid("", "a table", (unknown,)), Options())

"""The attention section: there for runs of SkeAttnCLR alone, with a body and a heat map of every person."""

import re
from pathlib import Path

import numpy as np
import pytest
from test_report_page import Page

import tiny
from skelact.layouts import KINECT_V1
from skelact.report import report
from skelact.report.attention import body, heat_map
from skelact.train import pretrain


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("attended")
    clips = [*tiny.recordings(19), tiny.recordings(20, persons=2)[19]]
    store = tiny.store(folder / "five", clips)
    pretrain(tiny.config("skeattnclr", epochs=1), [store.path], [tiny.SPLIT], folder / "run", tiny.console()[0])
    return folder / "run"


def test_a_run_of_skeattnclr_shows_where_it_looks(trained):
    path = report([trained])
    page = Page(path)
    assert "attention" in page.ids
    assert "#attention" in page.addresses
    plots = [ident for ident in page.blocks if ident.startswith("attention-0-")]
    bodies = path.read_text(encoding="utf-8").count('<svg class="body"')
    assert bodies == 3  # one clip of each class, one of them of two persons
    assert len(plots) == 4
    assert "left_foot" in page.words
    lowest, highest = re.findall(r"run: 3 clips of five, mask from (0\.\d+) to (0\.\d+)", page.words)[0]
    assert float(lowest) < float(highest)


def test_a_run_of_another_method_has_no_such_section(run):
    page = Page(report([run]))
    assert "attention" not in page.ids
    assert "#attention" not in page.addresses


def test_what_is_missing_for_the_section_is_said(trained, tmp_path):
    checkpoint = trained / "checkpoints" / "last.pt"
    kept = checkpoint.rename(tmp_path / "last.pt")
    try:
        assert "there is no checkpoint, which the mask is computed from" in Page(report([trained])).words
    finally:
        kept.rename(checkpoint)
    store = (trained.parent / "five").rename(tmp_path / "five")
    try:
        assert "the store that it was trained on is missing" in Page(report([trained])).words
    finally:
        store.rename(trained.parent / "five")


def test_a_joint_that_stands_out_is_the_largest_and_darkest_on_the_body():
    clip = np.random.default_rng(0).normal(size=(3, 16, 20, 2)).astype(np.float32)
    clip[:, :, KINECT_V1.centre, 0] = 0  # as preparation leaves it, and drawn all the same
    clip[..., 1] = 0
    maps = np.full((2, 4, 20), 0.4, np.float32)
    maps[0, :, 7] = 0.8
    maps[1] = np.nan
    drawn = body(clip, maps, KINECT_V1, 'a "name"').markup
    circles = re.findall(r'r="([\d.]+)" fill-opacity="([\d.]+)"', drawn)
    assert len(circles) == 20
    assert circles[7] == ("7.5", "1.00")
    assert {circle for joint, circle in enumerate(circles) if joint != 7} == {("2.5", "0.00")}
    assert drawn.count("<path") == 19
    places = np.array(re.findall(r'cx="([-\d.]+)" cy="([-\d.]+)"', drawn), dtype=float)
    assert places.min() >= 11.9
    assert places.max() <= 228.1
    assert "&quot;name&quot;" in drawn


def test_heat_map_rows_are_joints_part_by_part_and_columns_times_over_the_clip():
    values = np.arange(4 * 20, dtype=np.float32).reshape(4, 20)
    figure = heat_map(values, KINECT_V1, 32)
    (heat,) = figure.data
    assert list(heat.x) == [4, 12, 20, 28]
    names = list(figure.layout.yaxis.ticktext)
    assert sorted(names) == sorted(KINECT_V1.joints)
    assert names[0] == KINECT_V1.joints[KINECT_V1.parts["trunk"][0]]
    for row, name in enumerate(names):
        assert list(heat.z[row]) == list(values[:, KINECT_V1.index(name)])


def test_joint_names_are_text_in_the_heat_map():
    joints = ("<b>hip</b>", "left & right", *KINECT_V1.joints[2:])
    figure = heat_map(np.zeros((4, 20), np.float32), KINECT_V1.model_copy(update={"joints": joints}), 16)
    names = [*figure.layout.yaxis.ticktext, *(str(row[0]) for row in figure.data[0].customdata)]
    assert not any("<b>" in name for name in names)
    assert names.count("&lt;b&gt;hip&lt;/b&gt;") == names.count("left &amp; right") == 2

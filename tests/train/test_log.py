import builtins
import json
import math
import zlib
from pathlib import Path

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

import tiny
from skelact.train.log import Log


def log(folder: Path, start: int = 0, total: int = 100) -> Log:
    return Log(folder, start, total, tiny.console()[0])


def lines(folder: Path) -> list[dict]:
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]


def write(folder: Path, *steps: int, start: int = 0) -> None:
    with log(folder, start) as opened:
        for step in steps:
            opened.write(step, step // 10, {"loss": 1 / (1 + step)})


def test_a_line_holds_step_epoch_and_values(tmp_path):
    with log(tmp_path) as opened:
        opened.write(12, 1, {"loss": 0.25, "lr": 0.1})
    start = '{"step": 12, "epoch": 1, "loss": 0.25, "lr": 0.1'
    crc = f"{zlib.crc32(start.encode()):08x}"
    assert (tmp_path / "metrics.jsonl").read_text() == f'{start}, "crc32": "{crc}"}}\n'


def test_a_line_is_on_disk_as_soon_as_it_is_written(tmp_path):
    with log(tmp_path) as opened:
        opened.write(1, 0, {"loss": 0.5})
        assert [line["step"] for line in lines(tmp_path)] == [1]


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_numbers_that_json_does_not_have_become_null(number, tmp_path):
    with log(tmp_path) as opened:
        opened.write(1, 0, {"loss": number, "lr": 0.1})

    def refuse(name: str):
        raise AssertionError(f"{name} is no JSON")

    (line,) = (tmp_path / "metrics.jsonl").read_text().splitlines()
    held = json.loads(line, parse_constant=refuse)
    assert {key: held[key] for key in held if key != "crc32"} == {"step": 1, "epoch": 0, "loss": None, "lr": 0.1}


def test_lines_beyond_the_step_that_a_run_goes_on_from_are_dropped(tmp_path):
    write(tmp_path, 0, 10, 20, 30, 40)
    write(tmp_path, 30, 40, start=20)
    assert [line["step"] for line in lines(tmp_path)] == [0, 10, 20, 30, 40]


def test_a_run_that_starts_over_from_step_0_keeps_no_line(tmp_path):
    write(tmp_path, 0, 10)
    write(tmp_path, 0, 5)
    assert [line["step"] for line in lines(tmp_path)] == [0, 5]


@pytest.mark.parametrize("rest", ['{"step": 20, "ep', "{", "", "\0\0\0\0", '{"epoch": 3}', "7", "[]", "null"])
def test_a_line_left_unfinished_is_dropped(rest, tmp_path):
    write(tmp_path, 0, 10)
    with open(tmp_path / "metrics.jsonl", "a") as file:
        file.write(rest)
    write(tmp_path, 20, start=10)
    assert [line["step"] for line in lines(tmp_path)] == [0, 10, 20]


def test_a_last_line_that_lacks_its_end_is_ended(tmp_path):
    write(tmp_path, 10)
    path = tmp_path / "metrics.jsonl"
    path.write_text(path.read_text().rstrip("\n"))
    write(tmp_path, 20, start=10)
    assert [line["step"] for line in lines(tmp_path)] == [10, 20]


def test_tensorboard_shows_every_number_once_after_a_restart(tmp_path):
    write(tmp_path, 10, 20, 30)
    write(tmp_path, 30, 40, start=20)
    board = EventAccumulator(str(tmp_path / "tensorboard")).Reload()
    assert board.Tags()["scalars"] == ["loss"]
    found = {scalar.step: scalar.value for scalar in board.Scalars("loss")}
    assert found == pytest.approx({step: 1 / (1 + step) for step in (10, 20, 30, 40)})
    assert len(board.Scalars("loss")) == 4


def test_without_tensorboard_the_lines_are_written_and_it_is_said(tmp_path, monkeypatch):
    import_module = builtins.__import__

    def without(name, *arguments, **named):
        if name == "torch.utils.tensorboard":
            raise ImportError(name)
        return import_module(name, *arguments, **named)

    monkeypatch.setattr(builtins, "__import__", without)
    console, said = tiny.console()
    with Log(tmp_path, 0, 10, console) as opened:
        opened.write(1, 0, {"loss": 0.5})
    assert [line["step"] for line in lines(tmp_path)] == [1]
    assert "TensorBoard is not installed (pip install tensorboard)" in said.getvalue()
    assert not (tmp_path / "tensorboard").exists()


def test_messages_may_stand_beside_the_bar(tmp_path):
    console, said = tiny.console()
    with Log(tmp_path, 0, 10, console) as opened:
        opened.advance(4, "epoch 1/2  loss 0.500", 12.3)
        opened.say("a message")
    assert "a message\n" in said.getvalue()
    assert "epoch 1/2  loss 0.500" in said.getvalue()
    assert "4/10 steps" in said.getvalue()
    assert "12 clips/s" in said.getvalue()

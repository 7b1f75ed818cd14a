"""Checkpoints that a stranger made, with a hash that is right: refused at once, in little memory, with their name."""

import json
import os
import re
import subprocess
import sys
from collections import OrderedDict
from pathlib import Path
from typing import Any

import forged
import pytest
import torch

import tiny
from skelact.system.world import SkelactError
from skelact.train import checkpoint, pretrain
from skelact.train.config import Adam, AdamW


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Path, str, dict[str, Any]]]:
    """Each forgery, what should be said of it, and what came of it in a process of its own."""
    files = forged.write_all(tmp_path_factory.mktemp("forged"))
    good = next(iter(files)).with_name("good.pt")
    child = subprocess.run(
        [sys.executable, forged.__file__, str(good), *map(str, files)],
        capture_output=True, text=True, timeout=300, check=True, env=os.environ | {"OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    told = [json.loads(line) for line in child.stdout.splitlines()]
    return [(path, why, one) for (path, why), one in zip(files.items(), told, strict=True)]


def test_every_forgery_is_refused_by_name_with_what_is_wrong(outcomes):
    for path, why, one in outcomes:
        assert one["said"].startswith(f"{path}: not a checkpoint that can be read: "), path
        assert re.search(why, one["said"]), one["said"]


def test_no_forgery_takes_long_or_more_memory_than_twice_its_size_and_64_mb(outcomes):
    assert [(why, one) for _, why, one in outcomes if one["seconds"] > 20 or one["over"] > 64 * 2**20] == []


def equal(one: Any, other: Any) -> None:
    """That two values are the same in kind, layout and bits."""
    assert type(one) is type(other)
    if isinstance(one, torch.Tensor):
        assert (one.dtype, one.shape, one.stride(), one.storage_offset(), one.requires_grad) == (
            other.dtype, other.shape, other.stride(), other.storage_offset(), other.requires_grad)  # fmt: skip
        assert one.untyped_storage().tolist() == other.untyped_storage().tolist()
    elif isinstance(one, dict):
        assert list(one) == list(other)
        assert vars(one) == vars(other) if isinstance(one, OrderedDict) else True
        for key in one:
            equal(one[key], other[key])
    elif isinstance(one, list | tuple):
        assert len(one) == len(other)
        for pair in zip(one, other, strict=True):
            equal(*pair)
    else:
        assert one == other


def every_kind() -> dict[str, Any]:
    base = torch.arange(24.0)
    network = torch.nn.Sequential(torch.nn.Conv1d(2, 3, 3), torch.nn.BatchNorm1d(3))
    kinds = (torch.float64, torch.float16, torch.bfloat16, torch.int64, torch.int32, torch.int16, torch.int8,
             torch.uint8, torch.bool)  # fmt: skip
    return {
        "views": [base, base[3:9], base.view(4, 6).t(), base.view(2, 3, 4)[:, 1], base[::2], torch.ones(1).expand(5)],
        "kinds": {str(kind): torch.tensor([0, 1, 3]).to(kind) for kind in kinds},
        "empty": [torch.empty(0), torch.empty(0, 3), torch.tensor(-0.0), base[:0]],
        "nan": torch.tensor([float("nan"), float("inf"), -float("inf")]),
        "learned": torch.ones(2, requires_grad=True),
        "generator": torch.get_rng_state(),
        "plain": {"i": -(2**40), "f": 1e-300, "yes": True, "no": None, "text": "ä\n",
                  "t": (1, (2.5, [])), 3: {}, 2**20: 0},
        "module": network.state_dict(),
        "ordered": OrderedDict(a=1, b=OrderedDict()),
        "same": [(0.9, 0.999)] * 3,
    }  # fmt: skip


def test_all_kinds_of_values_are_read_as_pytorch_reads_them(tmp_path):
    checkpoint.save(tmp_path / "a.pt", every_kind())
    theirs = torch.load(tmp_path / "a.pt", weights_only=True)
    assert theirs.pop("sealed")
    equal(checkpoint.load(tmp_path / "a.pt"), theirs)


def test_tensors_that_share_memory_share_it_again(tmp_path):
    checkpoint.save(tmp_path / "a.pt", every_kind())
    whole, part, *_ = checkpoint.load(tmp_path / "a.pt")["views"]
    part.fill_(-1)
    assert whole[3:9].eq(-1).all()
    assert whole[:3].tolist() == [0, 1, 2]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.store(tmp_path_factory.mktemp("data") / "five").path


OPTIMISERS = {"sgd": {}, "adam": {"optimiser": Adam()}, "adamw": {"optimiser": AdamW()}}


@pytest.fixture(scope="module", params=OPTIMISERS)
def run(request: pytest.FixtureRequest, store: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / request.param
    pretrain(tiny.config(**OPTIMISERS[request.param]), [store], [tiny.SPLIT], folder, tiny.console()[0])
    return folder


def test_the_checkpoint_of_a_run_is_read_as_pytorch_reads_it(run):
    theirs = torch.load(run / "checkpoints" / "last.pt", weights_only=True)
    assert theirs.pop("sealed")
    equal(checkpoint.load(run / "checkpoints" / "last.pt"), theirs)


def first(state: dict) -> dict:
    """What the optimiser keeps of the first parameter."""
    return state["optimiser"]["state"][0]


CHANGES = {
    "a step without end": lambda state: state.update(step=float("inf")),
    "a step as text": lambda state: state.update(step="7"),
    "seconds that never were": lambda state: state.update(seconds=float("nan")),
    "losses of many numbers": lambda state: state.update(recent=[{"loss": torch.ones(9)}]),
    "losses that are none": lambda state: state.update(recent=[{"loss": 1.0}]),
    "a number as losses": lambda state: state.update(recent=7),
    "a list as weights": lambda state: state.update(method=[1]),
    "numbers as keys of weights": lambda state: state.update(method={1: torch.ones(1)}),
    "versions that are none": lambda state: setattr(state["method"], "_metadata", [1]),
    "means of another shape": lambda state: first(state).update(dict.fromkeys(first(state), torch.ones(3, 3, 3, 3))),
    "means that are missing": lambda state: first(state).clear(),
    "means that are none": lambda state: state["optimiser"]["state"].update({0: 3}),
    "a parameter that is none": lambda state: state["optimiser"]["state"].update({10**6: {}}),
    "no groups": lambda state: state["optimiser"].update(param_groups=[]),
    "another order of parameters": lambda state: state["optimiser"]["param_groups"][0]["params"].reverse(),
    "no optimiser": lambda state: state.pop("optimiser"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_state_that_no_run_had_is_refused_before_training(change, run, store):
    path = run / "checkpoints" / "last.pt"
    whole, state = path.read_bytes(), checkpoint.load(path)
    state["step"] -= 1
    change(state)
    checkpoint.save(path, state)
    config = tiny.config(**OPTIMISERS[run.name])
    try:
        with pytest.raises(SkelactError, match=r"last\.pt: not a checkpoint of this run: "):
            pretrain(config, [store], [tiny.SPLIT], run, tiny.console()[0])
    finally:
        path.write_bytes(whole)


def test_numbers_of_groups_are_those_of_the_configuration(run, store):
    path = run / "checkpoints" / "last.pt"
    whole, state = path.read_bytes(), checkpoint.load(path)
    state["step"] -= 1
    checkpoint.save(path, state)
    config = tiny.config(**OPTIMISERS[run.name])
    pretrain(config, [store], [tiny.SPLIT], run, tiny.console()[0])
    after = checkpoint.load(path)
    state["optimiser"]["param_groups"][0] |= {"weight_decay": "much", "lr": 1e9, "foreach": 7}
    checkpoint.save(path, state)
    pretrain(config, [store], [tiny.SPLIT], run, tiny.console()[0])
    same = tiny.same_bits(checkpoint.load(path)["method"], after["method"])
    path.write_bytes(whole)
    assert same

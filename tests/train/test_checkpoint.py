import pickle
import random
from pathlib import Path

import pytest
import torch

import tiny
from skelact.system.world import SkelactError
from skelact.train import checkpoint


def state() -> dict:
    network = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4))
    optimiser = torch.optim.SGD(network.parameters(), lr=0.1, momentum=0.9)
    network(torch.randn(5, 3)).square().sum().backward()
    optimiser.step()
    recent = [{"loss": torch.tensor(1.5), "d1": torch.tensor(-0.0)}]
    return {
        "step": 7,
        "seconds": 1.25,
        "recent": recent,
        "method": network.state_dict(),
        "optimiser": optimiser.state_dict(),
    }


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    checkpoint.save(tmp_path / "checkpoints" / "last.pt", state())
    return tmp_path / "checkpoints" / "last.pt"


def test_what_was_saved_is_read_back_bit_for_bit(tmp_path):
    before = state()
    checkpoint.save(tmp_path / "a.pt", before)
    after = checkpoint.load(tmp_path / "a.pt")
    assert after.pop("format") == checkpoint.FORMAT
    assert tiny.same_bits(after, {**before, "method": dict(before["method"])})


def test_a_file_cut_off_anywhere_is_an_error_that_names_it(saved):
    whole = saved.read_bytes()
    for length in (0, 1, 10, len(whole) // 3, len(whole) // 2, len(whole) - 30, len(whole) - 1):
        saved.write_bytes(whole[:length])
        with pytest.raises(SkelactError, match=r"last\.pt: not a checkpoint"):
            checkpoint.load(saved)


def test_changed_bytes_give_an_error_of_ours_or_a_checkpoint_but_never_another_exception(saved):
    whole, chance = saved.read_bytes(), random.Random(0)
    refused = 0
    for _ in range(60):
        damaged = bytearray(whole)
        for _ in range(chance.randint(1, 200)):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        saved.write_bytes(damaged)
        try:
            checkpoint.load(saved)
        except SkelactError as error:
            refused += str(saved) in str(error)
    assert refused > 50


@pytest.mark.parametrize("text", ["", "not a checkpoint\n", "{}", "\x80\x02", "PK\x03\x04"])
def test_a_file_of_another_kind_is_an_error(text, saved):
    saved.write_bytes(text.encode("latin-1"))
    with pytest.raises(SkelactError, match=r"last\.pt: not a checkpoint"):
        checkpoint.load(saved)


@pytest.mark.parametrize("held", [{}, {"step": 3}, [1, 2], torch.zeros(3), {"format": "one"}, {"format": None}])
def test_a_pytorch_file_of_another_kind_is_an_error(held, saved):
    torch.save(held, saved)
    with pytest.raises(SkelactError, match=r"last\.pt: not a checkpoint of a skelact run"):
        checkpoint.load(saved)


def test_a_newer_format_is_refused_with_both_numbers(saved):
    torch.save({"format": checkpoint.FORMAT + 1, "step": 3}, saved)
    with pytest.raises(SkelactError, match=r"checkpoint format 2, this skelact reads up to 1: upgrade it"):
        checkpoint.load(saved)


class Code:
    """Makes a file when it is unpickled."""

    def __init__(self, path: Path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


@pytest.mark.parametrize("form", ["zip", "pickle"])
def test_a_file_with_code_is_refused_and_the_code_does_not_run(form, saved, tmp_path):
    trap = tmp_path / "ran"
    held = {"format": 1, "step": 0, "code": Code(trap)}
    if form == "zip":
        torch.save(held, saved)
    else:
        saved.write_bytes(pickle.dumps(held, protocol=2))
    with pytest.raises(SkelactError, match=r"last\.pt: not a checkpoint that can be read"):
        checkpoint.load(saved)
    assert not trap.exists()
    torch.load(saved, weights_only=False) if form == "zip" else pickle.loads(saved.read_bytes())
    assert trap.exists()  # the trap works


def test_a_write_that_fails_keeps_the_checkpoint_before(saved):
    before = saved.read_bytes()
    with pytest.raises(Exception, match="pickle"):
        checkpoint.save(saved, {"step": 8, "method": lambda: None})
    assert saved.read_bytes() == before
    assert [path.name for path in saved.parent.iterdir()] == ["last.pt"]

"""The engine of ST-GCN on a CPU: which one a batch goes through, and that nothing else depends on it."""

import itertools
import subprocess
import sys

import pytest
import torch

import tiny
from skelact.encoders.config import STGCNConfig
from skelact.encoders.file import EncoderCard, save_encoder
from skelact.encoders.stgcn import engine, joints
from skelact.system.world import SkelactError

X = torch.randn(2, 3, 8, 5, 1, generator=torch.Generator().manual_seed(0))


@pytest.fixture
def passes(monkeypatch) -> list[str]:
    """A word for each pass through the fast engine."""
    made, feature_map = [], joints.feature_map
    monkeypatch.setattr(joints, "feature_map", lambda *given: made.append("fast") or feature_map(*given))
    return made


def network():
    torch.manual_seed(0)
    return STGCNConfig(width=2, features=8, dropout=0).build(tiny.FIVE).eval()


@pytest.mark.parametrize(
    ("chosen", "worth", "times"),
    [("auto", 80, 1), ("auto", 81, 0), ("plain", 0, 0), ("fast", 2**40, 1)],
)
def test_the_engine_set_on_a_network_is_the_one_it_goes_through_and_auto_looks_at_the_size(
    chosen, worth, times, passes, monkeypatch
):
    monkeypatch.setattr(engine, "WORTH", worth)  # a batch of 2 persons, 8 frames and 5 joints has 80
    made = network()
    made.engine = chosen
    made(X)
    assert len(passes) == times


def test_both_engines_give_the_same_features():
    plain, fast = network().double(), network().double()
    plain.engine, fast.engine = "plain", "fast"
    torch.testing.assert_close(fast(X.double()), plain(X.double()))


def test_another_device_is_never_fast_and_the_fast_engine_says_so():
    for chosen, training in itertools.product(("auto", "plain"), (True, False)):
        assert not engine.is_fast(chosen, "cuda", 2**30, training)
    with pytest.raises(SkelactError, match="the engine fast is for CPUs, found a network on cuda"):
        engine.is_fast("fast", "cuda", 1, False)


def test_an_engine_that_there_is_not_is_refused():
    made = network()
    made.engine = "faster"
    with pytest.raises(SkelactError, match="expected an engine of auto, plain, fast, found 'faster'"):
        made(X)


def test_a_file_does_not_depend_on_the_engine(tmp_path):
    made = network()
    card = EncoderCard(encoder=made.config, skeleton=tiny.FIVE, preparation="released", frames=8, persons=1)
    save_encoder(tmp_path / "auto", made, card)
    made.engine = "plain"
    save_encoder(tmp_path / "plain", made, card)
    assert (tmp_path / "auto").read_bytes() == (tmp_path / "plain").read_bytes()


def test_the_fast_engine_does_not_know_the_network():
    program = "import sys, skelact.encoders.stgcn.joints; print('skelact.encoders.stgcn.network' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert told.stdout == "False\n"

"""Checkpoints as training programs wrap them: the encoder is found by its names, all else is data that never runs."""

import argparse
import collections
import datetime
import enum
import io
import pathlib
import pickle
import struct
import subprocess
import sys
import types
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import tiny
from published_names import published
from skelact.encoders.config import STGCNConfig
from skelact.encoders.stgcn.imported import Import, import_weights
from skelact.encoders.stgcn.network import STGCN
from skelact.layouts import COCO_17, KINECT_V2
from skelact.system.world import SkelactError

CONFIG = STGCNConfig(width=2, features=6)
torch.manual_seed(5)
ENCODER, OTHER = STGCN(CONFIG, KINECT_V2), STGCN(CONFIG, KINECT_V2)


def under(prefix: str, network: STGCN = ENCODER) -> dict[str, Tensor]:
    return published(network, prefix)


def read(tmp_path: Path, state: Any, old: bool = False, **told: Any) -> Import:
    torch.save(state, tmp_path / "w.pt", _use_new_zipfile_serialization=not old)
    return import_weights(tmp_path / "w.pt", **told)


def assert_is(found: Import, network: STGCN = ENCODER) -> None:
    assert tiny.same_bits(dict(found.encoder.network.state_dict()), dict(network.state_dict()))


class Colour(enum.Enum):
    RED = 1


class Settings(dict):
    """A mapping of a program's own."""


BESIDE = {
    "numpy number": np.float64(71.5),
    "numpy array": np.arange(3),
    "Namespace": argparse.Namespace(lr=0.1),
    "enum": Colour.RED,
    "own mapping": Settings(lr=0.1),
    "path": pathlib.PurePosixPath("/data"),
    "time": datetime.datetime(2024, 1, 1),
    "set": {1, 2},
    "default": collections.defaultdict(list, a=[1]),
    "complex": 1j,
    "class": Settings,
    "plain": types.SimpleNamespace(a=1),
    "type of numbers": torch.float32,
    "device": torch.device("cpu"),
    "size": torch.Size([2]),
}


@pytest.mark.parametrize("old", [False, True], ids=["zip", "before 1.6"])
def test_whatever_lies_beside_the_weights_is_passed_over_and_named(old, tmp_path):
    found = read(tmp_path, {"state_dict": under(""), **BESIDE}, old)
    assert_is(found)
    told = found.report().splitlines()[-1]
    assert told.startswith("other objects, ignored and not run: ")
    for name in ("argparse.Namespace", "datetime.datetime", "numpy.dtype", f"{__name__}.Settings"):
        assert name in found.passed_over


@pytest.mark.parametrize(
    "prefix",
    [
        "encoder.",
        "model.encoder_q.",
        "encoder_q.module.",
        "online_encoder.net.",
        "module.module.",
        "_orig_mod.encoder_q._orig_mod.",
        "a.b.c.d.",
    ],
)
def test_whatever_stands_before_the_names_is_found(prefix, tmp_path):
    found = read(tmp_path, under(prefix))
    assert_is(found)
    assert not found.left_out


@pytest.mark.parametrize("keys", ["net", "weights", "ema", "checkpoint/model/encoder", "0"])
def test_whatever_keys_lead_to_the_weights_they_are_found(keys, tmp_path):
    state: Any = under("")
    for key in reversed(keys.split("/")):
        state = {key: state, "epoch": 3}
    found = read(tmp_path, state)
    assert_is(found)
    assert keys.replace("/", ".") in found.report()


@pytest.mark.parametrize(
    ("trained", "following"),
    [
        ("encoder_q.", "encoder_k."),
        ("online.", "target."),
        ("student.net.", "teacher.net."),
        ("", "momentum_encoder."),
        ("onlineEncoder.", "targetEncoder."),
        ("backbone_q.", "backbone_k."),
    ],
)
def test_of_a_network_and_the_one_that_follows_it_the_trained_one_is_read(trained, following, tmp_path):
    for state in ({**under(trained), **under(following, OTHER)}, {**under(following, OTHER), **under(trained)}):
        found = read(tmp_path, state)
        assert_is(found)
        assert len(found.left_out) == len(state) // 2


def test_under_two_keys_of_the_file_too_the_trained_one_is_read(tmp_path):
    assert_is(read(tmp_path, {"ema": under("", OTHER), "state_dict": under("")}))
    assert_is(read(tmp_path, {"teacher": under("", OTHER), "student": under("")}))


def test_of_several_possible_encoders_the_prefix_chooses_one(tmp_path):
    state = {**under("first."), **under("second.", OTHER)}
    with pytest.raises(SkelactError, match=r"expected one encoder, found 2: first, second; choose with --prefix"):
        read(tmp_path, state)
    assert_is(read(tmp_path, state, prefix="first."))
    assert_is(read(tmp_path, {"net": state}, prefix="second"), OTHER)
    with pytest.raises(SkelactError, match=r"expected one encoder under the prefix 'third', found 2: first, second"):
        read(tmp_path, state, prefix="third")


def test_the_same_tensors_under_two_keys_leave_nothing_to_choose(tmp_path):
    assert_is(read(tmp_path, {"state_dict": (state := under("")), "best": dict(state)}))


def test_of_other_streams_alone_none_is_taken_for_the_one_asked_for(tmp_path):
    with pytest.raises(SkelactError, match="expected an encoder of the joint stream, found 1: encoder_q_motion"):
        read(tmp_path, under("encoder_q_motion."))
    assert read(tmp_path, under("encoder_q_motion."), stream="motion").encoder.card.stream == "motion"


def test_a_network_that_was_saved_whole_is_read_without_its_class(tmp_path):
    whole = nn.Module()
    for name, tensor in under("encoder_q.").items():
        place = whole
        *parts, last = name.split(".")
        for part in parts:
            if part not in place._modules:
                place.add_module(part, nn.Module())
            place = place._modules[part]
        place.register_buffer(last, tensor)
    for state in (whole, {"model": nn.DataParallel(whole)}):
        assert_is(read(tmp_path, state))
        torch.save(state, tmp_path / "old.pt", _use_new_zipfile_serialization=False)
        assert_is(import_weights(tmp_path / "old.pt"))


def test_parameters_views_and_other_types_of_numbers_are_read(tmp_path):
    state = under("")
    flat = torch.cat([torch.zeros(5), state["data_bn.weight"], torch.zeros(3)])
    state["data_bn.weight"] = flat[5:-3]
    first = "st_gcn_networks.0.gcn.conv.weight"
    state[first] = nn.Parameter(state[first].permute(3, 2, 1, 0).contiguous().permute(3, 2, 1, 0))
    state["A"] = state["A"].double()
    assert_is(read(tmp_path, state))


@pytest.mark.parametrize("name", ["fc", "fcn"])
def test_a_classifier_under_either_published_name_is_the_head(name, tmp_path):
    weight, bias = torch.randn(60, 6, 1, 1), torch.randn(60)
    found = read(tmp_path, under("") | {f"{name}.weight": weight, f"{name}.bias": bias})
    assert found.encoder.head is not None
    assert torch.equal(found.encoder.head.weight, weight[:, :, 0, 0])
    assert torch.equal(found.encoder.head.bias, bias)


@pytest.mark.parametrize(
    "name", ["classifier", "projector.0", "cls_head.fc", "head", "predictor.mlp.2", "fc.2", "queue"]
)
def test_heads_of_pretraining_are_left_out_by_name(name, tmp_path):
    found = read(tmp_path, under("") | {f"{name}.weight": torch.ones(2)})
    assert found.encoder.head is None
    assert found.left_out == (f"{name}.weight",)


def test_units_are_metres_on_kinect_v2_unless_told_and_unknown_otherwise(tmp_path):
    assert read(tmp_path, under("")).encoder.card.units == "metres"
    assert read(tmp_path, under(""), units="mm").encoder.card.units == "millimetres"
    assert read(tmp_path, published(STGCN(CONFIG, COCO_17))).encoder.card.units is None


def test_names_with_escape_codes_reach_no_terminal(tmp_path):
    for state in (
        {**under("a\x1b[31m."), **under("b\x1b]0;x\x07.", OTHER)},
        under("") | {"x\x1b[31m": torch.ones(1)},
        {"n\x9b31m": torch.ones(1)},
    ):
        with pytest.raises(SkelactError) as refused:
            read(tmp_path, state)
        assert str(refused.value).replace("\n", "").isprintable()
    assert read(tmp_path, under("\x1b[31m.")).report().replace("\n", "").isprintable()


class Runs:
    """Calls what it is given when it is unpickled."""

    def __init__(self, *call: Any):
        self.call = call

    def __reduce__(self):
        return self.call[0], self.call[1:]


@pytest.mark.parametrize("old", [False, True], ids=["zip", "before 1.6"])
@pytest.mark.parametrize(
    ("call", "name"),
    [((Path.touch,), "getattr"), ((exec, "1"), "exec"), ((subprocess.call, "true"), "commands.call")],
    ids=["a method", "a builtin", "a module's function"],
)
def test_what_would_run_a_program_is_refused_by_name(call, name, old, tmp_path):
    with pytest.raises(
        SkelactError, match=rf"w\.pt: not a file of PyTorch weights \(it names (\w+\.)?{name}"
    ) as refused:
        read(tmp_path, {"state_dict": under(""), "code": Runs(*call)}, old)
    assert "run code" in str(refused.value)


def test_a_function_of_a_program_is_neither_imported_nor_called(tmp_path, monkeypatch):
    module = types.ModuleType("somebodys")
    exec("def ran(path):\n    open(path, 'w')", module.__dict__)
    module.ran.__module__ = "somebodys"
    monkeypatch.setitem(sys.modules, "somebodys", module)
    torch.save({"state_dict": under(""), "x": Runs(module.ran, str(tmp_path / "ran"))}, tmp_path / "w.pt")
    monkeypatch.delitem(sys.modules, "somebodys")
    assert import_weights(tmp_path / "w.pt").passed_over == ("somebodys.ran",)
    assert not (tmp_path / "ran").exists()
    assert "somebodys" not in sys.modules


def archive(pickled: bytes, numbers: bytes = bytes(4000), compress: int = zipfile.ZIP_STORED) -> bytes:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", compress) as made:
        made.writestr("archive/data.pkl", pickled)
        made.writestr("archive/data/0", numbers)
    return whole.getvalue()


def tensor(shape: tuple, stride: tuple, count: int = 1000, offset: int = 0, dtype: str = "FloatStorage") -> bytes:
    """The pickle of a state dict of one tensor that is described so."""

    class Described:
        def __reduce__(self):
            return torch._utils._rebuild_tensor_v2, (Numbers(), offset, shape, stride, False, collections.OrderedDict())

    class Numbers:
        pass

    class Pickler(pickle.Pickler):
        def persistent_id(self, held: Any) -> Any:
            return ("storage", getattr(torch, dtype), "0", "cpu", count) if isinstance(held, Numbers) else None

    out = io.BytesIO()
    Pickler(out, 2).dump({"st_gcn_networks.0.gcn.conv.weight": Described()})
    return out.getvalue()


def listing(count: int) -> bytes:
    """An archive that lists the same empty file again and again."""
    one = b"PK\x01\x02" + bytes(24) + struct.pack("<H", 8) + bytes(16) + b"data.pkl"
    end = b"PK\x05\x06" + bytes(4) + struct.pack("<HHIIH", 0xFFFF, 0xFFFF, len(one) * count, 4, 0)
    return b"PK\x03\x04" + one * count + end


def deep(opening: bytes, closing: bytes, times: int = 100_000) -> bytes:
    return b"\x80\x02" + opening * times + closing * times + b"."


def laughs() -> bytes:
    """A tuple of two of a tuple of two of ...: 2 ** 60 leaves; its hash alone would take for ever."""
    text = b"\x80\x02}("
    text += b")" + b"q\x00" + b"".join(b"h" + bytes([n]) + b"\x86q" + bytes([n + 1]) for n in range(60))
    return text + b"K\x01u."


HOSTILE = {
    "more numbers than the file has": archive(tensor((1000,), (1,), count=2**40)),
    "a shape larger than its storage": archive(tensor((10**6, 10**6), (10**6, 1))),
    "a step beyond the storage": archive(tensor((2, 2), (10**12, 1))),
    "a length beyond any machine's": archive(tensor((2**63,), (1,))),
    "a step beyond any machine's": archive(tensor((2, 2), (2**63, 1))),
    "a start beyond the storage": archive(tensor((2,), (1,), offset=10**6)),
    "a negative length": archive(tensor((-1,), (1,))),
    "a negative step": archive(tensor((2,), (-1,))),
    "a number in place of a shape": archive(tensor(7, (1,))),  # type: ignore[arg-type]
    "no numbers": archive(tensor((0, 10**18), (1, 1))),
    "a stretched number": archive(tensor((10**9,), (0,))),
    "compressed": archive(tensor((1000,), (1,)), compress=zipfile.ZIP_DEFLATED),
    "fewer bytes than told": archive(tensor((1000,), (1,)), bytes(40)),
    "deep lists": archive(deep(b"]", b"a")),
    "deep tuples": archive(b"\x80\x02)" + b"\x85" * 400_000 + b"."),
    "many dictionaries": archive(b"\x80\x02" + b"}" * 3_000_000 + b"."),
    "a tuple of tuples as key": archive(laughs()),
    "a text of 4 GB": archive(b"\x80\x02X" + struct.pack("<I", 2**32 - 1) + b"ab."),
    "a number of 5,000 digits": archive(b"I" + b"9" * 5000 + b"\n."),
    "a long number": archive(b"\x80\x02\x8b" + struct.pack("<i", 2**31 - 1) + b"."),
    "an empty stack": archive(b"\x80\x020000."),
    "no memo": archive(b"\x80\x02h\x07."),
    "no mark": archive(b"\x80\x02)u."),
    "no end": archive(b"\x80\x02"),
    "an extension": archive(b"\x80\x02\x82\x01."),
    "a buffer outside": archive(b"\x80\x05\x97."),
    "no pickle": archive(b""),
    "another archive": b"PK\x05\x06" + bytes(18),
    "a hundred thousand files": listing(100_000),
    "only a beginning": b"PK\x03\x04",
    "a file of another kind": b"\x89PNG\r\n",
}


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What one child process, whose memory is limited, says of every hostile file."""
    folder = tmp_path_factory.mktemp("hostile")
    for place, content in enumerate(HOSTILE.values()):
        (folder / f"{place}.pt").write_bytes(content)
    code = f"""
import resource, sys
from pathlib import Path
from skelact.encoders.stgcn.imported import import_weights
from skelact.system.world import SkelactError
now = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (now + 512 * 2**20,) * 2)
for place in range({len(HOSTILE)}):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    try:
        import_weights(Path({str(folder)!r}) / f"{{place}}.pt")
        said = "taken"
    except SkelactError as error:
        said = str(error).splitlines()[0]
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before, said, flush=True)
"""
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    lines = ended.stdout.splitlines()
    assert (ended.returncode, len(lines)) == (0, len(HOSTILE)), ended.stderr
    return dict(zip(HOSTILE, lines, strict=True))


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits of Linux")
@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_within_its_own_size_of_memory(name, outcomes):
    kilobytes, said = outcomes[name].split(" ", 1)
    assert "not a file of PyTorch weights" in said or "expected a" in said or "not a checkpoint of the" in said
    assert ".pt: " in said
    assert int(kilobytes) < 64 * 1024 + 2 * len(HOSTILE[name]) // 1024

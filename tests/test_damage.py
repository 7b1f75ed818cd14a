"""Files of ours with a byte changed, cut short, empty or of another kind: refused by name, or the same in content."""

import io
import json
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

import tiny
from skelact.data.describe import describe
from skelact.data.store import Store
from skelact.data.store import read as reading
from skelact.encoders.config import STGCNConfig
from skelact.encoders.file import EncoderCard, load_encoder, save_encoder
from skelact.evaluation.arrays import read_arrays, write_arrays
from skelact.report.runs import read_run
from skelact.system.world import SEAL, SkelactError, read_json, write_json
from skelact.train import checkpoint, log

Case = tuple[Path, Callable[[], Any]]


def a_checkpoint(path: Path) -> Callable[[], Any]:
    torch.manual_seed(0)
    state = {"step": 3, "method": {"w": torch.randn(40), "place": torch.tensor(7)}, "recent": [], "seconds": 1.5}
    checkpoint.save(path, state)
    return lambda: checkpoint.load(path)


def an_encoder(path: Path) -> Callable[[], Any]:
    torch.manual_seed(0)
    config = STGCNConfig(width=1, features=1)
    card = EncoderCard(
        encoder=config, skeleton=tiny.FIVE, preparation="robust", frames=12, persons=1, classes=("ä", "b")
    )
    save_encoder(path, config.build(tiny.FIVE), card, torch.nn.Linear(1, 2))

    def held() -> Any:
        read = load_encoder(path)
        assert read.head is not None
        return read.card.model_dump(), dict(read.network.state_dict()), dict(read.head.state_dict())

    return held


def a_result(path: Path) -> Callable[[], Any]:
    values = {"top1": 91.25, "k_used": {1: 1, 20: 18}, "names": ["wave", "bow"], "std": None, "über": True}
    write_json(path, values, sealed=True)
    # As `read_result`: keys that it does not know, such as a damaged name of the seal, are passed over.
    return lambda: {key: held for key, held in read_json(path).items() if key in values}


def arrays(path: Path) -> Callable[[], Any]:
    rng = np.random.default_rng(0)
    write_arrays(path, {"names": np.array(["a", "b"]), "scores": rng.normal(size=(2, 3)), "key": np.array("k")})
    return lambda: [
        (held.dtype.str, held.shape, held.tolist()) for held in read_arrays(path, ("names", "scores", "key"))
    ]


REFUSED = object()


def attempt(read: Callable[[], Any], path: Path) -> Any:
    """What is read, or REFUSED where the error names the file."""
    try:
        return read()
    except SkelactError as error:
        return REFUSED if str(path) in str(error) else str(error)


def a_store(path: Path) -> Callable[[], Any]:
    """A file of a store, or of its prepared view, whose path it is."""
    folder = next(above for above in path.parents if above.name == "store")
    tiny.store(folder).prepared("released", 12, progress=False)

    def held() -> Any:
        store = Store.open(folder)
        clips = store.prepared("released", 12).clips.tobytes()
        return clips, [(one.name, one.action, one.subject, one.joints.tobytes()) for one in store.recordings()]

    return held


def a_log(path: Path) -> Callable[[], Any]:
    lines = [log.written({"step": step, "loss": 1 / (1 + step), "knn": None}) for step in range(4)]
    path.write_bytes(b"".join(lines))
    write_json(path.parent / "config.json", {})
    # A damaged name of the checksum is a key that nobody draws.
    keys = ("step", "loss", "knn")
    return lambda: [{key: line[key] for key in keys if key in line} for line in read_run(path.parent).metrics]


KINDS = {"last.pt": a_checkpoint, "encoder.safetensors": an_encoder, "knn.json": a_result, "knn.npz": arrays}


@pytest.fixture(params=KINDS)
def case(request: pytest.FixtureRequest, tmp_path: Path) -> Case:
    path = tmp_path / request.param
    return path, KINDS[request.param](path)


def test_no_changed_byte_changes_what_is_read(case):
    path, read = case
    whole, before = path.read_bytes(), read()
    refused = taken = 0
    # Every place of a small file, some hundred of a large one; an odd step meets all places within numbers.
    step = max(1, len(whole) // 250) | 1
    for place in range(0, len(whole), step):
        for change in (1 << place % 8, 0xFF):
            damaged = bytearray(whole)
            damaged[place] ^= change
            path.write_bytes(damaged)
            after = attempt(read, path)
            assert after is REFUSED or tiny.same_bits(after, before), f"byte {place} of {len(whole)}"
            refused, taken = refused + (after is REFUSED), taken + (after is not REFUSED)
    assert refused > 20 * taken or path.suffix == ".npz"  # a zip archive has fields that nobody reads
    assert refused > 2 * taken


def test_cut_short_anywhere_or_longer_it_is_refused_by_name(case):
    path, read = case
    whole, before = path.read_bytes(), read()
    for length in [*range(0, len(whole), max(1, len(whole) // 60)), len(whole) - 1]:
        path.write_bytes(whole[:length])
        after = attempt(read, path)
        if (path.suffix, length) == (".json", len(whole) - 1):  # the line break at the end of a text
            assert tiny.same_bits(after, before)
        else:
            assert after is REFUSED


@pytest.mark.parametrize(
    "content", [b"", b"\x89PNG\r\n\x1a\n", b"PK\x03\x04", b"\xff" * 40, b"[" * 100_000, b"9" * 5000]
)
def test_a_file_of_another_kind_is_refused_by_name(content, case):
    path, read = case
    path.write_bytes(content)
    with pytest.raises(SkelactError, match=path.name):
        read()


def test_a_folder_or_a_pipe_in_its_place_is_refused_by_name(case):
    path, read = case
    for make in (Path.mkdir, os.mkfifo):
        path.unlink() if path.is_file() else path.rmdir()
        make(path)
        with pytest.raises(SkelactError, match=path.name):
            read()


IN_A_STORE = (*(f"store/{name}" for name in ("clips.csv", "frames.npy", "identity.npy", "meta.json")),
              *(f"store/prepared/released-12/{name}" for name in ("clips.npy", "meta.json")))  # fmt: skip


@pytest.mark.parametrize("name", IN_A_STORE)
def test_no_changed_byte_of_a_store_is_trained_or_measured_on(name, tmp_path):
    path = tmp_path / name
    read = a_store(path)
    whole = path.read_bytes()
    read()
    for place in range(0, len(whole), max(1, len(whole) // 40) | 1):
        for change in (1 << place % 8, 0xFF):
            damaged = bytearray(whole)
            damaged[place] ^= change
            path.write_bytes(damaged)
            assert attempt(read, path) is REFUSED, f"byte {place} of {len(whole)}"


def test_a_file_of_a_store_is_hashed_once_a_process_and_again_when_it_was_written_since(tmp_path, monkeypatch):
    hashed = []
    real = reading.file_hash
    monkeypatch.setattr(reading, "file_hash", lambda path: hashed.append(path.name) or real(path))
    tiny.store(tmp_path / "store").prepared("released", 12, progress=False)
    store = Store.open(tmp_path / "store")
    describe(store)
    assert hashed.count("clips.npy") == 1  # made, and read back; to describe a store takes its table alone
    for _ in range(3):
        Store.open(store.path).prepared("released", 12)
    assert hashed.count("clips.npy") == 1
    clips = store.path / "prepared" / "released-12" / "clips.npy"
    damaged = bytearray(clips.read_bytes())
    damaged[-1] ^= 1
    clips.write_bytes(damaged)
    with pytest.raises(SkelactError, match=r"released-12/clips\.npy: damaged: .* remove .*released-12; it is then"):
        Store.open(store.path).prepared("released", 12)


def test_a_view_under_another_views_name_is_refused(tmp_path):
    store = tiny.store(tmp_path / "store")
    store.prepared("released", 12, progress=False)
    (store.path / "prepared" / "released-12").rename(store.path / "prepared" / "robust-12")
    with pytest.raises(SkelactError, match="expected robust-12, as its name says, found released-12"):
        store.prepared("robust", 12)


def test_no_changed_byte_of_a_log_changes_a_curve(tmp_path, capsys):
    read = a_log(path := tmp_path / "metrics.jsonl")
    whole, before = path.read_bytes(), read()
    for place in range(len(whole)):
        for change in (1 << place % 8, 0xFF):
            damaged = bytearray(whole)
            damaged[place] ^= change
            path.write_bytes(damaged)
            after = attempt(read, path)
            told = capsys.readouterr().err
            assert after is REFUSED or after == before or (after == before[:-1] and str(path) in told), place


def test_lines_of_a_log_that_are_damaged_are_told_when_a_run_goes_on(tmp_path):
    a_log(path := tmp_path / "metrics.jsonl")
    path.write_bytes(path.read_bytes().replace(b"0.5", b"0.7") + b'{"step": 4, "lo')
    console, said = tiny.console()
    with log.Log(tmp_path, 3, 9, console):
        pass
    assert [line["step"] for line in tiny.metrics(tmp_path)] == [0, 2, 3]
    assert f"{path}: damaged lines are left out: 2\n" in said.getvalue()


def test_a_checkpoint_whose_hash_is_gone_is_no_old_one(tmp_path):
    read = a_checkpoint(path := tmp_path / "last.pt")
    path.write_bytes(path.read_bytes().replace(b"skelact sha256", b"skelact SHA256"))
    with pytest.raises(SkelactError, match="its checksum is missing"):
        read()


def test_a_checkpoint_from_before_there_were_hashes_is_read_and_its_archives_checksums_are_compared(tmp_path):
    path = tmp_path / "last.pt"
    torch.save({"format": 1, "step": 3, "w": torch.arange(1000.0)}, path)
    assert torch.equal(checkpoint.load(path)["w"], torch.arange(1000.0))
    damaged = bytearray(path.read_bytes())
    place = damaged.index(torch.arange(1000.0).numpy().tobytes()[400:440])
    damaged[place] ^= 1
    path.write_bytes(damaged)
    assert not torch.equal(torch.load(path)["w"], torch.arange(1000.0))  # PyTorch takes it
    with pytest.raises(SkelactError, match=r"last\.pt: not a checkpoint that can be read: Bad CRC-32"):
        checkpoint.load(path)


def test_other_programs_read_our_checkpoint_as_any_of_pytorchs(tmp_path):
    read = a_checkpoint(path := tmp_path / "last.pt")
    theirs = torch.load(path, weights_only=True)
    assert tiny.same_bits({key: held for key, held in theirs.items() if key != "sealed"}, read())


def test_equal_encoders_are_equal_files(tmp_path):
    an_encoder(tmp_path / "a")
    an_encoder(tmp_path / "b")
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_a_result_without_a_seal_is_read_as_it_is_and_one_with_a_seal_is_sealed_anew_when_written(tmp_path):
    path = tmp_path / "a.json"
    write_json(path, {"a": 1})
    assert read_json(path) == {"a": 1} == json.loads(path.read_text())
    write_json(path, {"a": 1}, sealed=True)
    write_json(path, json.loads(path.read_text()) | {"a": 2})
    assert read_json(path) == {"a": 2}
    path.write_text(json.dumps(json.loads(path.read_text()) | {"a": 3}))
    with pytest.raises(SkelactError, match=r"a\.json: damaged: not as it was written"):
        read_json(path)
    assert SEAL in json.loads(path.read_text())


def test_an_array_that_claims_more_than_is_there_takes_no_memory(tmp_path):
    path = tmp_path / "a.npz"
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f4", "fortran_order": False, "shape": (10**12, 4)})
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("names.npy", header.getvalue() + bytes(16))
    with pytest.raises(SkelactError, match=r"a\.npz: damaged, expected names: .*does not take the 16 bytes"):
        read_arrays(path, ("names",))


@pytest.mark.parametrize(
    "card", [{"width": 10**9}, {"features": 10**12}, {"width": 2**40, "channels": 2**40}, {"width": 2**70}]
)
def test_sizes_on_a_card_are_compared_before_any_memory_is_taken_for_them(card, tmp_path):
    config = STGCNConfig(width=1, features=1)
    text = EncoderCard(encoder=config, skeleton=tiny.FIVE, preparation="robust", frames=12, persons=1).model_dump(
        mode="json"
    )
    text["encoder"] |= card
    tensors = {f"encoder.{name}": tensor for name, tensor in config.build(tiny.FIVE).state_dict().items()}
    save_file(tensors, tmp_path / "a", metadata={"skelact": json.dumps(text)})
    with pytest.raises(SkelactError, match=r"do not fit|no tensor has the sizes"):
        load_encoder(tmp_path / "a")


def test_a_card_with_a_layout_larger_than_its_tensors_is_refused_before_it_is_checked(tmp_path):
    count = 60_000
    text = {"skeleton": {"name": "s", "joints": [f"j{n}" for n in range(count)], "parents": [-1, *range(count - 1)]}}
    save_file({"encoder.adjacency": torch.ones(3, 5, 5)}, tmp_path / "a", metadata={"skelact": json.dumps(text)})
    with pytest.raises(SkelactError, match="the card has 60000 joints, the tensors are not of as many"):
        load_encoder(tmp_path / "a")


def test_a_head_on_a_card_is_compared_before_any_memory_is_taken_for_it(tmp_path):
    config = STGCNConfig(width=1, features=1)
    card = EncoderCard(
        encoder=config,
        skeleton=tiny.FIVE,
        preparation="robust",
        frames=12,
        persons=1,
        classes=tuple(map(str, range(50_000))),
    )
    tensors = {f"encoder.{name}": tensor for name, tensor in config.build(tiny.FIVE).state_dict().items()}
    tensors |= {"head.weight": torch.ones(2, 1), "head.bias": torch.ones(2)}
    save_file(tensors, tmp_path / "a", metadata={"skelact": card.model_dump_json()})
    with pytest.raises(SkelactError, match=r"misshaped: 2: bias \(expected \(50000,\), found \(2,\)\), weight"):
        load_encoder(tmp_path / "a")

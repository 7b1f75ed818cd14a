"""Encoder files with headers or lists without end: refused unread or told briefly."""

import json
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import save_file

import tiny
from skelact.encoders.config import STGCNConfig
from skelact.encoders.file import MOST_LISTED, EncoderCard, load_encoder
from skelact.encoders.seal import LONGEST_HEADER
from skelact.system.world import SkelactError

CONFIG = STGCNConfig(width=1, features=1)


def file_of(path: Path, **changed: Any) -> Path:
    """An encoder file whose card has other values."""
    card = EncoderCard(encoder=CONFIG, skeleton=tiny.FIVE, view="robust", frames=12, persons=1)
    tensors = {f"encoder.{name}": tensor for name, tensor in CONFIG.build(tiny.FIVE).state_dict().items()}
    text = json.dumps(card.model_dump(mode="json") | changed)
    save_file(tensors, path / "a.safetensors", metadata={"skelact": text})
    return path / "a.safetensors"


@pytest.mark.parametrize("length", [LONGEST_HEADER + 1, 10**9, 2**64 - 1])
def test_a_header_beyond_the_limit_is_refused_unread(length, tmp_path):
    (tmp_path / "a.safetensors").write_bytes(length.to_bytes(8, "little") + b"{}" + bytes(LONGEST_HEADER))
    tracemalloc.start()
    try:
        with pytest.raises(SkelactError, match=rf"a\.safetensors: .*of at most {LONGEST_HEADER} bytes, found {length}"):
            load_encoder(tmp_path / "a.safetensors")
        assert tracemalloc.get_traced_memory()[1] < 2**20
    finally:
        tracemalloc.stop()


ENDLESS = {
    "labels": {"classes": ["a"] * (MOST_LISTED + 1)},
    "labels that are none": {"classes": [1] * MOST_LISTED},
    "hashes": {"learned_from": [""] * (MOST_LISTED + 1)},
    "joints": {"skeleton": {"name": "s", "joints": ["a"] * 1000, "parents": [0] * 1000}},
    "unknown fields": {f"field{number}": number for number in range(50_000)},
    "lists in a list": {"classes": [[]] * MOST_LISTED},
    "millions of values": {"classes": [[{}] * 50_000] * 12},
    "an endless number": {"frames": -(10**4000)},
    "an endless format": {"format": 10**4000},
    "an endless text": {"stream": "a" * 10**6},
    "an endless size": {"encoder": {"name": "st_gcn", "width": 10**4000}},
}


@pytest.mark.parametrize("changed", ENDLESS.values(), ids=ENDLESS)
def test_what_is_wrong_with_an_endless_card_is_told_briefly_and_takes_little_memory(changed, tmp_path):
    file = file_of(tmp_path, **changed)
    tracemalloc.start()
    try:
        with pytest.raises(SkelactError) as refused:
            load_encoder(file)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert str(refused.value).startswith(f"{file}: ")
    assert len(str(refused.value)) - len(str(file)) < 1000
    assert peak < 2 * file.stat().st_size + 2**26


def test_a_card_with_as_many_labels_as_the_limit_is_read(tmp_path):
    labels = [str(number) for number in range(MOST_LISTED)]
    assert load_encoder(file_of(tmp_path, classes=labels)).card.classes == tuple(labels)

"""Stores whose arrays hold something else than numbers, with hashes and a seal that are right."""

import json
from pathlib import Path

import numpy as np
import pytest
from made_clips import STORE, clips

from skelact.data.store import Store, write_store
from skelact.data.store.meta import FileMark, StoreMeta, write_sealed
from skelact.system.world import SkelactError


def text(path: Path, shape: tuple[int, ...]) -> None:
    np.save(path, np.zeros(shape, "U3"))


def complex_numbers(path: Path, shape: tuple[int, ...]) -> None:
    np.save(path, np.zeros(shape, np.complex64))


def dates(path: Path, shape: tuple[int, ...]) -> None:
    np.save(path, np.zeros(shape, "M8[s]"))


def archive(path: Path, shape: tuple[int, ...]) -> None:
    with path.open("wb") as file:
        np.savez(file, a=np.ones(shape))


def no_archive(path: Path, shape: tuple[int, ...]) -> None:
    path.write_bytes(b"PK\x03\x04" + bytes(60))


def nothing(path: Path, shape: tuple[int, ...]) -> None:
    path.write_bytes(b"")


@pytest.mark.parametrize("make", [text, complex_numbers, dates, archive, no_archive, nothing])
@pytest.mark.parametrize("name", ["frames.npy", "identity.npy"])
def test_an_array_of_no_numbers_is_refused_by_the_files_name(name, make, tmp_path):
    store = write_store(tmp_path / "store", **STORE, recordings=clips()).path
    make(store / name, np.load(store / name).shape)
    meta = json.loads((store / "meta.json").read_text())
    meta["files"][name] = FileMark.of(store / name).model_dump()
    write_sealed(store / "meta.json", StoreMeta.model_validate(meta))
    with pytest.raises(SkelactError, match=rf"{name}: .*the file is damaged"):
        Store.open(store).recording(0)

"""A made-up store and a made-up run on it: made once, copied for each test."""

import json
import shutil
from pathlib import Path

import pytest
from made_up import CLASSES, make_run, make_store

from skelact.data.store import Store
from skelact.system.world import write_json


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    make_run(folder / "aimclr-small", make_store(folder / "store", CLASSES))
    return folder


@pytest.fixture
def store(tmp_path: Path, made: Path) -> Store:
    shutil.copytree(made / "store", tmp_path / "store")
    return Store.open(tmp_path / "store")


@pytest.fixture
def run(tmp_path: Path, made: Path, store: Store) -> Path:
    folder = tmp_path / "aimclr-small"
    shutil.copytree(made / "aimclr-small", folder)
    config = json.loads((folder / "config.json").read_text())
    config["stores"][0]["path"] = str(store.path)
    write_json(folder / "config.json", config)
    return folder

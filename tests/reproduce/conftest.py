"""A tiny store with labels, and options under which a whole table runs in seconds."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tiny_grid import CHANGES

import tiny
from skelact.reproduce import Options


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.store(tmp_path_factory.mktemp("data") / "five").path


@pytest.fixture
def options() -> Callable[..., Options]:
    """Makes options: small recipes, an epoch each, one seed, the joint stream."""

    def made(**values: Any) -> Options:
        few = {"small": True, "epochs": (1,), "seeds": 1, "streams": ("joint",), "changes": CHANGES}
        return Options(**{**few, **values})

    return made

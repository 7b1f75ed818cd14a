"""What every test gets: one thread, repeatable examples, and the inputs that are not part of the repository."""

import os

# Two test processes of one thread each beat one of two; set before torch is imported, and inherited by subprocesses.
os.environ.setdefault("OMP_NUM_THREADS", "1")

from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, settings

torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"].split(",")[0]))

# A busy machine must not fail a test, so nothing is timed. Under CI every run tries the same examples.
settings.register_profile(
    "skelact",
    max_examples=50,
    deadline=None,
    derandomize=os.environ.get("CI", "").lower() in ("1", "true"),
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("skelact")

SHARED = Path(__file__).resolve().parents[1].parent / "shared"


class Shared:
    """Inputs kept beside the repository; `shared / "golden/streams.npz"` skips the test where that piece is absent."""

    def __truediv__(self, piece: str) -> Path:
        path = SHARED / piece
        if not path.exists():
            pytest.skip(f"needs ../shared/{piece}, which is not on this machine")
        return path


@pytest.fixture(scope="session")
def shared() -> Shared:
    """The folder beside the repository: golden arrays, real recordings, published weights. Read it, never write it."""
    return Shared()

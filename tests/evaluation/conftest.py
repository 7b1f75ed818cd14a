"""A small store of made-up clips and a small random encoder that fits it."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from skelact.data.recording import Recording
from skelact.data.store import Store, write_store
from skelact.encoders.config import STGCNConfig
from skelact.encoders.file import EncoderCard, LoadedEncoder, random_encoder, save_encoder
from skelact.layouts import KINECT_V1

FRAMES = 8
CLASSES = ("wave", "bow", "jump", "never seen")


def _recordings(clips: int = 24, seed: int = 0, persons: int = 1) -> list[Recording]:
    """Clips of a standing cloud of joints; what class 0, 1, 2 does is lift one arm, the head or a foot."""
    rng = np.random.default_rng(seed)
    body = rng.normal(size=(len(KINECT_V1), 3))
    moved = [KINECT_V1.index(joint) for joint in ("left_hand", "head", "right_foot")]
    made = []
    for number in range(clips):
        frames = int(rng.integers(6, 15))
        joints = body + 0.05 * rng.normal(size=(frames, persons, len(KINECT_V1), 3))
        joints[:, :, moved[number % 3], 1] += np.sin(np.linspace(0, np.pi, frames))[:, None] * 2
        identity = np.tile(np.arange(persons), (frames, 1))
        made.append(
            Recording(f"clip{number:02}", joints.astype(np.float32), identity, number % 3, subject=number // 3 % 4)
        )
    return made


def _made_store(path: Path, clips: list[Recording]) -> Store:
    return write_store(
        path, dataset="own", skeleton=KINECT_V1, classes=CLASSES, units="m", frame_rate=30.0, recordings=clips
    )


@pytest.fixture
def recordings() -> Callable[..., list[Recording]]:
    """Makes clips: `recordings(clips=24, seed=0, persons=1)`."""
    return _recordings


@pytest.fixture
def made_store() -> Callable[[Path, list[Recording]], Store]:
    """Writes clips as a store of three classes and one that no clip has."""
    return _made_store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return _made_store(tmp_path / "store", _recordings())


@pytest.fixture
def card() -> EncoderCard:
    return EncoderCard(
        encoder=STGCNConfig(width=2, features=8),
        skeleton=KINECT_V1,
        preparation="released",
        frames=FRAMES,
        persons=1,
        method="aimclr",
    )


@pytest.fixture
def encoder(card: EncoderCard) -> LoadedEncoder:
    return random_encoder(card, seed=77)


@pytest.fixture
def run(tmp_path: Path, card: EncoderCard, encoder: LoadedEncoder) -> Path:
    """A run folder with its encoder."""
    folder = tmp_path / "run"
    folder.mkdir()
    save_encoder(folder / "encoder.safetensors", encoder.network, card)
    return folder

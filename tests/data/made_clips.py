"""Made recordings and a made data set on disk, for the tests of the store, the views and prepare."""

import os
import re
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from skelact.data.recording import Item, ReadError, Recording
from skelact.layouts import KINECT_V2
from skelact.skeleton import Skeleton


def standing(skeleton: Skeleton, seed: int = 0) -> np.ndarray:
    """One pose (v, 3): joints strewn over a person's size, standing along y, shoulders nearly along x."""
    pose = np.random.default_rng(seed).uniform(-0.25, 0.25, (len(skeleton), 3))
    pose[:, 1] += np.linspace(-0.8, 0.8, len(skeleton))
    if "left_shoulder" in skeleton.joints:
        left, right = skeleton.shoulders
        pose[left], pose[right] = (-0.2, 0.5, 0.0), (0.2, 0.5, 0.05)
    return pose


def moving(frames: int, skeleton: Skeleton = KINECT_V2, seed: int = 0, strength: float = 0.1) -> np.ndarray:
    """One person (t, v, 3) whose joints wave smoothly around a standing pose, two metres in front of the sensor."""
    rng = np.random.default_rng(seed + 1000)
    phase, speed = rng.uniform(0, 6, (len(skeleton), 3)), rng.uniform(0.05, 0.3, (len(skeleton), 3))
    waves = strength * np.sin(np.arange(frames)[:, None, None] * speed + phase)
    return standing(skeleton, seed) + waves + np.array([0.3, 0.1, 2.0])


def recording(*people: np.ndarray, name: str = "clip", **told: int) -> Recording:
    """People (t, v, 3) side by side; a person is absent where all their joints are zero."""
    joints = np.stack(people, axis=1).astype(np.float32)
    seen = joints.any(axis=(2, 3))
    identity = np.where(seen, np.arange(len(people)), -1).astype(np.int64)
    return Recording(name, joints, identity, **told)


def clips(count: int = 6, skeleton: Skeleton = KINECT_V2) -> list[Recording]:
    """A few different recordings with one or two people; the last one is a copy of the first."""
    made = []
    for number in range(count - 1):
        frames = 10 + 7 * number
        people = [moving(frames, skeleton, seed=10 * number + person) for person in range(1 + number % 2)]
        told = {"action": number % 3, "subject": number, "camera": 1 + number % 2, "setup": 1, "repetition": 2}
        made.append(recording(*people, name=f"clip{number}", **told))
    return [*made, replace(made[0], name="copy", subject=9)]


CLASSES = ("wave", "sit", "jump")
STORE = {"dataset": "made", "skeleton": KINECT_V2, "classes": CLASSES, "units": "metres", "frame_rate": 30.0}
"""What write_store needs besides the recordings."""


@dataclass(frozen=True)
class MadeReader:
    """Files `<name>.made` that hold a seed, a number of frames and of people; or a word that makes trouble."""

    name: str = "made"
    skeleton: Skeleton = KINECT_V2
    classes: tuple[str, ...] = CLASSES
    units: str = "metres"
    frame_rate: float = 30.0

    def find(self, source: Path) -> list[Item]:
        items = sorted((Item(path) for path in source.rglob("*.made")), key=lambda item: item.path.name)
        if not items:
            raise ReadError(f"{source}: no .made files")
        return items

    def read(self, item: Item) -> Recording:
        text = item.path.read_text()
        if text == "kill":
            os._exit(9)
        if text == "crash":
            raise ZeroDivisionError("a fault of the reader")
        if not re.fullmatch(r"\d+ \d+ \d+", text):
            raise ReadError(f"{item}:1: expected three numbers, found {text!r}\n  a hint")
        seed, frames, people = map(int, text.split())
        made = [moving(frames, seed=seed + person) for person in range(people)]
        if not people:
            made = [np.zeros((frames, 25, 3))]
        return recording(*made, name=item.path.stem, action=seed % 3, subject=seed)


def write_source(folder: Path, count: int = 20) -> Path:
    """A folder with `count` good files, every third with two people."""
    folder.mkdir()
    for number in range(count):
        (folder / f"c{number:03}.made").write_text(f"{number} {20 + number} {2 if number % 3 == 0 else 1}")
    return folder

"""Synthetic recordings: people of many builds doing named actions before several cameras, for demos and tests.

    skelact synthesize --out STORE --clips 2400 --classes 12 --subjects 20 --cameras 3 --seed 0

bodies.py: people and forward kinematics. moves.py: building blocks of movements. alone.py, together.py: the actions of
one and of two persons. actions.py: the list of actions. scenes.py: who does what, with whom and where. sensor.py: the
camera and its errors. generate.py: all clips in order. Everything is a pure function of the configuration.
"""

from dataclasses import asdict
from pathlib import Path

from skelact.data.describe import Summary
from skelact.data.preparations import check_preparation
from skelact.data.progress import with_bar
from skelact.data.store import Operation, write_store
from skelact.data.synthetic.generate import SyntheticConfig, class_names, recordings
from skelact.data.synthetic.moves import RATE
from skelact.layouts import KINECT_V2
from skelact.system.terminal import Terminal

__all__ = ["SyntheticConfig", "class_names", "recordings", "synthesize"]


def synthesize(
    out: Path,
    clips: int = 2400,
    classes: int = 12,
    subjects: int = 20,
    cameras: int = 3,
    seed: int = 0,
    persons: int = 2,
    preparation: str = "robust",
    frames: int = 50,
    progress: bool = True,
) -> Summary:
    """Write the store `out` of synthetic recordings with prepared clips; a summary goes to standard error.

    `persons`: 1 leaves out the actions of two people. `preparation`, `frames`: the prepared clips to make.
    SkelactError, with nothing written: `out` exists, a number out of range, no space left.
    """
    config = SyntheticConfig(
        clips=clips, classes=classes, subjects=subjects, cameras=cameras, seed=seed, persons=persons
    )
    check_preparation(preparation, frames, None, KINECT_V2)
    store = write_store(
        Path(out),
        dataset="synthetic",
        skeleton=KINECT_V2,
        classes=class_names(config),
        units="metres",
        frame_rate=RATE,
        recordings=with_bar(recordings(config), config.clips, "making clips", progress),
        log=[Operation(name="synthesize", parameters={**asdict(config), "preparation": preparation, "frames": frames})],
        prepared=[(preparation, frames)],
        progress=progress,
    )
    summary = Summary.of(store, preparation, frames)
    if progress:
        Terminal(stderr=True).print(summary)
    return summary

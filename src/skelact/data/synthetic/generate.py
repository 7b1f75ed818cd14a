"""Generates the clips of a configuration."""

from collections.abc import Iterator
from dataclasses import dataclass, fields

import numpy as np

from skelact.data.recording import Recording
from skelact.data.synthetic.actions import actions_of
from skelact.data.synthetic.scenes import LONGEST, SHORTEST, perform
from skelact.data.synthetic.sensor import draw_camera, draw_window, record
from skelact.system.world import SkelactError

MOST_CAMERAS = 8


@dataclass(frozen=True)
class SyntheticConfig:
    """Size of the data set. SkelactError names a value out of range, and the range."""

    clips: int = 2400
    """Total recordings. All cameras record every performance; the last one may have fewer cameras."""
    classes: int = 12
    subjects: int = 20
    cameras: int = 3
    """45 degrees apart; they record the same performances."""
    seed: int = 0
    persons: int = 2
    """1 leaves out the actions of two people."""

    def __post_init__(self) -> None:
        lowest = {
            "clips": self.classes * self.cameras,
            "classes": 2,
            "subjects": 2,
            "cameras": 1,
            "seed": 0,
            "persons": 1,
        }
        highest = {
            "clips": 10**7,
            "classes": len(actions_of(self.persons)),
            "subjects": 1000,
            "cameras": MOST_CAMERAS,
            "seed": 2**63 - 1,
            "persons": 2,
        }
        for field in reversed(fields(self)):  # clips last: its range follows from the others
            name, value = field.name, getattr(self, field.name)
            if not lowest[name] <= value <= highest[name]:
                why = " (every class before every camera once)" if name == "clips" and value < lowest[name] else ""
                raise SkelactError(f"{name} must be from {lowest[name]} to {highest[name]}{why}, got {value}")


def class_names(config: SyntheticConfig) -> tuple[str, ...]:
    """Names of the classes of this configuration."""
    return tuple(action.name for action in actions_of(config.persons)[: config.classes])


def recordings(config: SyntheticConfig) -> Iterator[Recording]:
    """All clips: joints of KINECT_V2 in metres in each camera's frame (y up, z away from it), 30 frames a second.

    Classes, subjects and cameras take turns, so any count is balanced. The clips of a performance, one a camera, follow
    each other; their joints differ by a rigid motion and by sensor errors.
    """
    actions = actions_of(config.persons)
    for number in range(-(-config.clips // config.cameras)):
        performance = perform(number, config.classes, config.subjects, config.seed, actions)
        for camera in range(1, min(config.cameras, config.clips - number * config.cameras) + 1):
            rng = np.random.default_rng([config.seed, 3, number, camera])
            window = draw_window(performance.span, SHORTEST, LONGEST, rng)
            joints, identity = record(performance.joints[window], draw_camera(camera, config.cameras, rng), rng)
            subject, repetition, action = performance.subject, performance.repetition, performance.action
            yield Recording(
                name=f"S001C{camera:03d}P{subject:03d}R{repetition:03d}A{action + 1:03d}",
                joints=joints,
                identity=identity,
                action=action,
                subject=subject,
                camera=camera,
                setup=1,
                repetition=repetition,
            )

"""A movement under construction: a body in a random start pose, and the building blocks of actions.

Actions are written for right-handers; left-handers are mirrored at the end. Time inside an action is its phase, from 0
at the onset to 1 at the end; before and after it the body idles.
"""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from skelact.data.synthetic.bodies import ANGLES, Body, mirrored, within_limits

Weight = Float64[np.ndarray, "t"]
Number = float | int

RATE = 30.0
"""Frames a second."""

# raise, plane, spin, elbow: hanging, clasped in front, on the hips, crossed, on guard, behind the back
_ARM_POSES = (
    (7, 60, 0, 12),
    (14, 5, -42, 68),
    (42, 105, -55, 100),
    (28, 5, -72, 112),
    (22, 20, -8, 95),
    (22, 145, -60, 55),
)
_ARM_POSE_SHARE = (0.5, 0.14, 0.1, 0.08, 0.12, 0.06)


@dataclass(frozen=True)
class Timing:
    """When the action happens in its clip; shared by the two persons of one action."""

    frames: int
    onset: float
    """Frame at which it starts."""
    length: float
    """Its duration in frames."""
    skew: float = 1.0
    """Exponent of the phase: above 1 starts slowly, below 1 finishes slowly."""
    haste: float = 0.5
    """From 0 to 1: how often a repeated movement is repeated."""

    @property
    def span(self) -> tuple[int, int]:
        """First frame of the action, and the one after its last."""
        return int(self.onset), math.ceil(self.onset + self.length)


class Move:
    """The joint angles of one body over one clip, under construction."""

    def __init__(self, body: Body, timing: Timing, rng: np.random.Generator, aim: float = 0.0):
        self.aim = aim
        """Degrees to reach higher than level, as the other person is taller."""
        self.body, self.rng, self.timing = body, rng, timing
        frames = timing.frames
        self.seconds = timing.length / RATE
        raw = np.clip((np.arange(frames) - timing.onset) / timing.length, 0, 1)
        self.phase: Weight = raw**timing.skew
        self.size = float(body.vigour * rng.uniform(0.8, 1.15))
        self.angles: dict[str, Weight] = {name: np.zeros(frames) for name in ANGLES}
        self.lift: Weight = np.zeros(frames)
        """Height of the lower foot above the ground, in metres."""
        self.advance: Weight = np.zeros(frames)
        """Distance walked forward, in metres."""
        self._stand()

    def _stand(self) -> None:
        now = np.ones(self.timing.frames)
        both = self.rng.choice(len(_ARM_POSES), p=_ARM_POSE_SHARE)
        for side in ("right", "left"):
            own = self.rng.choice(len(_ARM_POSES), p=_ARM_POSE_SHARE)
            pose = _ARM_POSES[both if self.rng.random() < 0.7 else own]
            self.arm(side, now, *(self.about(value, 5) for value in pose), wrist=self.about(0, 8))
            spread, knee = self.rng.uniform(0, 11), self.rng.uniform(2, 10)
            self.leg(side, now, self.about(knee / 2, 3), spread, knee, knee / 2)
        self.pose(now, pelvis_turn=self.about(0, 7), trunk_bend=self.about(3, 4), trunk_side=self.about(0, 2.5))
        self.pose(now, trunk_twist=self.about(0, 5), head_turn=self.about(0, 10), head_nod=self.about(4, 7))

    def about(self, value: Number, spread: Number) -> float:
        """A random value near this one."""
        return float(self.rng.normal(value, spread))

    def times(self, low: Number, high: Number, most: int) -> int:
        """Number of repetitions at `low` to `high` hertz within the action, from 1 to `most`."""
        wanted = (low + (high - low) * self.timing.haste) * self.seconds
        return int(np.clip(round(wanted), 1, most))

    def count(self, most: int) -> int:
        """Number of repetitions of a slow movement, from 1 to `most`."""
        return 1 + int(self.timing.haste * most * 0.999)

    def over(self, begin: Number, full: Number, leave: Number, end: Number) -> Weight:
        """0 until phase `begin`, smoothly 1 from `full` to `leave`, 0 from `end` on. A leave of 1 or more stays."""
        fall = 0.0 if leave >= 1 else _smooth((self.phase - leave) / (end - leave))
        return _smooth((self.phase - begin) / (full - begin)) * (1 - fall)

    def cycle(self, begin: Number, end: Number, times: int) -> Weight:
        """Phase of a repeated movement, in cycles: 0 until `begin`, `times` from `end` on."""
        return times * np.clip((self.phase - begin) / (end - begin), 0, 1)

    def pose(self, weight: Weight, **targets: Number) -> None:
        """Move the named angles towards their targets, by the share `weight`."""
        for name, target in targets.items():
            self.angles[name] = self.angles[name] + weight * (target - self.angles[name])

    def add(self, **curves: Weight) -> None:
        """Add curves in degrees to the named angles."""
        for name, curve in curves.items():
            self.angles[name] = self.angles[name] + curve

    def arm(
        self, side: str, weight: Weight, up: Number, plane: Number, spin: Number, elbow: Number, wrist: Number = 0
    ) -> None:
        """Bring one arm to these angles."""
        names = ("shoulder_raise", "shoulder_plane", "shoulder_spin", "elbow", "wrist")
        targets = zip(names, (up, plane, spin, elbow, wrist), strict=True)
        self.pose(weight, **{f"{side}_{name}": target for name, target in targets})

    def leg(self, side: str, weight: Weight, up: Number, spread: Number, knee: Number, ankle: Number = 0) -> None:
        """Bring one leg to these angles."""
        names = ("hip_raise", "hip_spread", "knee", "ankle")
        targets = zip(names, (up, spread, knee, ankle), strict=True)
        self.pose(weight, **{f"{side}_{name}": target for name, target in targets})

    def bend(self, curve: Weight) -> None:
        """Bend forward by `curve` degrees, half of it in the hips; the seat moves back for balance."""
        self.add(pelvis_pitch=curve / 2, trunk_bend=curve / 2)
        self.add(left_hip_raise=curve * 0.58, right_hip_raise=curve * 0.58)
        self.add(left_ankle=-curve * 0.08, right_ankle=-curve * 0.08)

    def seat(self, down: Weight) -> None:
        """Sit down on a chair; `down`: 0 standing, 1 seated."""
        deep, knee = self.about(82, 5), self.about(88, 5)
        for side in ("left", "right"):
            self.leg(side, down, deep + self.about(0, 3), self.about(7, 4), knee + self.about(0, 4), 0)

    def crouch(self, curve: Weight) -> None:
        """Bend the knees by `curve` degrees, feet flat."""
        for side in ("left", "right"):
            self.add(**{f"{side}_hip_raise": curve * 0.52, f"{side}_knee": curve, f"{side}_ankle": curve * 0.48})

    def fidget(self) -> None:
        """Small idle movements of the arms, such as touching the head or looking at a watch."""
        end = self.timing.onset + self.timing.length
        now = np.arange(self.timing.frames)
        for begin, stop in ((0.0, self.timing.onset), (end, float(self.timing.frames))):
            for side in ("left", "right"):
                if stop - begin < 15 or self.rng.random() > 0.15:
                    continue
                half = min(self.rng.uniform(8, 20), (stop - begin) / 2)
                middle = begin + half + self.rng.random() * (stop - begin - 2 * half)
                weight = _smooth(1.5 * (1 - np.abs(now - middle) / half))
                up, plane, spin = self.rng.uniform(15, 110), self.rng.uniform(-10, 80), self.rng.uniform(-50, 60)
                self.arm(side, weight, up, plane, spin, self.rng.uniform(60, 135))

    def path(self) -> Float64[np.ndarray, "t 1 3"]:
        """Displacement of the body in metres."""
        return np.stack([np.zeros_like(self.lift), self.lift, self.advance], axis=1)[:, None]

    def finish(self) -> Float64[np.ndarray, "t a"]:
        """All angles, with small random motion, clipped to the limits; mirrored for left-handers."""
        self.fidget()
        angles = np.stack([self.angles[name] for name in ANGLES], axis=1)
        seconds = np.arange(len(angles)) / RATE
        for hertz, degrees in ((0.15, 2.2), (0.4, 1.2), (0.9, 0.6)):
            start = self.rng.uniform(0, 2 * np.pi, angles.shape[1])
            pace = hertz * self.rng.uniform(0.7, 1.4, angles.shape[1])
            size = degrees * self.rng.normal(size=angles.shape[1])
            angles = angles + size * np.sin(2 * np.pi * seconds[:, None] * pace + start)
        return within_limits(mirrored(angles) if self.body.left_handed else angles)


def _smooth(x: Weight) -> Weight:
    x = np.clip(x, 0, 1)
    return x * x * x * (x * (6 * x - 15) + 10)


def bump(x: Weight, begin: float, peak: float, end: float) -> Weight:
    """A smooth hill over x from `begin` to `end`, 1 at `peak`."""
    rise, fall = np.clip((x - begin) / (peak - begin), 0, 1), np.clip((end - x) / (end - peak), 0, 1)
    low = np.minimum(rise, fall)
    return low * low * (3 - 2 * low)

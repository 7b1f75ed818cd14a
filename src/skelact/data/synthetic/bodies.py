"""Articulated bodies: people of different build, and forward kinematics from joint angles to joint positions.

A body stands in its own frame: x to its left, y up, z forward, feet at y = 0. Angles are degrees, lengths metres.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from skelact.layouts import KINECT_V2

_ONE_SIDE = {
    "shoulder_raise": (0, 175),  # 0 hangs, 90 level, 180 overhead
    "shoulder_plane": (-45, 150),  # where it is raised to: 0 forward, 90 outward, negative across the chest
    "shoulder_spin": (-80, 100),  # about the upper arm; positive turns a bent forearm outward
    "elbow": (0, 150),
    "wrist": (-60, 70),
    "hip_raise": (-30, 120),
    "hip_spread": (-15, 60),
    "knee": (0, 145),
    "ankle": (-45, 40),
}
LIMITS: dict[str, tuple[float, float]] = {
    "pelvis_pitch": (-30, 70),
    "pelvis_side": (-25, 25),
    "pelvis_turn": (-60, 60),
    "trunk_bend": (-30, 80),
    "trunk_side": (-35, 35),
    "trunk_twist": (-50, 50),
    "head_nod": (-45, 50),
    "head_turn": (-75, 75),
    **{f"{side}_{angle}": limits for side in ("left", "right") for angle, limits in _ONE_SIDE.items()},
}
"""Every joint angle in degrees: (lowest, highest). 0 everywhere is standing at attention."""

ANGLES = tuple(LIMITS)
"""Names of the angles in the order of the angle axis."""


def _other_side(angle: str) -> str:
    side, _, rest = angle.partition("_")
    return {"left": "right_", "right": "left_"}[side] + rest if side in ("left", "right") else angle


_MIRROR = [ANGLES.index(_other_side(angle)) for angle in ANGLES]
_SIGN = np.array([-1.0 if name.endswith(("_side", "_turn", "_twist")) else 1.0 for name in ANGLES])

Grow = Callable[..., None]
"""Adds a joint at the end of a bone: (joint, parent, rotation, offset as a share of the height)."""

_LEFT, _UP, _FORWARD = np.eye(3)
_SIDES = (("left", 1.0), ("right", -1.0))


@dataclass(frozen=True)
class Body:
    """One subject: build, as height in metres and proportions around 1, and temperament."""

    height: float
    legs: float = 1.0
    arms: float = 1.0
    breadth: float = 1.0
    left_handed: bool = False
    tempo: float = 1.0
    """Speed of everything this subject does."""
    vigour: float = 1.0
    """Size of every movement of this subject."""


def draw_body(rng: np.random.Generator) -> Body:
    """A random subject. One in four is left-handed, more than in reality, so that small sets have some."""
    return Body(
        height=float(rng.uniform(1.48, 1.95)),
        legs=float(rng.uniform(0.92, 1.08)),
        arms=float(rng.uniform(0.92, 1.08)),
        breadth=float(rng.uniform(0.85, 1.18)),
        left_handed=bool(rng.random() < 0.25),
        tempo=float(rng.uniform(0.85, 1.2)),
        vigour=float(rng.uniform(0.85, 1.15)),
    )


def mirrored(angles: Float64[np.ndarray, "t a"]) -> Float64[np.ndarray, "t a"]:
    """The same movement seen in a mirror: sides exchanged, turns and sideways bends reversed."""
    return angles[:, _MIRROR] * _SIGN


def within_limits(angles: Float64[np.ndarray, "t a"]) -> Float64[np.ndarray, "t a"]:
    """Angles clipped to the limits of the joints."""
    low, high = np.array(list(LIMITS.values()), dtype=float).T
    return np.clip(angles, low, high)


def positions(body: Body, angles: Float64[np.ndarray, "t a"]) -> Float64[np.ndarray, "t v 3"]:
    """Forward kinematics: joints of KINECT_V2 in the body's frame, the lower foot on the ground.

    Bones are those of the KINECT_V2 tree, computed from the hips; their lengths are constant over time. The supporting
    foot (both, weighted by how low they are) stays at x = z = 0.
    """
    angle = dict(zip(ANGLES, within_limits(angles).T, strict=True))
    height = body.height
    joints: dict[str, np.ndarray] = {"hip_center": np.zeros((len(angles), 3))}

    def grow(joint: str, parent: str, turn: np.ndarray, *offset: float | int) -> None:
        joints[joint] = joints[parent] + turn @ (np.array(offset) * height)

    pelvis = _about(_UP, angle["pelvis_turn"]) @ _about(_LEFT, angle["pelvis_pitch"])
    pelvis = pelvis @ _about(_FORWARD, -angle["pelvis_side"])
    half = _about(_UP, angle["trunk_twist"] / 2) @ _about(_LEFT, angle["trunk_bend"] / 2)
    half = half @ _about(_FORWARD, -angle["trunk_side"] / 2)
    chest = pelvis @ half @ half
    head = chest @ _about(_UP, angle["head_turn"]) @ _about(_LEFT, angle["head_nod"])
    grow("spine", "hip_center", pelvis @ half, 0, 0.16, 0)
    grow("shoulder_center", "spine", chest, 0, 0.13, 0)
    grow("neck", "shoulder_center", chest, 0, 0.04, 0)
    grow("head", "neck", head, 0, 0.075, 0.015)
    for side, sign in _SIDES:
        _grow_arm(grow, angle, chest, side, sign, body)
        _grow_leg(grow, angle, pelvis, side, sign, body)
    stacked = np.stack([joints[joint] for joint in KINECT_V2.joints], axis=1)
    return stacked - _support(joints)[:, None]


def _grow_arm(grow: Grow, angle: dict[str, np.ndarray], chest: np.ndarray, side: str, sign: float, body: Body) -> None:
    plane = np.radians(angle[f"{side}_shoulder_plane"])
    # The arm swings about a level axis without twisting, so there is no singularity when it hangs.
    axis = np.stack([-np.cos(plane), np.zeros_like(plane), sign * np.sin(plane)], axis=1)
    upper = chest @ _about(axis, angle[f"{side}_shoulder_raise"]) @ _about(_UP, sign * angle[f"{side}_shoulder_spin"])
    fore = upper @ _about(_LEFT, -angle[f"{side}_elbow"])
    hand = fore @ _about(_FORWARD, -sign * angle[f"{side}_wrist"])
    grow(f"{side}_shoulder", "shoulder_center", chest, sign * 0.105 * body.breadth, -0.025, 0)
    grow(f"{side}_elbow", f"{side}_shoulder", upper, 0, -0.165 * body.arms, 0)
    grow(f"{side}_wrist", f"{side}_elbow", fore, 0, -0.145 * body.arms, 0)
    grow(f"{side}_hand", f"{side}_wrist", hand, 0, -0.045 * body.arms, 0)
    grow(f"{side}_thumb", f"{side}_hand", hand, 0, -0.012, 0.025)
    grow(f"{side}_hand_tip", f"{side}_thumb", hand, 0, -0.033, -0.022)


def _grow_leg(grow: Grow, angle: dict[str, np.ndarray], pelvis: np.ndarray, side: str, sign: float, body: Body) -> None:
    thigh = pelvis @ _about(_FORWARD, sign * angle[f"{side}_hip_spread"]) @ _about(_LEFT, -angle[f"{side}_hip_raise"])
    shank = thigh @ _about(_LEFT, angle[f"{side}_knee"])
    foot = shank @ _about(_LEFT, -angle[f"{side}_ankle"])
    grow(f"{side}_hip", "hip_center", pelvis, sign * 0.048 * body.breadth, -0.02, 0)
    grow(f"{side}_knee", f"{side}_hip", thigh, 0, -0.235 * body.legs, 0)
    grow(f"{side}_ankle", f"{side}_knee", shank, 0, -0.235 * body.legs, 0)
    grow(f"{side}_foot", f"{side}_ankle", foot, 0, -0.035, 0.065)


def _support(joints: dict[str, np.ndarray]) -> Float64[np.ndarray, "t 3"]:
    ankles = np.stack([joints["left_ankle"], joints["right_ankle"]])
    feet = np.stack([joints["left_foot"], joints["right_foot"]])
    lowest = np.minimum(ankles[..., 1], feet[..., 1])
    share = np.exp(-(lowest - lowest.min(axis=0)) / 0.08)
    share /= share.sum(axis=0)
    point = (share[..., None] * ankles).sum(axis=0)
    point[:, 1] = lowest.min(axis=0)
    return point


def _about(axis: np.ndarray, degrees: np.ndarray) -> Float64[np.ndarray, "t 3 3"]:
    """Rotations about one axis, or one axis a frame (Rodrigues)."""
    x, y, z = np.broadcast_to(axis, (len(degrees), 3)).T
    sine, cosine = np.sin(np.radians(degrees)), np.cos(np.radians(degrees))
    rest = 1 - cosine
    rows = [
        [x * x * rest + cosine, x * y * rest - z * sine, x * z * rest + y * sine],
        [x * y * rest + z * sine, y * y * rest + cosine, y * z * rest - x * sine],
        [x * z * rest - y * sine, y * z * rest + x * sine, z * z * rest + cosine],
    ]
    return np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)

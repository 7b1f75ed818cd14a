"""From the tree and the channels of a BVH file to a skeleton value and to places of its joints."""

import re
from collections import Counter
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float64

from skelact.data.readers.bvh_text import Motion, Node
from skelact.skeleton import Axis, Skeleton

_SIDES = (
    re.compile(r"left|right", re.IGNORECASE),
    re.compile(r"(?<![A-Za-z])[lr](?![A-Za-z])", re.IGNORECASE),  # Hand_L, l_arm, arm.R
    re.compile(r"(?<![A-Za-z])[lrLR](?=[A-Z])"),  # lShldr, RHipJoint
)
_OTHER = {"left": "right", "right": "left", "l": "r", "r": "l"}


@np.errstate(all="ignore")
def positions(motion: Motion) -> Float64[np.ndarray, "t v 3"]:
    """Place of every node in every frame (forward kinematics), in the units of the file.

    A joint stands at p = p_parent + R_parent o and turns what hangs on it by R = R_parent R_1 R_2 R_3, the rotations
    in the order of its channels, in degrees. A position channel takes the place of that coordinate of the offset o.
    """
    frames = len(motion.values)
    places = np.zeros((frames, len(motion.nodes), 3))
    turns: list[np.ndarray] = []
    column = 0
    for number, node in enumerate(motion.nodes):  # a number that is too large makes infinite places, refused later
        offset = np.tile(node.offset, (frames, 1))
        turn = np.broadcast_to(np.eye(3), (frames, 3, 3))
        for channel in node.channels:
            value, axis = motion.values[:, column], "XYZ".index(channel[0])
            column += 1
            if channel.endswith("position"):
                offset[:, axis] = value
            else:
                turn = turn @ _about(axis, np.radians(value))
        if node.parent == -1:
            places[:, number] = offset
        else:
            places[:, number] = places[:, node.parent] + (turns[node.parent] @ offset[..., None])[..., 0]
            turn = turns[node.parent] @ turn
        turns.append(turn)
    return places


def _about(axis: int, angle: Float64[np.ndarray, " t"]) -> Float64[np.ndarray, "t 3 3"]:
    """Right-handed turn about an axis."""
    one, two = (axis + 1) % 3, (axis + 2) % 3
    turn = np.zeros((len(angle), 3, 3))
    turn[:, axis, axis] = 1
    turn[:, one, one] = turn[:, two, two] = np.cos(angle)
    turn[:, two, one] = np.sin(angle)
    turn[:, one, two] = -turn[:, two, one]
    return turn


def kept(nodes: Sequence[Node], root: str | None) -> list[int]:
    """Places of the nodes that become joints: those from `root` on, without ends that stand where their parent does.

    KeyError: no joint of that name.
    """
    start = 0
    if root is not None:
        names = [node.name for node in nodes]
        if root not in names:
            raise KeyError(root)
        start = names.index(root)
    below = {start}
    for number, node in enumerate(nodes):
        if node.parent in below:
            below.add(number)
    return [number for number in sorted(below) if not (nodes[number].end and not any(nodes[number].offset))]


def skeleton_of(nodes: Sequence[Node], places: Sequence[int], up: Axis) -> Skeleton:
    """The skeleton of these nodes; left and right are told by Left and Right, L and R in their names."""
    names = tuple(nodes[place].name for place in places)
    parents = tuple(places.index(nodes[place].parent) if nodes[place].parent in places else -1 for place in places)
    mirror = _mirror(names)
    return Skeleton(
        name=f"bvh_{len(names)}",
        joints=names,
        parents=parents,
        mirror=mirror,
        parts=_parts(names, parents, mirror),
        up=up,
    )


def _swapped(name: str) -> str | None:
    """The name with its first word for a side exchanged; None if it has none."""
    for pattern in _SIDES:
        if match := pattern.search(name):
            side, other = match.group(), _OTHER[match.group().lower()]
            other = other.upper() if side.isupper() else other.capitalize() if side[0].isupper() else other
            return name[: match.start()] + other + name[match.end() :]
    return None


def _mirror(names: Sequence[str]) -> tuple[int, ...]:
    place = {name: number for number, name in enumerate(names)}
    mirror = []
    for number, name in enumerate(names):
        other = _swapped(name)
        paired = other is not None and other in place and _swapped(other) == name
        mirror.append(place[other] if paired and other is not None else number)
    return tuple(mirror)


def _parts(names: Sequence[str], parents: Sequence[int], mirror: Sequence[int]) -> dict[str, tuple[int, ...]]:
    """Legs hang on the lowest joint that pairs hang on, arms on the one with most of the others; else {}."""
    hung, depth = [], {-1: 0}
    for joint, parent in enumerate(parents):
        depth[joint] = depth[parent] + 1
        paired = mirror[joint] != joint
        hung.append(-1 if not paired else hung[parent] if parent >= 0 and mirror[parent] != parent else parent)
    counts = Counter(place for place in hung if place >= 0)
    if len(counts) < 2:
        return {}
    pelvis = min(counts, key=lambda joint: depth[joint])
    chest = max((joint for joint in counts if joint != pelvis), key=lambda joint: counts[joint])
    parts: dict[str, list[int]] = {part: [] for part in ("trunk", "left_arm", "right_arm", "left_leg", "right_leg")}
    for joint, name in enumerate(names):
        limb = {pelvis: "leg", chest: "arm"}.get(hung[joint])
        side = next(match.group()[0].lower() for pattern in _SIDES if (match := pattern.search(name))) if limb else ""
        parts["trunk" if limb is None else f"{'left' if side == 'l' else 'right'}_{limb}"].append(joint)
    return {part: tuple(joints) for part, joints in parts.items()}

"""Forward kinematics: from the tree and channels of a BVH file to joint positions."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float64

from skelact.data.readers.bvh_text import Motion
from skelact.data.readers.bvh_tree import Node

AT_ONCE = 2**25
"""Bytes of rotations held at a time."""


def collapsed(motion: Motion) -> tuple[int, ...]:
    """Nodes below the root with an offset whose position channels are zero throughout.

    Some programs write position channels for every joint and leave them at zero; they mean the offset. Taken literally,
    such a node would fall onto its parent.
    """
    found, column = [], 0
    for number, node in enumerate(motion.nodes):
        coordinates = [index for index, channel in enumerate(node.channels) if channel.endswith("position")]
        held = any(node.offset["XYZ".index(node.channels[index][0])] for index in coordinates)
        if node.parent != -1 and held and not motion.values[:, [column + index for index in coordinates]].any():
            found.append(number)
        column += len(node.channels)
    return tuple(found)


def at_rest(nodes: Sequence[Node]) -> Float64[np.ndarray, "v 3"]:
    """Position of every node without rotations: the sum of its own offset and those above."""
    coordinates = np.zeros((len(nodes), 3))
    for number, node in enumerate(nodes):
        coordinates[number] = node.offset if node.parent == -1 else coordinates[node.parent] + node.offset
    return coordinates


def frames_at_once(motion: Motion) -> int:
    """Number of frames whose rotations take about AT_ONCE bytes; at least 1."""
    return max(1, AT_ONCE // (len(motion.nodes) * 12 * 8))


@np.errstate(all="ignore")
def positions(
    motion: Motion, rows: Sequence[int] | slice = slice(None), at_offset: Sequence[int] = ()
) -> Float64[np.ndarray, "t v 3"]:
    """Position of every node in the frames `rows` (forward kinematics), in the units of the file.

    Position p = p_parent + R_parent o, with offset o. Rotation R = R_parent R_1 R_2 R_3, in the order of the channels,
    which are in degrees. A position channel replaces that coordinate of the offset, except for nodes `at_offset`.
    """
    values = motion.values[rows]
    frames = len(values)
    coordinates = np.zeros((frames, len(motion.nodes), 3))
    turns: list[np.ndarray | None] = []  # None: not turned; a node without rotations shares its parent's
    column = 0
    for number, node in enumerate(motion.nodes):  # too large numbers give infinite positions, refused later
        offset = np.tile(node.offset, (frames, 1))
        turn = None
        for channel in node.channels:
            value, axis = values[:, column], "XYZ".index(channel[0])
            column += 1
            if not channel.endswith("position"):
                turn = _about(axis, np.radians(value)) if turn is None else turn @ _about(axis, np.radians(value))
            elif number not in at_offset:
                offset[:, axis] = value
        above = turns[node.parent] if node.parent != -1 else None
        base = coordinates[:, node.parent] if node.parent != -1 else 0
        coordinates[:, number] = base + (offset if above is None else (above @ offset[..., None])[..., 0])
        turns.append(above if turn is None else turn if above is None else above @ turn)
    return coordinates


def _about(axis: int, angle: Float64[np.ndarray, " t"]) -> Float64[np.ndarray, "t 3 3"]:
    """Right-handed rotations about an axis; angles in radians."""
    one, two = (axis + 1) % 3, (axis + 2) % 3
    turn = np.zeros((len(angle), 3, 3))
    turn[:, axis, axis] = 1
    turn[:, one, one] = turn[:, two, two] = np.cos(angle)
    turn[:, two, one] = np.sin(angle)
    turn[:, one, two] = -turn[:, two, one]
    return turn

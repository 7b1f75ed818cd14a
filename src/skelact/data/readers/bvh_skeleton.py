"""Makes a skeleton from the tree of a BVH file."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float64

from skelact.data.readers.bvh_parts import parts_of
from skelact.data.readers.bvh_sides import mirror_of
from skelact.data.readers.bvh_tree import Node
from skelact.data.recording import Item, ReadError
from skelact.skeleton import Axis, Skeleton

NO_SIDES = (
    "no joint has a name that another has for the other side of the body: there are no mirror images and no parts, "
    "and clips are not turned to face one way"
)


def joints_of(item: Item, nodes: Sequence[Node], root: str | None) -> list[int]:
    """Indices of the nodes that are joints, from `root` on. ReadError: no such joint, or fewer than two."""
    try:
        indices = kept(nodes, root)
    except KeyError:
        names = ", ".join(node.name for node in nodes[:40])
        raise ReadError(f"{item}: expected a joint {root!r}, found {names}") from None
    if len(indices) < 2:
        raise ReadError(f"{item}: expected at least 2 joints, found {len(indices)}")
    return indices


def difference(one: Skeleton, names: tuple[str, ...], parents: tuple[int, ...]) -> str:
    """How joints with these names and parents differ from those of a skeleton, in words."""
    missing = [joint for joint in one.joints if joint not in names]
    extra = [joint for joint in names if joint not in one.joints]
    if missing or extra:
        listed = [f"no {', '.join(missing[:5])}" if missing else "", f"{', '.join(extra[:5])} more" if extra else ""]
        return f"found {len(names)} joints instead of {len(one)}: {'; '.join(filter(None, listed))}"
    if one.joints != names:
        index = next(index for index, (a, b) in enumerate(zip(one.joints, names, strict=True)) if a != b)
        return f"found {names[index]} as joint {index} instead of {one.joints[index]}"
    joint = next(joint for joint, (a, b) in enumerate(zip(one.parents, parents, strict=True)) if a != b)
    wanted, found = ((*names, "nothing")[above[joint]] for above in (one.parents, parents))
    return f"found {one.joints[joint]} below {found} instead of {wanted}"


def kept(nodes: Sequence[Node], root: str | None) -> list[int]:
    """Indices of the nodes that become joints: those from `root` on, without end sites of length 0.

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


def tree_of(nodes: Sequence[Node], indices: Sequence[int]) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """Names and parents of the joints at these indices."""
    order = {index: joint for joint, index in enumerate(indices)}
    return tuple(nodes[index].name for index in indices), tuple(order.get(nodes[index].parent, -1) for index in indices)


@np.errstate(all="ignore")  # too large offsets are ignored
def skeleton_of(nodes: Sequence[Node], indices: Sequence[int], up: Axis) -> tuple[Skeleton, tuple[str, ...]]:
    """The skeleton of the nodes at these indices, and notes on what is unknown about it."""
    names, parents = tree_of(nodes, indices)
    offsets = np.array([nodes[index].offset for index in indices])
    mirror, left = mirror_of(names, parents, offsets)
    parts, notes = parts_of(names, parents, offsets, left, up_vector(up)) if left else ({}, (NO_SIDES,))
    return Skeleton(name=f"bvh_{len(names)}", joints=names, parents=parents, mirror=mirror, parts=parts, up=up), notes


def up_vector(up: Axis) -> Float64[np.ndarray, "3"]:
    """The unit vector along a signed axis."""
    return np.eye(3)["xyz".index(up[1])] * (1 if up[0] == "+" else -1)

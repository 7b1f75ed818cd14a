"""Parses layouts that are written as text: a line a joint, and the joints of each part."""

from skelact.skeleton import Axis, Skeleton


def written(name: str, tree: str, parts: dict[str, str], up: Axis = "+y", picture: bool = False) -> Skeleton:
    """A skeleton from lines `joint < parent`, in array order; the line of the root has no parent."""
    pairs = [[word.strip() for word in line.split("<")] for line in tree.strip().splitlines()]
    joints = [pair[0] for pair in pairs]
    parents = [joints.index(pair[1]) if len(pair) == 2 else -1 for pair in pairs]
    members = {part: tuple(joints.index(joint) for joint in names.split()) for part, names in parts.items()}
    return Skeleton(name=name, joints=tuple(joints), parents=tuple(parents), parts=members, up=up, picture=picture)


def limbs(arm: str, leg: str, trunk: str) -> dict[str, str]:
    """The five parts, from joint names of an arm, a leg and the trunk; sides are added to the names."""
    return {
        "trunk": trunk,
        **{f"{side}_arm": " ".join(f"{side}_{joint}" for joint in arm.split()) for side in ("left", "right")},
        **{f"{side}_leg": " ".join(f"{side}_{joint}" for joint in leg.split()) for side in ("left", "right")},
    }

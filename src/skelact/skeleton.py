"""A skeleton layout as a value: joints, tree, mirror, parts. Graphs, bones, flips and plots all derive from it."""

import json
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Literal, Self

import numpy as np
from pydantic import ValidationError, model_validator

from skelact.config import Config
from skelact.world import SkelactError

Axis = Literal["+x", "-x", "+y", "-y", "+z", "-z"]


class Skeleton(Config):
    """One layout of joints.

    The tree is rooted at the centre joint: the one that preparation subtracts and that the graph is partitioned around.
    Left and right are exchanged by name (`left_x` <-> `right_x`) unless `mirror` is given.
    """

    name: str
    joints: tuple[str, ...]
    """Joint names, in the order of the array axis V."""
    parents: tuple[int, ...]
    """Index of each joint's parent; -1 for the one root, which is the centre."""
    mirror: tuple[int, ...] = ()
    """Joint that stands where this one stands in the mirror image; its own inverse."""
    parts: dict[str, tuple[int, ...]] = {}
    """Body parts (trunk, left_arm, right_arm, left_leg, right_leg); a joint belongs to at most one."""
    up: Axis = "+y"
    """Axis that points up in raw recordings of this layout."""

    @model_validator(mode="before")
    @classmethod
    def _mirror_by_name(cls, values: dict) -> dict:
        if isinstance(values, dict) and not values.get("mirror") and "joints" in values:
            joints = [str(joint) for joint in values["joints"]]
            place = {joint: index for index, joint in enumerate(joints)}
            values = {**values, "mirror": tuple(place.get(_other_side(joint), place[joint]) for joint in joints)}
        return values

    @model_validator(mode="after")
    def _check(self) -> Self:
        count = len(self.joints)
        if count < 2:
            raise ValueError(f"a skeleton needs at least 2 joints, got {count}")
        if len(set(self.joints)) != count:
            twice = sorted({joint for joint in self.joints if self.joints.count(joint) > 1})
            raise ValueError(f"joint names must differ, got twice: {', '.join(twice)}")
        if len(self.parents) != count:
            raise ValueError(f"expected {count} parents (one a joint), found {len(self.parents)}")
        roots = [joint for joint, parent in enumerate(self.parents) if parent == -1]
        if len(roots) != 1:
            raise ValueError(f"expected exactly one root (parent -1), found {len(roots)}")
        for joint, parent in enumerate(self.parents):
            if not -1 <= parent < count:
                raise ValueError(f"parent of joint {joint} ({self.joints[joint]}) must be below {count}, got {parent}")
            steps = 0
            while parent != -1:
                parent, steps = self.parents[parent], steps + 1
                if steps > count:
                    raise ValueError(f"the parents of joint {joint} ({self.joints[joint]}) run in a circle")
        if sorted(self.mirror) != list(range(count)) or any(
            self.mirror[other] != joint for joint, other in enumerate(self.mirror)
        ):
            raise ValueError(f"mirror must be a permutation of {count} joints that is its own inverse")
        members = [joint for part in self.parts.values() for joint in part]
        if len(set(members)) != len(members) or any(not 0 <= joint < count for joint in members):
            raise ValueError(f"parts must hold each of the {count} joints at most once")
        return self

    def __len__(self) -> int:
        return len(self.joints)

    @cached_property
    def centre(self) -> int:
        """Index of the root joint."""
        return self.parents.index(-1)

    @cached_property
    def bones(self) -> tuple[tuple[int, int], ...]:
        """(joint, parent) of every joint but the centre."""
        return tuple((joint, parent) for joint, parent in enumerate(self.parents) if parent != -1)

    @property
    def shoulders(self) -> tuple[int, int]:
        """Indices of left_shoulder and right_shoulder: the line that tells which way a body faces."""
        return self.index("left_shoulder"), self.index("right_shoulder")

    def index(self, joint: str) -> int:
        """Index of a joint by name; a SkelactError lists the names there are."""
        if joint not in self.joints:
            raise SkelactError(f"skeleton {self.name} has no joint {joint!r}; it has {', '.join(self.joints)}")
        return self.joints.index(joint)

    def order_in(self, other: Sequence[str]) -> np.ndarray:
        """For each joint of this layout its index among the names `other`; a SkelactError names what is missing."""
        missing = [joint for joint in self.joints if joint not in other]
        if missing:
            raise SkelactError(
                f"cannot map to skeleton {self.name}: {len(missing)} of its {len(self)} joints have no namesake: "
                + ", ".join(missing)
            )
        return np.array([list(other).index(joint) for joint in self.joints])

    @classmethod
    def from_json(cls, path: Path) -> "Skeleton":
        """Read a layout from a small JSON file with this class's fields."""
        try:
            return cls.model_validate(json.loads(Path(path).read_text(encoding="utf-8")))
        except (OSError, UnicodeDecodeError, json.JSONDecodeError, ValidationError) as error:
            raise SkelactError(f"{path}: not a skeleton: {error}") from error


def _other_side(joint: str) -> str:
    if joint.startswith("left_"):
        return "right_" + joint.removeprefix("left_")
    if joint.startswith("right_"):
        return "left_" + joint.removeprefix("right_")
    return joint

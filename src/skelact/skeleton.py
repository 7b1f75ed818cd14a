"""A skeleton layout: joints, tree, mirror, parts. Graphs, bones, flips and plots derive from it."""

import json
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
from pydantic import Field, model_validator

from skelact.config import Axis, Config
from skelact.sides import LEFT, side_of
from skelact.system.world import AnyPath, SkelactError

MOST_JOINTS = 4096
"""Most joints of a layout: the checks below take quadratic time."""


class Skeleton(Config):
    """One layout of joints.

    The root of the tree is the centre joint: preparations subtract it, and the graph is partitioned around it. Without
    `mirror`, `left_x` and `right_x` are mirror images.
    """

    name: str
    joints: tuple[str, ...]
    """Joint names, in the order of the array axis V."""
    parents: tuple[int, ...]
    """Index of each joint's parent; -1 for the one root, which is the centre."""
    mirror: tuple[int, ...] = ()
    """Index of each joint's mirror image; its own inverse."""
    parts: dict[str, tuple[int, ...]] = Field(default_factory=dict)
    """Joints of the body parts (trunk, left_arm, right_arm, left_leg, right_leg); each joint in at most one."""
    up: Axis = "+y"
    """Axis that points up in raw recordings of this layout."""
    handedness: Literal["right", "left"] = "right"
    """Handedness of the axes of raw recordings. With x to the right and y up, z points towards the viewer in a
    right-handed frame, away in a left-handed one. Preparations make all right-handed."""
    picture: bool = False
    """Whether joints are positions in a picture, with two coordinates; a third channel in a file is then a score."""

    @model_validator(mode="before")
    @classmethod
    def _mirror_by_name(cls, values: Any) -> Any:
        if isinstance(values, dict) and not values.get("mirror") and isinstance(values.get("joints"), list | tuple):
            joints = [str(joint) for joint in values["joints"]]
            indices = {joint: index for index, joint in enumerate(joints)}
            values = {**values, "mirror": tuple(indices.get(_other_side(joint), indices[joint]) for joint in joints)}
        return values

    @model_validator(mode="after")
    def _check(self) -> "Skeleton":
        count = len(self.joints)
        if count < 2:
            raise ValueError(f"a skeleton needs at least 2 joints, got {count}")
        if count > MOST_JOINTS:
            raise ValueError(f"a skeleton has at most {MOST_JOINTS} joints, got {count}")
        if len(set(self.joints)) != count:
            twice = ", ".join(sorted({joint for joint in self.joints if self.joints.count(joint) > 1}))
            raise ValueError(f"expected {count} different names, found {len(set(self.joints))}: {twice} twice")
        if len(self.parents) != count:
            raise ValueError(f"expected {count} parents (one a joint), found {len(self.parents)}")
        for joint, parent in zip(self.joints, self.parents, strict=True):
            if not -1 <= parent < count:
                raise ValueError(f"the parent of {joint} must be from -1 to {count - 1}, got {parent}")
        roots = [joint for joint, parent in enumerate(self.parents) if parent == -1]
        if len(roots) != 1:
            raise ValueError(f"expected exactly one root (parent -1), found {len(roots)}")
        for joint, ancestor in zip(self.joints, self.parents, strict=True):
            steps = 1
            while ancestor != -1:
                if steps == count:
                    raise ValueError(f"expected {joint} less than {count} steps from the root, found a circle")
                ancestor, steps = self.parents[ancestor], steps + 1
        if sorted(self.mirror) != list(range(count)) or any(
            self.mirror[other] != joint for joint, other in enumerate(self.mirror)
        ):
            raise ValueError(f"mirror must order {count} joints and be its own inverse, got {self.mirror}")
        members = [joint for part in self.parts.values() for joint in part]
        wrong = sorted({joint for joint in members if not 0 <= joint < count or members.count(joint) > 1})
        if wrong:
            raise ValueError(f"parts must hold each of joints 0 to {count - 1} at most once, got otherwise: {wrong}")
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

    @cached_property
    def depth(self) -> int:
        """Number of joints on the longest path from the centre."""
        steps = [0] * len(self)
        for joint, above in enumerate(self.parents):
            while above != -1:
                above, steps[joint] = self.parents[above], steps[joint] + 1
        return max(steps) + 1

    @property
    def shoulders(self) -> tuple[int, int]:
        """Indices of left_shoulder and right_shoulder; the line between them gives the heading of a body."""
        return self.index("left_shoulder"), self.index("right_shoulder")

    @cached_property
    def pairs(self) -> tuple[tuple[int, int], ...]:
        """(left, right) of all mirrored joints; sides come from the names, or else from the parts."""
        return tuple(
            (joint, other)
            for joint, other in enumerate(self.mirror)
            if other != joint and (side_of(self.joints[joint], self.joints[other]) or self._part_side(joint)) == LEFT
        )

    def _part_side(self, joint: int) -> int:
        part = next((name for name, members in self.parts.items() if joint in members), "")
        return LEFT if part.startswith("left_") else 0

    @cached_property
    def heading_pairs(self) -> tuple[tuple[tuple[int, int], ...], ...]:
        """Groups of (left, right) pairs that give the heading of a body; the first usable group is taken.

        In order: the shoulders; the first joints of arms and of legs; their children, as the first joints may coincide;
        all pairs without a paired parent; all pairs. The pairs of a group have equal weights.
        """
        pairs = self.pairs
        groups: list[tuple[tuple[int, int], ...]] = []
        if {"left_shoulder", "right_shoulder"} <= set(self.joints):
            groups.append((self.shoulders,))
        firsts = [self._first(pairs, f"left_{limb}", f"right_{limb}") for limb in ("arm", "leg")]
        groups += firsts
        groups += [tuple((a, b) for a, b in pairs if (self.parents[a], self.parents[b]) in first) for first in firsts]
        groups.append(tuple((a, b) for a, b in pairs if (self.parents[a], self.parents[b]) not in pairs))
        groups.append(pairs)
        return tuple(dict.fromkeys(group for group in groups if group))

    def _first(self, pairs: Sequence[tuple[int, int]], left: str, right: str) -> tuple[tuple[int, int], ...]:
        """The pairs of two parts whose parents lie outside these parts."""
        ours, theirs = self.parts.get(left, ()), self.parts.get(right, ())
        inside = [(a, b) for a, b in pairs if a in ours and b in theirs]
        return tuple((a, b) for a, b in inside if (self.parents[a], self.parents[b]) not in inside)

    def index(self, joint: str) -> int:
        """Index of a joint by name. SkelactError for an unknown name lists the known ones."""
        if joint not in self.joints:
            raise SkelactError(f"skeleton {self.name} has no joint {joint!r}; it has {', '.join(self.joints)}")
        return self.joints.index(joint)

    def order_in(self, other: Sequence[str]) -> np.ndarray:
        """For each joint of this layout its index among the names `other`. SkelactError lists missing joints."""
        missing = [joint for joint in self.joints if joint not in other]
        if missing:
            raise SkelactError(
                f"cannot map to skeleton {self.name}: {len(missing)} of its {len(self)} joints are missing: "
                + ", ".join(missing)
            )
        return np.array([list(other).index(joint) for joint in self.joints])

    @classmethod
    def from_json(cls, path: AnyPath) -> "Skeleton":
        """Read a layout from a JSON file with the fields of this class. SkelactError: not readable, not valid."""
        path = Path(path)
        if path.exists() and not path.is_file():  # reading a pipe could block for ever
            raise SkelactError(f"{path}: not a skeleton: expected a file, found none that holds text")
        try:
            return cls.model_validate(json.loads(path.read_text(encoding="utf-8")))
        except OSError as error:
            raise SkelactError(f"{path}: cannot be read as a skeleton: {error.strerror}") from error
        except (ValueError, RecursionError) as error:
            raise SkelactError(f"{path}: not a skeleton: {error!s:.1000}") from error


def _other_side(joint: str) -> str:
    if joint.startswith("left_"):
        return "right_" + joint.removeprefix("left_")
    if joint.startswith("right_"):
        return "left_" + joint.removeprefix("right_")
    return joint

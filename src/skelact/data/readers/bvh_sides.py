"""Finds joints of a BVH file that are mirror images, by their names and their position in the tree."""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float64

from skelact.data.readers.bvh_tree import ancestors
from skelact.sides import is_word, side_of, stem

ALIKE = 0.3
"""Largest relative difference between the bones of two sides: bodies are not symmetric."""
MOST_ALIKE = 32
"""Most joints whose names differ by side letters alone; larger groups are not paired, as each is compared with each."""


def mirror_of(
    names: Sequence[str], parents: Sequence[int], offsets: Float64[np.ndarray, "v 3"]
) -> tuple[tuple[int, ...], dict[int, int]]:
    """The mirror image of each joint, and the right joint of each left one.

    The names of a pair differ by the side alone. Their nearest paired ancestors are mirror images of each other, or
    neither has one. If the side is a letter within a word (`lhand`, not `lHand`), the two must also be at equal depth,
    their parents must be one joint or mirror images, and their bones of similar length; bones that start at one joint
    must point in mirrored directions.
    """
    return _Pairing(names, parents, offsets).run()


class _Pairing:
    def __init__(self, names: Sequence[str], parents: Sequence[int], offsets: Float64[np.ndarray, "v 3"]):
        self.names, self.parents = names, parents
        self.offsets = offsets
        self.lengths = np.linalg.norm(offsets, axis=1)
        self.mirror = list(range(len(names)))
        self.depth = {-1: 0}
        self.children: dict[int, list[int]] = defaultdict(list)
        for joint, parent in enumerate(parents):
            self.depth[joint] = self.depth[parent] + 1
            self.children[parent].append(joint)

    def run(self) -> tuple[tuple[int, ...], dict[int, int]]:
        stems: dict[str, list[int]] = defaultdict(list)
        for joint, name in enumerate(self.names):
            stems[stem(name)].append(joint)
        alike = {name: joints for name, joints in stems.items() if len(joints) <= MOST_ALIKE}
        left: dict[int, int] = {}
        for by_word in (True, False):  # clear pairs first, so that a mere letter cannot take their partners
            for joint, name in enumerate(self.names):
                others = [other for other in alike.get(stem(name), ()) if self._pair(joint, other, by_word)]
                if others:
                    other = min(others, key=lambda other: self._difference(joint, other))
                    self.mirror[joint], self.mirror[other] = other, joint
                    one, two = (joint, other) if side_of(name, self.names[other]) < 0 else (other, joint)
                    left[one] = two
        return tuple(self.mirror), left

    def _pair(self, joint: int, other: int, by_word: bool) -> bool:
        free = self.mirror[joint] == joint and self.mirror[other] == other and other != joint
        if not free or not side_of(self.names[joint], self.names[other]):
            return False
        if is_word(self.names[joint], self.names[other]) != by_word:
            return False
        ours, theirs = self._paired_above(joint), self._paired_above(other)
        if joint in (ours, *ancestors(self.parents, other)) or other in ancestors(self.parents, joint):
            return False
        if not (ours == theirs == -1 or (ours >= 0 and self.mirror[ours] == theirs)):
            return False
        return by_word or self._hangs_alike(joint, other)

    def _hangs_alike(self, joint: int, other: int) -> bool:
        ours, theirs = self.parents[joint], self.parents[other]
        if self.depth[joint] != self.depth[other] or -1 in (ours, theirs):
            return False
        if ours != theirs:
            longest = max(self.lengths[joint], self.lengths[other])
            return self.mirror[ours] == theirs and bool(
                abs(self.lengths[joint] - self.lengths[other]) <= ALIKE * longest
            )
        one, two = self._first_bone(joint), self._first_bone(other)
        size = max(float(np.linalg.norm(one)), float(np.linalg.norm(two)))
        flips = [one * turned - two for turned in (np.array(f) for f in ((-1, 1, 1), (1, -1, 1), (1, 1, -1)))]
        apart = float(np.linalg.norm(one - two))
        return apart > 0.02 * size and min(float(np.linalg.norm(flip)) for flip in flips) <= ALIKE * size

    def _first_bone(self, joint: int) -> Float64[np.ndarray, "3"]:
        """The offset of a joint; if it is zero, that of the first joint below with another one."""
        while not self.lengths[joint] and self.children[joint]:
            joint = self.children[joint][0]
        return self.offsets[joint]

    def _paired_above(self, joint: int) -> int:
        return next((above for above in ancestors(self.parents, joint) if self.mirror[above] != above), -1)

    def _difference(self, joint: int, other: int) -> tuple[bool, int, float]:
        """How different the positions of two candidates in the tree are; the least different are paired."""
        ours, theirs = self.parents[joint], self.parents[other]
        elsewhere = ours != theirs and (ours < 0 or self.mirror[ours] != theirs)
        lengths = abs(float(self.lengths[joint] - self.lengths[other]))
        return elsewhere, abs(self.depth[joint] - self.depth[other]), lengths

"""Finds arms and legs in the tree of a BVH file: by joint names, else by their direction in the rest pose."""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float64

from skelact.data.readers.bvh_tree import ancestors

LONG = 0.2
"""Least length of a limb as a share of the body; eyes, ears and breasts are shorter."""
_LEG = re.compile(
    r"leg(?!auche)|thigh|knee|shin|calf|ankle|foot|feet|toe|hip|femur|tibia|fibula|heel|buttock|tarsal|足|脚"
)
_ARM = re.compile(
    r"arm(?!ou?r)|shoulder|shldr|clav|collar|scapula|elbow|wrist|hand(?!le)|humer|radius|ulna|palm|carpal|metacarp|finger|thumb|肩|腕|手"
)
NAMES = {"arm": "arms", "leg": "legs"}


def parts_of(
    names: Sequence[str],
    parents: Sequence[int],
    offsets: Float64[np.ndarray, "v 3"],
    left: Mapping[int, int],
    up: Float64[np.ndarray, "3"],
) -> tuple[dict[str, tuple[int, ...]], tuple[str, ...]]:
    """The recognised parts among trunk, left_arm, right_arm, left_leg, right_leg; and a note on missing ones.

    `left`: the right joint of each left one. `up`: unit vector that points up. A limb is a left-right pair of joints
    that is below no other pair, with all joints below it. A limb without arm or leg in its names is the legs if it
    reaches lowest in the rest pose, and the arms if it is the one other limb.
    """
    limbs = _Limbs(names, parents, offsets, left, up)
    parts = limbs.parts()
    missing = [kind for kind in ("arm", "leg") if f"left_{kind}" not in parts]
    if not missing:
        return parts, ()
    rest = [f"{names[one]}/{names[two]}" for one, two in limbs.roots if (one, two) not in limbs.named]
    where = f"{', '.join(rest[:5])} and the joints below count as trunk" if rest else "there is no other pair of joints"
    kinds = " and no ".join(NAMES[kind] for kind in missing)
    return parts, (f"no {kinds} recognised in the skeleton, by names or by the rest pose: {where}",)


class _Limbs:
    def __init__(
        self,
        names: Sequence[str],
        parents: Sequence[int],
        offsets: Float64[np.ndarray, "v 3"],
        left: Mapping[int, int],
        up: Float64[np.ndarray, "3"],
    ):
        self.names, self.parents, self.left = names, parents, left
        self.up = up
        self.children: dict[int, list[int]] = defaultdict(list)
        self.at_rest = np.zeros((len(names), 3))
        """Positions of the joints in the rest pose."""
        self.way = np.zeros(len(names))
        """Length of the bones from the root to each joint."""
        for joint, parent in enumerate(parents):
            self.children[parent].append(joint)
            if parent >= 0:
                self.at_rest[joint] = self.at_rest[parent] + offsets[joint]
                self.way[joint] = self.way[parent] + np.linalg.norm(offsets[joint])
        sided = {*left, *left.values()}
        covered: set[int] = set()
        self.roots: list[tuple[int, int]] = []
        """(left, right) joint of every limb."""
        for joint in range(len(names)):
            if parents[joint] in covered or joint in sided:
                covered.add(joint)
            if joint in left and not {parents[joint], parents[left[joint]]} & covered:
                self.roots.append((joint, left[joint]))
        self.named: dict[tuple[int, int], str] = {}
        """Kind of each recognised limb: arm, leg or both."""

    def parts(self) -> dict[str, tuple[int, ...]]:
        found: dict[str, list[int]] = defaultdict(list)
        for pair in self.roots:
            kinds = self._kinds(self._below(pair[0])) | self._kinds(self._below(pair[1]))
            if kinds:
                self.named[pair] = "both" if len(kinds) > 1 else kinds.pop()
        self._name_by_positions()
        for pair, kind in self.named.items():
            for side, joint in zip(("left", "right"), pair, strict=True):
                self._take(joint, side, None if kind == "both" else kind, found)
        if not found:
            return {}
        taken = {joint for joints in found.values() for joint in joints}
        found["trunk"] = [joint for joint in range(len(self.names)) if joint not in taken]
        order = ("trunk", "left_arm", "right_arm", "left_leg", "right_leg")
        return {part: tuple(sorted(found[part])) for part in order if found[part]}

    def _take(self, start: int, side: str, kind: str | None, found: dict[str, list[int]]) -> None:
        """Put a joint and all below into the part of `kind`; with None each joint is sorted by its own name."""
        waiting: list[tuple[int, str | None, bool]] = [(start, kind, kind is not None)]
        while waiting:
            joint, kind, settled = waiting.pop()
            if not settled and len(kinds := self._kinds(self._below(joint))) < 2:
                kind, settled = (kinds.pop() if kinds else kind), True
            elif not settled and len(kinds := self._kinds([joint])) == 1:
                kind = kinds.pop()
            if kind is not None:
                found[f"{side}_{kind}"].append(joint)
            waiting += [(child, kind, settled) for child in self.children[joint]]

    def _name_by_positions(self) -> None:
        """Identify limbs without arm or leg in their names by their position in the rest pose."""
        missing = {"arm", "leg"} - set(self.named.values())
        if "both" in self.named.values():
            return
        size = self.way.max()
        open_ = [pair for pair in self.roots if pair not in self.named and self._reach(pair) >= LONG * size]
        if not missing or not open_:
            return
        if missing == {"arm", "leg"}:
            self._name_both(open_, size)
        else:
            known = [pair for pair, kind in self.named.items() if kind not in missing]
            beyond = [pair for pair in open_ if self._begins_beyond(pair, known, legs=missing == {"leg"})]
            if len(beyond) == 1:
                self.named[beyond[0]] = missing.pop()

    def _name_both(self, limbs: list[tuple[int, int]], size: float) -> None:
        """The legs are the limb that reaches lowest by far; a single other limb is the arms."""
        lows = {pair: self._low(pair) for pair in limbs}
        legs = min(limbs, key=lambda pair: lows[pair])
        others = [pair for pair in limbs if pair != legs]
        lowest = all(lows[pair] - lows[legs] > LONG * size for pair in others)
        down = self._height(legs) - lows[legs] > LONG * size
        if lowest and down and lows[legs] < self._trunk_low() - LONG * size:
            self.named[legs] = "leg"
        elif len(others) == 1 and max(np.ptp(self.at_rest @ self.up), 0) < LONG * size:
            # A flat rest pose, as of programs whose bones all lie along one axis.
            self._name_by_tree(limbs)
        if "leg" in self.named.values() and len(others) == 1 and others[0] not in self.named:
            self.named[others[0]] = "arm"

    def _name_by_tree(self, limbs: list[tuple[int, int]]) -> None:
        one, two = sorted(limbs, key=lambda pair: len(ancestors(self.parents, pair[0])))
        if self.parents[one[0]] in ancestors(self.parents, two[0])[1:]:
            self.named[one] = "leg"

    def _begins_beyond(self, pair: tuple[int, int], known: list[tuple[int, int]], legs: bool) -> bool:
        """Whether in the rest pose a limb begins above all `known` limbs or, with `legs`, below them."""
        heights = [self._height(other) for other in known]
        return self._height(pair) < min(heights) if legs else self._height(pair) > max(heights)

    def _kinds(self, joints: list[int]) -> set[str]:
        """The kinds, arm or leg, that joint names state; leg words win, so fingers of a foot are a leg's."""
        kinds = set()
        for joint in joints:
            name = self.names[joint].lower()
            if _LEG.search(name):
                kinds.add("leg")
            elif _ARM.search(name):
                kinds.add("arm")
        return kinds

    def _below(self, joint: int) -> list[int]:
        """A joint and all joints below it."""
        below = [joint]
        for member in below:
            below += self.children[member]
        return below

    def _reach(self, pair: tuple[int, int]) -> float:
        start = self.way[self.parents[pair[0]]] if self.parents[pair[0]] >= 0 else 0.0
        return float(self.way[self._below(pair[0])].max() - start)

    def _low(self, pair: tuple[int, int]) -> float:
        return float((self.at_rest[[*self._below(pair[0]), *self._below(pair[1])]] @ self.up).min())

    def _height(self, pair: tuple[int, int]) -> float:
        return float((self.at_rest[list(pair)] @ self.up).mean())

    def _trunk_low(self) -> float:
        """Height of the lowest joint to which a limb is attached."""
        return float(min(self.at_rest[self.parents[one]] @ self.up for one, _ in self.roots))

"""BVH motion capture: one text file a clip, whose joints are placed by forward kinematics.

The skeleton is made from the first file of a source; the others must have the same joints and the same frame rate.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from skelact.data.readers.bvh_body import kept, positions, skeleton_of
from skelact.data.readers.bvh_text import Node, parse, parse_tree
from skelact.data.readers.slots import fixed_slots
from skelact.data.readers.source import SKIP_HINT, Naming, clip_name, content, find
from skelact.data.recording import UNKNOWN, Item, ReadError, Recording
from skelact.skeleton import Axis, Skeleton
from skelact.world import SkelactError

NAMING = Naming(ending=".bvh", pattern=re.compile(r"(?<=/)[^/]+\.bvh$", re.IGNORECASE), example="walk_01.bvh")
GROUPS = ("action", "subject", "camera", "setup", "repetition")
SAME_RATE = 1e-3
"""Frames a second by which files of one store may differ: they write 1/30 s with few digits."""


@dataclass(frozen=True)
class BvhReader:
    """One person; where the joints stand in the file's units."""

    OPTIONS: ClassVar[tuple[str, ...]] = ("pattern", "root")
    skeleton: Skeleton
    classes: tuple[str, ...]
    frame_rate: float
    units: str
    pattern: str | None
    root: str | None
    model: str
    """The file that the skeleton was made from."""
    name: str = "bvh"

    def find(self, source: Path) -> list[Item]:
        """The files of a folder, a zip archive or a single file, sorted by name. ReadError if there are none."""
        return find(source, NAMING)

    def read(self, item: Item) -> Recording:
        """Place the joints of one file. ReadError names the file, the line, what was expected and what was found."""
        told = _told(item, self.pattern)
        motion = parse(item, content(item))
        self._check(item, motion.nodes, motion.frame_time)
        places = positions(motion)[:, kept(motion.nodes, self.root)]
        joints, identity = fixed_slots(item, places[:, None])
        action = self.classes.index(told.pop("action")) if "action" in told else UNKNOWN
        numbers: dict[str, Any] = {group: int(digits) for group, digits in told.items()}
        return Recording(clip_name(item, NAMING), joints, identity, action, **numbers)

    def _check(self, item: Item, nodes: tuple[Node, ...], frame_time: float) -> None:
        found = skeleton_of_file(item, nodes, self.root, self.skeleton.up)
        if found != self.skeleton:
            difference = _difference(self.skeleton, found)
            raise ReadError(f"{item}: expected the skeleton of {self.model}: {difference}\n  {SKIP_HINT}")
        if abs(1 / frame_time - self.frame_rate) > SAME_RATE * self.frame_rate:
            raise ReadError(
                f"{item}: expected {self.frame_rate:g} frames a second as in {self.model}, found {1 / frame_time:g}"
                f"\n  {SKIP_HINT}"
            )


@dataclass(frozen=True)
class BvhFormat:
    """Makes the reader of a source: skeleton and frame rate stand in its first file."""

    name: str = "bvh"
    OPTIONS: ClassVar[tuple[str, ...]] = ("pattern", "root", "up", "units")

    def __call__(
        self,
        source: Path,
        pattern: str | None = None,
        root: str | None = None,
        up: Axis = "+y",
        units: str = "as in the files",
    ) -> BvhReader:
        """`pattern` is a regular expression that finds (?P<action>...) and others of GROUPS in a file's path.

        ReadError: no file that can be read; SkelactError: no such pattern, no such root.
        """
        if pattern is not None:
            try:
                groups = re.compile(pattern).groupindex
            except re.error as error:
                raise SkelactError(f"--pattern {pattern!r}: not a regular expression: {error}") from error
            if not groups or not set(groups) <= set(GROUPS):
                raise SkelactError(f"--pattern {pattern!r}: expected groups (?P<name>...) named {', '.join(GROUPS)}")
        items = find(source, NAMING)
        first: ReadError | None = None
        for item in items:
            try:
                nodes, frame_time, _ = parse_tree(item, content(item))
                skeleton = skeleton_of_file(item, nodes, root, up)
                break
            except ReadError as error:
                first = first or error
        else:
            raise first or ReadError(f"{source}: expected BVH files, found none")
        return BvhReader(skeleton, _classes(items, pattern), round(1 / frame_time, 2), units, pattern, root, str(item))


def skeleton_of_file(item: Item, nodes: tuple[Node, ...], root: str | None, up: Axis) -> Skeleton:
    """The skeleton of a file's tree from `root` on; ReadError if it has no such joint, or less than two."""
    try:
        places = kept(nodes, root)
    except KeyError:
        names = ", ".join(node.name for node in nodes[:40])
        raise ReadError(f"{item}: expected a joint {root!r}, found {names}\n  {SKIP_HINT}") from None
    if len(places) < 2:
        raise ReadError(f"{item}: expected at least 2 joints, found {len(places)}\n  {SKIP_HINT}")
    return skeleton_of(nodes, places, up)


def _told(item: Item, pattern: str | None) -> dict[str, Any]:
    """What the path says by the names of the pattern's groups; ReadError if it does not match, or not with numbers."""
    if pattern is None:
        return {}
    path = "/" + item.member if item.member else item.path.absolute().as_posix()
    match = re.search(pattern, path)
    if match is None:
        raise ReadError(f"{item}: expected a path that --pattern {pattern} finds\n  {SKIP_HINT}")
    told = {group: found for group, found in match.groupdict().items() if found is not None}
    for group, found in told.items():
        if group != "action" and not (found.isascii() and found.isdigit() and len(found) < 10):
            raise ReadError(f"{item}: expected a number as {group} of --pattern, found {found!r}\n  {SKIP_HINT}")
    return told


def _classes(items: list[Item], pattern: str | None) -> tuple[str, ...]:
    """The actions in the paths, in order of the alphabet; paths that tell none are refused when they are read."""
    actions = set()
    for item in items:
        try:
            actions |= {_told(item, pattern)["action"]}
        except (KeyError, ReadError):
            continue
    return tuple(sorted(actions))


def _difference(one: Skeleton, other: Skeleton) -> str:
    """In words, how `other` differs from `one`."""
    missing = [joint for joint in one.joints if joint not in other.joints]
    extra = [joint for joint in other.joints if joint not in one.joints]
    if missing or extra:
        listed = [f"no {', '.join(missing[:5])}" if missing else "", f"{', '.join(extra[:5])} more" if extra else ""]
        return f"found {len(other)} joints instead of {len(one)}: {'; '.join(filter(None, listed))}"
    if one.joints != other.joints:
        place = next(place for place, (a, b) in enumerate(zip(one.joints, other.joints, strict=True)) if a != b)
        return f"found {other.joints[place]} as joint {place} instead of {one.joints[place]}"
    joint = next(joint for joint, (a, b) in enumerate(zip(one.parents, other.parents, strict=True)) if a != b)
    wanted, found = ((*skeleton.joints, "nothing")[skeleton.parents[joint]] for skeleton in (one, other))
    return f"found {one.joints[joint]} hanging on {found} instead of {wanted}"

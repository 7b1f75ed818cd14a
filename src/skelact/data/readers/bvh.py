"""BVH motion capture: one text file a clip; joint positions follow from forward kinematics.

The skeleton comes from the first file of a source; the others must have the same joints and frame rate.
"""

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from skelact.data.readers.bvh_body import at_rest, collapsed, frames_at_once, positions
from skelact.data.readers.bvh_pattern import check_pattern, groups_of, names_in
from skelact.data.readers.bvh_skeleton import difference, joints_of, skeleton_of, tree_of
from skelact.data.readers.bvh_text import Motion, parse, parse_head
from skelact.data.readers.bvh_up import FILES, FRAMES, up_note
from skelact.data.readers.clip_table import ClipTable, read_table
from skelact.data.readers.named import Named, listed, notes_on
from skelact.data.readers.source import Found, Naming, clip_name, content, find
from skelact.data.recording import Item, ReadError, Recording
from skelact.skeleton import Axis, Skeleton

NAMING = Naming(ending=".bvh", pattern=re.compile(r"(?<=/)[^/]+\.bvh$", re.IGNORECASE), example="walk_01.bvh")
SAME_RATE = 1e-3
"""Relative difference of frame rates within one store: files write 1/30 s with few digits."""


@dataclass(frozen=True)
class BvhReader:
    """One person; joint positions in the file's units."""

    OPTIONS: ClassVar[tuple[str, ...]] = ("pattern", "root", "table")
    skeleton: Skeleton
    classes: tuple[str, ...]
    frame_rate: float
    units: str
    pattern: str | None
    root: str | None
    model: Item
    """The file that the skeleton was made from."""
    source: Path
    named: Named = ()
    """Groups of the pattern that are text."""
    doubts: tuple[str, ...] = ()
    """Notes on what is unknown about the skeleton."""
    name: str = "bvh"
    table: ClipTable | None = None
    """Attributes of the clips; the table takes precedence over the pattern."""

    def find(self, source: Path) -> list[Item]:
        """The files of a folder, a zip archive or a single file, sorted by name. ReadError if there are none."""
        found = find(source, NAMING)
        if self.table is None:
            return found
        return Found((replace(item, beside=(self.table.path,)) for item in found), found.passed_over)

    @property
    def notes(self) -> tuple[str, ...]:
        """Notes on the source, for the user who prepares it; reads some of its files."""
        of_table = self.table.notes if self.table else ()
        return (*self.doubts, *filter(None, [self._up_note()]), *notes_on(self.named), *of_table)

    def read(self, item: Item) -> Recording:
        """Parse one file and compute joint positions. ReadError names the file, the line, expected and found."""
        groups = groups_of(item, self.pattern)
        motion = parse(item, content(item))
        indices = self._check(item, motion)
        hung = collapsed(motion)
        joints = np.empty((len(motion.values), 1, len(indices), 3), np.float32)
        step = frames_at_once(motion)
        for start in range(0, len(joints), step):
            some = positions(motion, slice(start, start + step), hung)[:, indices]
            with np.errstate(over="ignore"):  # becomes infinite, which is refused
                joints[start : start + step, 0] = some
            wrong = np.argwhere(~np.isfinite(joints[start : start + step, 0]))
            if len(wrong):
                frame, joint, axis = (int(index) for index in wrong[0])
                found = f"{float(some[frame, joint, axis])!r} as {'xyz'[axis]} of {self.skeleton.joints[joint]}"
                raise ReadError(f"{item}: expected finite numbers, found {found} in frame {start + frame}")
        if not joints.any():
            raise ReadError(f"{item}: expected a person, found only zeros in all {len(joints)} frames")
        notes = (*motion.notes, *([_hung_note(motion, hung)] if hung else []))
        by_table = self.table.of(clip_name(item, NAMING)) if self.table else {}
        texts = dict(self.named) | {"action": self.classes}
        numbers: dict[str, Any] = {
            group: texts[group].index(found) if group in texts else int(found)
            for group, found in groups.items()
            if group not in by_table
        }
        numbers.update(by_table)
        there = np.zeros(joints.shape[:2], np.int64)
        missing = np.zeros(joints.shape[:3], np.bool_)  # motion capture misses no joint: zero is a position
        return Recording(clip_name(item, NAMING), joints, there, missing=missing, notes=notes, **numbers)

    def _check(self, item: Item, motion: Motion) -> list[int]:
        """Indices of the nodes that are joints. ReadError: another skeleton or frame rate than the first file's."""
        indices = joints_of(item, motion.nodes, self.root)
        names, parents = tree_of(motion.nodes, indices)
        if (names, parents) != (self.skeleton.joints, self.skeleton.parents):
            found = difference(self.skeleton, names, parents)
            raise ReadError(f"{item}: expected the skeleton of {self.model}: {found}")
        if abs(1 / motion.frame_time - self.frame_rate) > SAME_RATE * self.frame_rate:
            raise ReadError(
                f"{item}: expected {self.frame_rate:g} frames a second as in {self.model}, found "
                f"{1 / motion.frame_time:g}"
            )
        return indices

    def _up_note(self) -> str | None:
        items = self.find(self.source)
        clips = []
        for index in sorted({int(index) for index in np.linspace(0, len(items) - 1, FILES)}):
            try:
                motion = parse(items[index], content(items[index]), FRAMES)
                clip = positions(motion, at_offset=collapsed(motion))[:, self._check(items[index], motion)]
            except ReadError:  # raised again when the clip is read
                continue
            if np.isfinite(clip).all():
                clips.append(clip)
        nodes = parse_head(self.model, content(self.model)).nodes
        return up_note(clips, at_rest(nodes)[joints_of(self.model, nodes, self.root)], self.skeleton)


@dataclass(frozen=True)
class BvhFormat:
    """Makes the reader of a source; skeleton and frame rate come from its first file."""

    name: str = "bvh"
    OPTIONS: ClassVar[tuple[str, ...]] = ("pattern", "root", "up", "units", "table")

    def __call__(
        self,
        source: Path,
        pattern: str | None = None,
        root: str | None = None,
        up: Axis = "+y",
        units: str = "as in the files",
        table: Path | None = None,
    ) -> BvhReader:
        """`pattern`: a regular expression that finds (?P<action>...) and other GROUPS in a file's path.

        ReadError: no readable file, no joint `root`. SkelactError: an invalid pattern, or one without any match.
        """
        if pattern is not None:
            check_pattern(pattern)
        items = find(source, NAMING)
        first: ReadError | None = None
        for item in items:
            try:
                head = parse_head(item, content(item))
                skeleton, doubts = skeleton_of(head.nodes, joints_of(item, head.nodes, root), up)
                break
            except ReadError as error:
                first = first or error
        else:
            raise first or ReadError(f"{source}: expected BVH files, found none")
        classes, named = names_in(items, pattern)
        by_table = read_table(table, [clip_name(item, NAMING) for item in items], ending=".bvh") if table else None
        if by_table:
            classes = classes if by_table.classes is None else by_table.classes
            named = (*(one for one in named if one[0] not in by_table.values), *by_table.named)
        rate = round(1 / head.frame_time, 2)
        return BvhReader(skeleton, classes, rate, units, pattern, root, item, source, named, doubts, table=by_table)


def _hung_note(motion: Motion, hung: tuple[int, ...]) -> str:
    names = tuple(motion.nodes[number].name for number in hung)
    return f"position channels are zero throughout; these joints stay at their offsets: {listed(names)}"

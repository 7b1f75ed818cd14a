"""Clips in array files: a user's own (`arrays`), and those of other projects (`position`, `ctrgcn`, `pyskl`).

All clips of such a source are in one or two files. `array_files` opens them; the reader takes single clips out.
"""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from skelact.config import Third
from skelact.data.readers.array_files import Clips, check_joints, class_names, labels_in, refused
from skelact.data.readers.array_sources import clips_of
from skelact.data.readers.clip_table import ClipTable, read_table
from skelact.data.readers.named import Named, notes_on
from skelact.data.readers.ntu import NAMING as NTU_NAMING
from skelact.data.readers.scores import HIGHEST, not_seen
from skelact.data.readers.slots import check_slots, fixed_slots
from skelact.data.recording import Item, ReadError, Recording
from skelact.layouts import COCO_17, KINECT_V2, named_layout
from skelact.skeleton import Skeleton
from skelact.system.world import SkelactError

AXES = "nctvm"
PUBLISHED_LAYOUTS = {(25, 3): KINECT_V2, (17, 2): COCO_17}
"""Layouts of the files that pyskl publishes, by number of joints and coordinates."""
WIDTH = 6
"""Bytes that a coordinate takes while a clip is read: 4 as float32, the rest for masks."""
ONE_CLIP = 48 * 2**20
"""Bytes that a clip may take beyond twice the size of the file."""


@dataclass(frozen=True)
class ArraysReader:
    """The clips of one source of arrays; coordinates in two dimensions get a third of zero."""

    OPTIONS: ClassVar[tuple[str, ...]] = ("axes", "third", "table")
    name: str
    source: Path
    skeleton: Skeleton
    classes: tuple[str, ...]
    units: str
    frame_rate: float
    divisions: tuple[str, ...]
    axes: str = ""
    third: Third | None = None
    """What a third channel is; None: z."""
    named: Named = ()
    """Columns that are text in the arrays, such as subjects."""

    table: ClipTable | None = None
    """Attributes of the clips; the table takes precedence over files and names."""

    @property
    def notes(self) -> tuple[str, ...]:
        """Notes on the source, for the user who prepares it."""
        because = f", as {self.skeleton.name} is a layout of pictures; --third depth if it is z"
        score = f"third channel: a score{because if self.skeleton.picture else ''}"
        of_table = self.table.notes if self.table else ()
        return (*([score] if self.third == "score" else []), *notes_on(self.named), *of_table)

    def find(self, source: Path) -> list[Item]:
        """One item a clip, in the order of the file. ReadError if the reader was made for another source."""
        if Path(source) != self.source:
            raise ReadError(f"{source}: this reader was made for {self.source}")
        first, *others = (*self._clips().files, *([self.table.path] if self.table else []))
        return [Item(first, part=str(number), beside=tuple(others)) for number in range(len(self._clips().names))]

    def read(self, item: Item) -> Recording:
        """Read one clip. ReadError names the file, the clip, what was expected and what was found."""
        clips = self._clips()
        number = int(item.part)
        joints = np.asarray(clips.joints(number))
        if joints.shape[2] != len(self.skeleton) or joints.shape[3] not in (2, 3):
            raise ReadError(
                f"{item}: expected {len(self.skeleton)} joints of {self.skeleton.name} with 2 or 3 coordinates, "
                f"found {joints.shape[2]} with {joints.shape[3]}"
            )
        check_slots(item, joints.shape[1])
        self._check_width(item, joints)
        joints, missing = self._seen(item, joints, clips.scores(number))
        joints = joints[: self._length(item, clips, joints)]
        if joints.shape[3] == 2:
            joints = np.concatenate([joints, np.zeros_like(joints[..., :1])], axis=3)
        slots, identity = fixed_slots(item, joints)
        match = NTU_NAMING.pattern.search(f"/{clips.names[number]}.skeleton")
        performed: dict[str, Any] = (
            {key: int(digits) for key, digits in match.groupdict().items() if key != "action"} if match else {}
        )
        performed |= {key: int(values[number]) for key, values in clips.performed.items()}
        roles = tuple(clips.roles[number].tolist()) if self.divisions else ()
        missing = None if missing is None else missing[: len(slots)]
        performed["action"] = int(clips.actions[number])
        performed |= self.table.of(clips.names[number]) if self.table else {}
        return Recording(clips.names[number], slots, identity, **performed, roles=roles, missing=missing)

    def _check_width(self, item: Item, joints: np.ndarray) -> None:
        """ReadError if the clip as float32 would take many times the memory of the file."""
        count = math.prod(joints.shape[:3]) * 3
        most = (2 * sum(path.stat().st_size for path in self._clips().files) + ONE_CLIP) // WIDTH
        if count > most:
            raise ReadError(
                f"{item}: expected a clip of at most {most} coordinates in a file of this size, found {count} "
                f"as {joints.dtype}"
            )

    def _seen(self, item: Item, joints: np.ndarray, scores: np.ndarray | None) -> tuple[np.ndarray, np.ndarray | None]:
        """Joints, set to zero where the score is 0, and the mask of these joints; None without scores."""
        masks = [not_seen(item, scores, "keypoint_score")] if scores is not None else []
        if joints.shape[3] == 3 and (self.third == "score" or (self.third is None and self.skeleton.picture)):
            where = f"third channel of {self.skeleton.name}"
            masks.append(not_seen(item, joints[..., 2], where, HIGHEST))
            joints = joints[..., :2]
        if not masks:
            return joints, None
        missing = np.logical_or.reduce(masks)
        return np.where(missing[..., None], 0, joints), missing

    def _length(self, item: Item, clips: Clips, joints: np.ndarray) -> int:
        if clips.lengths is None:
            seen = np.flatnonzero((joints != 0).any(axis=(1, 2, 3)))
            return int(seen[-1]) + 1 if len(seen) else len(joints)
        length = int(clips.lengths[int(item.part)])
        if not 1 <= length <= len(joints):
            raise ReadError(f"{item}: expected a length of 1 to {len(joints)} frames, found {length}")
        return length

    def _clips(self) -> Clips:
        return clips_of(self.name, self.source, self.axes, len(self.skeleton))


@dataclass(frozen=True)
class ArraysFormat:
    """Makes the reader of a source. Classes and divisions come from the files; for some formats the layout too."""

    name: str
    OPTIONS: ClassVar[tuple[str, ...]] = ("skeleton", "axes", "third", "classes", "units", "frame_rate", "table")

    def __call__(
        self,
        source: Path,
        skeleton: str | None = None,
        axes: str | None = None,
        third: Third | None = None,
        classes: Path | None = None,
        units: str | None = None,
        frame_rate: float = 30.0,
        table: Path | None = None,
    ) -> ArraysReader:
        """SkelactError: an unknown layout, invalid axes, a frame rate that is not positive.

        ReadError: files that do not fit the format.
        """
        if not source.exists():
            raise ReadError(f"{source}: there is no such file or folder")
        if self.name == "arrays":
            axes = _checked_axes(axes)
        elif axes is not None:
            raise SkelactError(f"format {self.name} has axes of its own; --axes belongs to arrays")
        if not 0 < frame_rate < float("inf"):
            raise SkelactError(f"the frame rate must be positive, got {frame_rate}")
        layout = named_layout(skeleton) if skeleton else self._layout(source)
        clips = clips_of(self.name, source, axes or "", len(layout))
        if not len(clips.names):
            raise refused(source, "at least 1 clip", "none")
        check_joints(source, clips, layout, axes or "", alike=self.name != "pyskl")
        labels = labels_in(classes) if classes else clips.classes
        by_table = read_table(table, clips.names, labels, ".skeleton") if table else None
        if by_table is None or by_table.classes is None:
            labels = class_names(source, int(clips.actions.max(initial=-1)), len(clips.names), labels)
        else:
            labels = by_table.classes
        columns = by_table.values if by_table else {}
        return ArraysReader(
            self.name,
            source,
            layout,
            labels,
            units or "as in the files",
            frame_rate,
            clips.divisions,
            axes or "",
            (third or ("score" if layout.picture else None)) if clips.joints(0).shape[3] == 3 else None,
            (*(one for one in clips.named if one[0] not in columns), *(by_table.named if by_table else ())),
            by_table,
        )

    def _layout(self, source: Path) -> Skeleton:
        if self.name in ("position", "ctrgcn"):
            return KINECT_V2
        if self.name == "pyskl":
            size = clips_of(self.name, source, "", 0).joints(0).shape[2:]
            if size in PUBLISHED_LAYOUTS:
                return PUBLISHED_LAYOUTS[size]
        raise ReadError(
            f"{source}: the layout of format {self.name} is unknown: give --skeleton NAME or --skeleton FILE.json"
        )


def _checked_axes(axes: str | None) -> str:
    if axes is None:
        raise SkelactError(f"the axes of x are unknown: give --axes, such as {AXES} or ntvc")
    if len(set(axes)) < len(axes) or not set("ntvc") <= set(axes) <= set(AXES):
        raise SkelactError(f"axes must be n, t, v, c and, if there is one, m, each once, got {axes!r}")
    return axes


ARRAYS, POSITION, CTRGCN, PYSKL = map(ArraysFormat, ("arrays", "position", "ctrgcn", "pyskl"))

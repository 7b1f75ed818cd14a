"""The built-in skeleton layouts. They share joint names, so that one layout maps to another."""

from pathlib import Path

from skelact.layouts.depth import FLORENCE_15, KINECT_V1, KINECT_V2, OPENNI_15, SBU_15
from skelact.layouts.pose import COCO_17, H36M_17, MEDIAPIPE_33, OPENPOSE_18, OPENPOSE_25
from skelact.skeleton import Skeleton
from skelact.system.world import SkelactError

__all__ = [
    "COCO_17",
    "FLORENCE_15",
    "H36M_17",
    "KINECT_V1",
    "KINECT_V2",
    "LAYOUTS",
    "MEDIAPIPE_33",
    "OPENNI_15",
    "OPENPOSE_18",
    "OPENPOSE_25",
    "SBU_15",
    "layout",
    "named_layout",
]

LAYOUTS = (
    *(KINECT_V2, KINECT_V1, SBU_15, OPENNI_15, FLORENCE_15),
    *(COCO_17, OPENPOSE_18, OPENPOSE_25, H36M_17, MEDIAPIPE_33),
)


def named_layout(name: str) -> Skeleton:
    """The layout in a JSON file if the name ends in .json, else a built-in one."""
    return Skeleton.from_json(Path(name)) if name.lower().endswith(".json") else layout(name)


def layout(name: str) -> Skeleton:
    """A built-in skeleton by name. SkelactError for an unknown name lists the known ones."""
    for skeleton in LAYOUTS:
        if skeleton.name == name:
            return skeleton
    raise SkelactError(f"no layout {name!r}; built in are {', '.join(skeleton.name for skeleton in LAYOUTS)}")

"""The built-in skeleton layouts, by joint names that are shared between sensors so that one maps to another."""

from pathlib import Path

from skelact.skeleton import Axis, Skeleton
from skelact.system.world import SkelactError


def _layout(name: str, tree: str, parts: dict[str, str], up: Axis = "+y", picture: bool = False) -> Skeleton:
    """A skeleton from lines `joint < parent`, in array order; the root has no parent."""
    pairs = [[word.strip() for word in line.split("<")] for line in tree.strip().splitlines()]
    joints = [pair[0] for pair in pairs]
    parents = [joints.index(pair[1]) if len(pair) == 2 else -1 for pair in pairs]
    members = {part: tuple(joints.index(joint) for joint in names.split()) for part, names in parts.items()}
    return Skeleton(name=name, joints=tuple(joints), parents=tuple(parents), parts=members, up=up, picture=picture)


def _limbs(arm: str, leg: str, trunk: str) -> dict[str, str]:
    """The five parts from one arm's, one leg's and the trunk's joints."""
    return {
        "trunk": trunk,
        **{f"{side}_arm": " ".join(f"{side}_{joint}" for joint in arm.split()) for side in ("left", "right")},
        **{f"{side}_leg": " ".join(f"{side}_{joint}" for joint in leg.split()) for side in ("left", "right")},
    }


# Published order and tree of NTU RGB+D and PKU-MMD (AimCLR's bone pairs): the tips hang on the thumbs.
KINECT_V2 = _layout(
    "kinect_v2",
    """
    hip_center < spine
    spine < shoulder_center
    neck < shoulder_center
    head < neck
    left_shoulder < shoulder_center
    left_elbow < left_shoulder
    left_wrist < left_elbow
    left_hand < left_wrist
    right_shoulder < shoulder_center
    right_elbow < right_shoulder
    right_wrist < right_elbow
    right_hand < right_wrist
    left_hip < hip_center
    left_knee < left_hip
    left_ankle < left_knee
    left_foot < left_ankle
    right_hip < hip_center
    right_knee < right_hip
    right_ankle < right_knee
    right_foot < right_ankle
    shoulder_center
    left_hand_tip < left_thumb
    left_thumb < left_hand
    right_hand_tip < right_thumb
    right_thumb < right_hand
    """,
    _limbs(
        arm="shoulder elbow wrist hand hand_tip thumb",
        leg="hip knee ankle foot",
        trunk="hip_center spine neck head shoulder_center",
    ),
)

# Order of MSR Action3D's successors and NW-UCLA.
KINECT_V1 = _layout(
    "kinect_v1",
    """
    hip_center < spine
    spine < shoulder_center
    shoulder_center
    head < shoulder_center
    left_shoulder < shoulder_center
    left_elbow < left_shoulder
    left_wrist < left_elbow
    left_hand < left_wrist
    right_shoulder < shoulder_center
    right_elbow < right_shoulder
    right_wrist < right_elbow
    right_hand < right_wrist
    left_hip < hip_center
    left_knee < left_hip
    left_ankle < left_knee
    left_foot < left_ankle
    right_hip < hip_center
    right_knee < right_hip
    right_ankle < right_knee
    right_foot < right_ankle
    """,
    _limbs(arm="shoulder elbow wrist hand", leg="hip knee ankle foot", trunk="hip_center spine shoulder_center head"),
)

SBU_15 = _layout(
    "sbu_15",
    """
    head < shoulder_center
    shoulder_center < spine
    spine
    left_shoulder < shoulder_center
    left_elbow < left_shoulder
    left_hand < left_elbow
    right_shoulder < shoulder_center
    right_elbow < right_shoulder
    right_hand < right_elbow
    left_hip < spine
    left_knee < left_hip
    left_foot < left_knee
    right_hip < spine
    right_knee < right_hip
    right_foot < right_knee
    """,
    _limbs(arm="shoulder elbow hand", leg="hip knee foot", trunk="head shoulder_center spine"),
    up="-y",
)

# Joints that OpenNI tracks; KARD has them in another order.
OPENNI_15 = SBU_15.model_copy(update={"name": "openni_15", "up": "+y"})

FLORENCE_15 = _layout(
    "florence_15",
    """
    head < shoulder_center
    shoulder_center < spine
    spine
    left_shoulder < shoulder_center
    left_elbow < left_shoulder
    left_wrist < left_elbow
    right_shoulder < shoulder_center
    right_elbow < right_shoulder
    right_wrist < right_elbow
    left_hip < spine
    left_knee < left_hip
    left_ankle < left_knee
    right_hip < spine
    right_knee < right_hip
    right_ankle < right_knee
    """,
    _limbs(arm="shoulder elbow wrist", leg="hip knee ankle", trunk="head shoulder_center spine"),
)

COCO_17 = _layout(
    "coco_17",
    """
    nose
    left_eye < nose
    right_eye < nose
    left_ear < left_eye
    right_ear < right_eye
    left_shoulder < nose
    right_shoulder < nose
    left_elbow < left_shoulder
    right_elbow < right_shoulder
    left_wrist < left_elbow
    right_wrist < right_elbow
    left_hip < left_shoulder
    right_hip < right_shoulder
    left_knee < left_hip
    right_knee < right_hip
    left_ankle < left_knee
    right_ankle < right_knee
    """,
    _limbs(arm="shoulder elbow wrist", leg="hip knee ankle", trunk="nose left_eye right_eye left_ear right_ear"),
    up="-y",
    picture=True,
)

OPENPOSE_18 = _layout(
    "openpose_18",
    """
    nose < shoulder_center
    shoulder_center
    right_shoulder < shoulder_center
    right_elbow < right_shoulder
    right_wrist < right_elbow
    left_shoulder < shoulder_center
    left_elbow < left_shoulder
    left_wrist < left_elbow
    right_hip < right_shoulder
    right_knee < right_hip
    right_ankle < right_knee
    left_hip < left_shoulder
    left_knee < left_hip
    left_ankle < left_knee
    right_eye < nose
    left_eye < nose
    right_ear < right_eye
    left_ear < left_eye
    """,
    _limbs(
        arm="shoulder elbow wrist",
        leg="hip knee ankle",
        trunk="nose shoulder_center left_eye right_eye left_ear right_ear",
    ),
    up="-y",
    picture=True,
)

OPENPOSE_25 = _layout(
    "openpose_25",
    """
    nose < shoulder_center
    shoulder_center
    right_shoulder < shoulder_center
    right_elbow < right_shoulder
    right_wrist < right_elbow
    left_shoulder < shoulder_center
    left_elbow < left_shoulder
    left_wrist < left_elbow
    hip_center < shoulder_center
    right_hip < hip_center
    right_knee < right_hip
    right_ankle < right_knee
    left_hip < hip_center
    left_knee < left_hip
    left_ankle < left_knee
    right_eye < nose
    left_eye < nose
    right_ear < right_eye
    left_ear < left_eye
    left_big_toe < left_ankle
    left_small_toe < left_big_toe
    left_heel < left_ankle
    right_big_toe < right_ankle
    right_small_toe < right_big_toe
    right_heel < right_ankle
    """,
    _limbs(
        arm="shoulder elbow wrist",
        leg="hip knee ankle big_toe small_toe heel",
        trunk="nose shoulder_center hip_center left_eye right_eye left_ear right_ear",
    ),
    up="-y",
    picture=True,
)

H36M_17 = _layout(
    "h36m_17",
    """
    hip_center
    right_hip < hip_center
    right_knee < right_hip
    right_ankle < right_knee
    left_hip < hip_center
    left_knee < left_hip
    left_ankle < left_knee
    spine < hip_center
    shoulder_center < spine
    nose < shoulder_center
    head < nose
    left_shoulder < shoulder_center
    left_elbow < left_shoulder
    left_wrist < left_elbow
    right_shoulder < shoulder_center
    right_elbow < right_shoulder
    right_wrist < right_elbow
    """,
    _limbs(arm="shoulder elbow wrist", leg="hip knee ankle", trunk="hip_center spine shoulder_center nose head"),
    up="+z",
)

MEDIAPIPE_33 = _layout(
    "mediapipe_33",
    """
    nose
    left_eye_inner < nose
    left_eye < left_eye_inner
    left_eye_outer < left_eye
    right_eye_inner < nose
    right_eye < right_eye_inner
    right_eye_outer < right_eye
    left_ear < left_eye_outer
    right_ear < right_eye_outer
    left_mouth < nose
    right_mouth < nose
    left_shoulder < nose
    right_shoulder < nose
    left_elbow < left_shoulder
    right_elbow < right_shoulder
    left_wrist < left_elbow
    right_wrist < right_elbow
    left_pinky < left_wrist
    right_pinky < right_wrist
    left_index < left_wrist
    right_index < right_wrist
    left_thumb < left_wrist
    right_thumb < right_wrist
    left_hip < left_shoulder
    right_hip < right_shoulder
    left_knee < left_hip
    right_knee < right_hip
    left_ankle < left_knee
    right_ankle < right_knee
    left_heel < left_ankle
    right_heel < right_ankle
    left_foot < left_heel
    right_foot < right_heel
    """,
    _limbs(
        arm="shoulder elbow wrist pinky index thumb",
        leg="hip knee ankle heel foot",
        trunk="nose left_eye_inner left_eye left_eye_outer right_eye_inner right_eye right_eye_outer left_ear "
        "right_ear left_mouth right_mouth",
    ),
    up="-y",
)

LAYOUTS = (
    *(KINECT_V2, KINECT_V1, SBU_15, OPENNI_15, FLORENCE_15),
    *(COCO_17, OPENPOSE_18, OPENPOSE_25, H36M_17, MEDIAPIPE_33),
)


def named_layout(name: str) -> Skeleton:
    """A layout from a JSON file, if the name ends in .json, or else a built-in one."""
    return Skeleton.from_json(Path(name)) if name.lower().endswith(".json") else layout(name)


def layout(name: str) -> Skeleton:
    """A built-in skeleton by name; a SkelactError lists them."""
    for skeleton in LAYOUTS:
        if skeleton.name == name:
            return skeleton
    raise SkelactError(f"no layout {name!r}; built in are {', '.join(skeleton.name for skeleton in LAYOUTS)}")

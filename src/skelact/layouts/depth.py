"""Layouts of depth cameras: Kinect, and layouts derived from its trackers."""

from skelact.layouts.written import limbs, written

# Published order and tree of NTU RGB+D and PKU-MMD (AimCLR's bone pairs): the tips hang on the thumbs.
KINECT_V2 = written(
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
    limbs(
        arm="shoulder elbow wrist hand hand_tip thumb",
        leg="hip knee ankle foot",
        trunk="hip_center spine neck head shoulder_center",
    ),
)

# Order of MSR Action3D's successors and NW-UCLA.
KINECT_V1 = written(
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
    limbs(arm="shoulder elbow wrist hand", leg="hip knee ankle foot", trunk="hip_center spine shoulder_center head"),
)

SBU_15 = written(
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
    limbs(arm="shoulder elbow hand", leg="hip knee foot", trunk="head shoulder_center spine"),
    up="-y",
)

# Joints that OpenNI tracks; KARD has them in another order.
OPENNI_15 = SBU_15.model_copy(update={"name": "openni_15", "up": "+y"})

FLORENCE_15 = written(
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
    limbs(arm="shoulder elbow wrist", leg="hip knee ankle", trunk="head shoulder_center spine"),
)

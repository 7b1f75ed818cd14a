"""Layouts of pose estimators and of motion capture."""

from skelact.layouts.written import limbs, written

COCO_17 = written(
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
    limbs(arm="shoulder elbow wrist", leg="hip knee ankle", trunk="nose left_eye right_eye left_ear right_ear"),
    up="-y",
    picture=True,
)

OPENPOSE_18 = written(
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
    limbs(
        arm="shoulder elbow wrist",
        leg="hip knee ankle",
        trunk="nose shoulder_center left_eye right_eye left_ear right_ear",
    ),
    up="-y",
    picture=True,
)

OPENPOSE_25 = written(
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
    limbs(
        arm="shoulder elbow wrist",
        leg="hip knee ankle big_toe small_toe heel",
        trunk="nose shoulder_center hip_center left_eye right_eye left_ear right_ear",
    ),
    up="-y",
    picture=True,
)

H36M_17 = written(
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
    limbs(arm="shoulder elbow wrist", leg="hip knee ankle", trunk="hip_center spine shoulder_center nose head"),
    up="+z",
)

MEDIAPIPE_33 = written(
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
    limbs(
        arm="shoulder elbow wrist pinky index thumb",
        leg="hip knee ankle heel foot",
        trunk="nose left_eye_inner left_eye left_eye_outer right_eye_inner right_eye right_eye_outer left_ear "
        "right_ear left_mouth right_mouth",
    ),
    up="-y",
)

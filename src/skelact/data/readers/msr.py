"""MSR Action3D: one text file a clip, a joint a line: `x y z confidence`, 20 lines a frame.

`a01_s01_e01_skeleton3D.txt` has positions in the room, `a01_s01_e01_skeleton.txt` those in the picture, with the depth.
"""

import re

from skelact.data.readers.blocks import JointLines, namings
from skelact.layouts import KINECT_V1

FILE_JOINTS = (
    *("left_shoulder", "right_shoulder", "shoulder_center", "spine", "left_hip", "right_hip", "hip_center"),
    *("left_elbow", "right_elbow", "left_wrist", "right_wrist", "left_hand", "right_hand"),
    *("left_knee", "right_knee", "left_ankle", "right_ankle", "left_foot", "right_foot", "head"),
)
"""The joints in the order of the files. The data set does not say which side is left; this is the usual choice."""

CLASSES = (
    *("high arm wave", "horizontal arm wave", "hammer", "hand catch", "forward punch", "high throw", "draw x"),
    *("draw tick", "draw circle", "hand clap", "two hand wave", "side boxing", "bend", "forward kick", "side kick"),
    *("jogging", "tennis swing", "tennis serve", "golf swing", "pick up and throw"),
)

MSR = JointLines(
    name="msr",
    classes=CLASSES,
    layout=KINECT_V1,
    file_joints=FILE_JOINTS,
    # In a02_s01_e01_skeleton3D.txt of the set joint 1, the left shoulder, is at x = -0.36, joint 2 at 0.00; y is up,
    # the feet are 0.16 m nearer than the ankles: right-handed, as Microsoft's sensor has it. In the picture y is down.
    left_handed="screen",
    width=4,
    world_units="metres",
    namings=namings("_skeleton3D.txt", "_skeleton.txt", re.IGNORECASE),
    frame_rate=15.0,
)

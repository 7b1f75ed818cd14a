"""KARD: one text file a clip, a joint a line: three numbers, 15 lines a frame.

`a01_s01_e01_realworld.txt` has positions in the room, `a01_s01_e01_screen.txt` those in the picture, with the depth.
"""

from skelact.data.readers.blocks import JointLines, namings
from skelact.layouts import OPENNI_15

FILE_JOINTS = (
    *("head", "shoulder_center"),
    *("right_shoulder", "right_elbow", "right_hand", "left_shoulder", "left_elbow", "left_hand", "spine"),
    *("right_hip", "right_knee", "right_foot", "left_hip", "left_knee", "left_foot"),
)
"""The joints in the order of the files, from the data set's list of them."""

CLASSES = (
    *("horizontal arm wave", "high arm wave", "two hand wave", "catch cap", "high throw", "draw x", "draw tick"),
    *("toss paper", "forward kick", "side kick", "take umbrella", "bend", "hand clap", "walk", "phone call", "drink"),
    *("sit down", "stand up"),
)

KARD = JointLines(
    name="kard",
    classes=CLASSES,
    layout=OPENNI_15,
    file_joints=FILE_JOINTS,
    # OpenNI's axes. a18_s01_e01 of the set begins with a sitting person: the left shoulder is at x = 231, the right one
    # at -117, y is up, the knees are half a metre nearer than the hips. Who looks along -z has the left at +x in a
    # left-handed frame only. The picture has x the same way (363, 299) and the same z, with y down.
    left_handed="world",
    width=3,
    world_units="millimetres",
    namings=namings("_realworld.txt", "_screen.txt"),
    frame_rate=30.0,
)

"""Sides and parts of BVH skeletons, by the names that programs and public sets give to joints."""

import numpy as np
import pytest
from bvh_files import bvh, human
from reader_files import write

from skelact.data.preparations.robust import prepare_robust
from skelact.data.readers.bvh import BvhFormat
from skelact.skeleton import Skeleton

BVH = BvhFormat()
TRUNK = ("Hips", "Spine", "Chest", "Neck", "Head")
LOWER = ("pelvis", "spine", "chest", "neck", "head")
CONVENTIONS = {
    # legs, arms, marks of left and right, trunk
    "acclaim": (
        ("{}hipjoint", "{}femur", "{}tibia", "{}foot"),
        ("{}clavicle", "{}humerus", "{}radius", "{}hand"),
        "lr",
        ("root", "lowerback", "thorax", "lowerneck", "head"),
    ),
    "joined": (("{}hip", "{}knee", "{}ankle", "{}toe"), ("{}collar", "{}shoulder", "{}elbow", "{}wrist"), "lr", LOWER),
    "poser": (("{}Thigh", "{}Shin", "{}Foot", "{}Toe"), ("{}Collar", "{}Shldr", "{}ForeArm", "{}Hand"), "lr", TRUNK),
    "biped": (
        ("Bip01 {} Thigh", "Bip01 {} Calf", "Bip01 {} Foot", "Bip01 {} Toe0"),
        ("Bip01 {} Clavicle", "Bip01 {} UpperArm", "Bip01 {} Forearm", "Bip01 {} Hand"),
        "LR",
        tuple(f"Bip01 {name}" for name in TRUNK),
    ),
    "mixamo": (
        tuple(f"mixamorig:{{}}{name}" for name in ("UpLeg", "Leg", "Foot", "ToeBase")),
        tuple(f"mixamorig:{{}}{name}" for name in ("Shoulder", "Arm", "ForeArm", "Hand")),
        ("Left", "Right"),
        tuple(f"mixamorig:{name}" for name in TRUNK),
    ),
    "blender": (
        ("thigh.{}", "shin.{}", "foot.{}", "toe.{}"),
        ("shoulder.{}", "upper_arm.{}", "forearm.{}", "hand.{}"),
        "LR",
        TRUNK,
    ),
    "codes": (("T{}H", "T{}K", "T{}A", "T{}T"), ("T{}C", "T{}S", "T{}E", "T{}W"), "LR", ("TP", "TV", "TC", "TN", "TK")),
    "capitals": (("{}HIP", "{}KNEE", "{}FOOT", "{}TOE"), ("{}COLLAR", "{}ARM", "{}LOW", "{}HAND"), "LR", LOWER),
    "words": (
        ("{}hip", "{}knee", "{}foot", "{}toe"),
        ("{}collar", "{}arm", "{}forearm", "{}hand"),
        ("left", "right"),
        LOWER,
    ),
    "behind": (("thigh{}", "knee{}", "foot{}", "toe{}"), ("collar{}", "arm{}", "elbow{}", "hand{}"), "lr", TRUNK),
    "abroad": (
        ("coscia_{}", "tibia_{}", "piede_{}", "dita_{}"),
        ("spalla_{}", "omero_{}", "gomito_{}", "mano_{}"),
        "LR",
        TRUNK,
    ),
    "french": (
        ("Cuisse{}", "Tibia{}", "Pied{}", "Orteil{}"),
        ("Epaule{}", "Bras{}", "AvantBras{}", "Main{}"),
        ("Gauche", "Droit"),
        TRUNK,
    ),
    "russian": (
        ("{}_бедро", "{}_колено", "{}_стопа", "{}_носок"),
        ("{}_ключица", "{}_плечо", "{}_локоть", "{}_кисть"),
        ("левая", "правая"),
        ("Таз", "Поясница", "Грудь", "Шея", "Голова"),
    ),
    "japanese": (("{}足", "{}ひざ", "{}足首", "{}つま先"), ("{}肩", "{}腕", "{}ひじ", "{}手首"), "左右", TRUNK),
}


def skeleton_of(folder, joints: str, **options) -> Skeleton:
    return BVH(write(folder / "a.bvh", bvh(joints)).path, **options).skeleton


def named(skeleton: Skeleton) -> dict[str, list[str]]:
    return {part: sorted(skeleton.joints[joint] for joint in joints) for part, joints in skeleton.parts.items()}


@pytest.mark.parametrize("right_first", [False, True])
@pytest.mark.parametrize("arms_first", [False, True])
@pytest.mark.parametrize(("leg", "arm", "marks", "trunk"), CONVENTIONS.values(), ids=CONVENTIONS)
def test_sides_and_parts_are_told_for_names_of_every_convention(
    tmp_path, leg, arm, marks, trunk, arms_first, right_first
):
    joints = human(leg, arm, marks, trunk, arms_first, right_first)
    made = BVH(write(tmp_path / "a.bvh", bvh(joints)).path)
    left, right = marks
    assert named(made.skeleton) == {
        "trunk": sorted(trunk),
        "left_arm": sorted(name.format(left) for name in arm),
        "right_arm": sorted(name.format(right) for name in arm),
        "left_leg": sorted(name.format(left) for name in leg),
        "right_leg": sorted(name.format(right) for name in leg),
    }
    pairs = {(made.skeleton.joints[one], made.skeleton.joints[two]) for one, two in made.skeleton.pairs}
    assert pairs == {(name.format(left), name.format(right)) for name in (*leg, *arm)}
    assert made.notes == ()


@pytest.mark.parametrize("sides", ["LR", "RL"])
def test_the_heading_is_the_same_whichever_side_a_file_lists_first_and_wherever_fingers_are(tmp_path, sides):
    """Arms are crossed so far that every finger of the left hand is right of every finger of the right one."""
    limbs = {}
    for side, x in (("L", 1), ("R", -1)):
        fingers = "".join(f"     finger{n}_{side} {-2 * x} {n} 0\n" for n in range(5))
        limbs[side] = (
            f"  upper_{side} {18 * x} 40 0\n   arm_{side} {-30 * x} 0 20\n    hand_{side} {-25 * x} 0 5\n{fingers}"
        )
        limbs[side] += f"  leg_{side} {9 * x} -5 0\n   foot_{side} 0 -80 0\n"
    joints = " Hips 0 0 0\n" + "".join(limbs[side] for side in sides)
    made = BVH(write(tmp_path / "a.bvh", bvh(joints, ["0 90 0 0 0 130"] * 3)).path)
    (item,) = made.find(made.source)
    view, repairs = prepare_robust(made.read(item), made.skeleton, 3, 1)
    joint = made.skeleton.joints.index
    assert np.allclose(view[:, :, joint("leg_R"), 0] - view[:, :, joint("leg_L"), 0], [[18], [0], [0]], atol=1e-4)
    assert np.allclose(view[:, :, joint("upper_R"), 0] - view[:, :, joint("upper_L"), 0], [[36], [0], [0]], atol=1e-4)
    assert repairs["heading_unknown"] == 0


def test_limbs_that_begin_in_one_place_still_tell_the_heading(tmp_path):
    """As in conversions of CMU's captures: both collars stand in the chest, both hip joints in the hips."""
    joints = human(
        ("{}HipJoint", "{}UpLeg", "{}Leg", "{}Foot"), ("{}Shoulder", "{}Arm", "{}ForeArm", "{}Hand"), "RL", TRUNK
    )
    for name in ("RHipJoint -9", "LHipJoint 9", "RHipJoint 9", "LHipJoint -9"):
        joints = joints.replace(f"{name} -5 0", f"{name.split()[0]} 0 0 0")
    for name in ("RShoulder 3", "LShoulder -3"):
        joints = joints.replace(f"{name} 15 0", f"{name.split()[0]} 0 0 0")
    joints = joints.replace("LUpLeg 0 -40", "LUpLeg -9 -40").replace("RUpLeg 0 -40", "RUpLeg 9 -40")
    made = BVH(write(tmp_path / "a.bvh", bvh(joints, ["0 90 0 0 0 200"] * 3)).path)
    view, _ = prepare_robust(made.read(made.find(made.source)[0]), made.skeleton, 3, 1)
    joint = made.skeleton.joints.index
    assert np.allclose(view[:, :, joint("RArm"), 0] - view[:, :, joint("LArm"), 0], [[24], [0], [0]], atol=1e-4)


HELPERS = """
 World 0 0 0
  Hips 0 90 0
   LHipJoint 0 0 0
    LeftUpLeg 8 -4 0
     LeftLeg 0 -40 0
      LeftFoot 0 -40 0
   RHipJoint 0 0 0
    RightUpLeg -8 -4 0
     RightLeg 0 -40 0
      RightFoot 0 -40 0
   LeftPocket 12 2 5
   RightPocket -12 2 5
   LowerBack 0 0 0
    LeftShoulder 15 40 0
    RightShoulder -15 40 0
    Spine 0 20 0
     Site 0 2 0
      LeftArm 15 20 0
       Twist 5 0 0
        LeftForeArm 20 0 0
         LeftHand 24 0 0
          LeftHandThumb 3 -2 2
          LeftHandRing1 6 0 0
           LeftHandRing2 3 0 0
          Sword 0 0 10
     RightArm -15 22 0
      RightForeArm -25 0 0
       RightHand -24 0 0
        RightHandThumb -3 -2 2
        RightHandRing1 -6 0 0
         RightHandRing2 -3 0 0
     Neck 0 30 0
      Head 0 10 0
       LeftEye 3 8 8
       RightEye -3 8 8
   Tail1 0 0 -10
    Tail2 0 0 -20
"""


def test_limbs_on_helper_joints_fingers_props_and_tails_leave_every_part_what_it_is(tmp_path):
    parts = named(skeleton_of(tmp_path, HELPERS))
    assert parts["left_leg"] == ["LHipJoint", "LeftFoot", "LeftLeg", "LeftUpLeg"]
    assert parts["right_leg"] == ["RHipJoint", "RightFoot", "RightLeg", "RightUpLeg"]
    hand = ["Hand", "HandRing1", "HandRing2", "HandThumb", "Shoulder"]
    assert parts["left_arm"] == sorted(["Twist", "Sword", *(f"Left{name}" for name in ("Arm", "ForeArm", *hand))])
    assert parts["right_arm"] == sorted(f"Right{name}" for name in ("Arm", "ForeArm", *hand))
    assert {"LeftEye", "RightEye", "LeftPocket", "Tail2", "World", "Site", "LowerBack"} <= set(parts["trunk"])


def test_letters_that_are_no_sides_pair_nothing(tmp_path):
    """ring and ling hang on one hand, lump and rump on the middle line, lane and rane at other depths."""
    joints = """
 pelvis 0 90 0
  lump 0 5 9
  rump 0 -5 -9
  lane 5 5 0
   mane 5 5 0
  spine 0 5 0
   rane -5 5 0
  clavicle 0 20 0
   lhand 20 0 0
    ring 4 0 1
    ling 4 0 -1
   rhand -20 0 0
    ring2 -4 0 1
    ling2 -4 0 -1
"""
    skeleton = skeleton_of(tmp_path, joints)
    assert [(skeleton.joints[one], skeleton.joints[two]) for one, two in skeleton.pairs] == [("lhand", "rhand")]
    assert [joint for joint, other in enumerate(skeleton.mirror) if joint != other] == [
        skeleton.index("lhand"),
        skeleton.index("rhand"),
    ]


WINGED = """
 Hips 0 90 0
  a_L 9 -5 0
   a1_L 0 -40 0
    a2_L 0 -40 0
  a_R -9 -5 0
   a1_R 0 -40 0
    a2_R 0 -40 0
  Chest 0 40 0
   b_L 15 5 0
    b1_L 28 0 0
     b2_L 25 0 0
   b_R -15 5 0
    b1_R -28 0 0
     b2_R -25 0 0
   c_L 5 5 -10
    c1_L 40 20 -10
     c2_L 40 20 -10
   c_R -5 5 -10
    c1_R -40 20 -10
     c2_R -40 20 -10
"""


def test_of_three_pairs_of_limbs_without_telling_names_the_legs_are_told_and_the_rest_is_said(tmp_path):
    made = BVH(write(tmp_path / "a.bvh", bvh(WINGED)).path)
    parts = named(made.skeleton)
    assert set(parts) == {"trunk", "left_leg", "right_leg"}
    assert parts["left_leg"] == ["a1_L", "a2_L", "a_L"]
    assert made.notes == (
        "no arms recognised in the skeleton, by names or by the rest pose: "
        "b_L/b_R, c_L/c_R and the joints below count as trunk",
    )
    named_arms = WINGED.replace("b_", "upperarm_").replace("c_", "wing_")
    made = BVH(write(tmp_path / "b.bvh", bvh(named_arms)).path)
    assert made.notes == ()
    assert named(made.skeleton)["left_arm"] == ["b1_L", "b2_L", "upperarm_L"]
    assert {"wing_L", "c1_R", "c2_R"} <= set(named(made.skeleton)["trunk"])


def test_a_skeleton_without_sides_is_said_to_have_none(tmp_path):
    made = BVH(write(tmp_path / "a.bvh", bvh(" base 0 0 0\n  middle 0 10 0\n   tip 0 10 0\n")).path)
    assert made.skeleton.parts == {}
    assert len(made.notes) == 1
    assert made.notes[0].startswith("no joint has a name that another has for the other side of the body")


def test_limbs_whose_bones_lie_along_one_axis_at_rest_are_told_by_where_they_hang(tmp_path):
    """As programs write that give every bone axes of its own; the names are in no language."""
    bones = "\n".join(
        f"  {limb}{step}_{side} {x * 30} 0 {0 if step else z}".replace("  ", " " * (depth + step), 1)
        for limb, depth in (("p", 2), ("q", 4))
        for side, x, z in (("L", 1, 5), ("R", -1, -5))
        for step in range(3)
    ).split("\n")
    joints = " base 0 0 0\n" + "\n".join(bones[:6]) + "\n  mid 20 0 0\n   top 30 0 0\n" + "\n".join(bones[6:])
    parts = named(skeleton_of(tmp_path, joints.replace("p0_R -30", "p0_R 30").replace("q0_R -30", "q0_R 30")))
    assert parts["left_leg"] == ["p0_L", "p1_L", "p2_L"]
    assert parts["right_arm"] == ["q0_R", "q1_R", "q2_R"]


def test_files_of_one_source_may_have_bones_of_other_lengths(tmp_path):
    joints = human(*CONVENTIONS["joined"])
    write(tmp_path / "a.bvh", bvh(joints))
    item = write(tmp_path / "b.bvh", bvh(joints.replace("lhip 9 -5 0", "lhip 30 5 9").replace("-40", "-10")))
    made = BVH(tmp_path)
    assert made.read(item).joints.shape == (1, 1, 21, 3)


def test_arms_and_legs_that_hang_on_one_joint_are_told_apart(tmp_path):
    joints = " Hips 0 90 0\n" + "".join(
        f"  {side}Side {x} 0 0\n   {side}Holder {x} 9 0\n    {side}Arm {x} 40 0\n     {side}Hand {40 * x} 0 0\n"
        f"   {side}Leg {9 * x} -5 0\n    {side}Guard 0 -9 0\n    {side}Foot 0 -80 0\n"
        for side, x in (("Right", -1), ("Left", 1))
    )
    parts = named(skeleton_of(tmp_path, joints))
    assert parts["left_arm"] == ["LeftArm", "LeftHand", "LeftHolder"]
    assert parts["right_leg"] == ["RightFoot", "RightGuard", "RightLeg"]
    assert parts["trunk"] == ["Hips", "LeftSide", "RightSide"]

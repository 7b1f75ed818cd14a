import numpy as np
import pytest

from skelact.layouts import COCO_17, KINECT_V1, KINECT_V2, LAYOUTS, MEDIAPIPE_33, OPENPOSE_18, SBU_15, layout
from skelact.skeleton import Skeleton
from skelact.system.world import SkelactError

every_layout = pytest.mark.parametrize("skeleton", LAYOUTS, ids=lambda skeleton: skeleton.name)


@every_layout
def test_mirror_is_its_own_inverse(skeleton):
    mirror = np.array(skeleton.mirror)
    assert (mirror[mirror] == np.arange(len(skeleton))).all()


@every_layout
def test_mirror_exchanges_left_and_right_and_leaves_the_middle(skeleton):
    for joint, other in enumerate(skeleton.mirror):
        name = skeleton.joints[joint]
        swapped = {"left": name.replace("left_", "right_"), "righ": name.replace("right_", "left_")}
        assert skeleton.joints[other] == swapped.get(name[:4], name)


@every_layout
def test_the_mirror_of_a_bone_is_a_bone(skeleton):
    bones = set(skeleton.bones)
    assert {(skeleton.mirror[joint], skeleton.mirror[parent]) for joint, parent in bones} == bones


@every_layout
def test_goes_to_json_and_back_unchanged(skeleton, tmp_path):
    path = tmp_path / "layout.json"
    path.write_text(skeleton.model_dump_json(), encoding="utf-8")
    assert Skeleton.from_json(path) == skeleton


@every_layout
def test_the_five_parts_hold_every_joint_once_and_mirror_onto_each_other(skeleton):
    assert set(skeleton.parts) == {"trunk", "left_arm", "right_arm", "left_leg", "right_leg"}
    assert sorted(joint for part in skeleton.parts.values() for joint in part) == list(range(len(skeleton)))
    for part, image in [("trunk", "trunk"), ("left_arm", "right_arm"), ("left_leg", "right_leg")]:
        assert {skeleton.mirror[joint] for joint in skeleton.parts[part]} == set(skeleton.parts[image])


@every_layout
def test_every_part_is_one_connected_piece(skeleton):
    for part, joints in skeleton.parts.items():
        inside = [bone for bone in skeleton.bones if set(bone) <= set(joints)]
        assert len(inside) == len(joints) - 1, part  # a connected piece of a tree has one bone fewer than joints


@every_layout
def test_has_the_shoulders_that_tell_which_way_a_body_faces(skeleton):
    left, right = skeleton.shoulders
    assert skeleton.mirror[left] == right != left


@pytest.mark.parametrize(
    ("name", "joints"),
    [
        ("kinect_v2", 25),
        ("kinect_v1", 20),
        ("sbu_15", 15),
        ("coco_17", 17),
        ("openpose_18", 18),
        ("openpose_25", 25),
        ("h36m_17", 17),
        ("mediapipe_33", 33),
    ],
)
def test_a_layout_is_found_by_name_and_has_the_joints_its_sensor_has(name, joints):
    assert layout(name).name == name
    assert len(layout(name)) == joints


def test_an_unknown_layout_is_answered_with_those_there_are():
    with pytest.raises(SkelactError, match=r"'kinect_v3'.*kinect_v2.*mediapipe_33"):
        layout("kinect_v3")


def test_kinect_v2_has_the_published_bone_pairs(shared):
    pairs = np.load(shared / "golden/streams.npz")["bone_pairs_1based"]
    published = {(joint, parent) for joint, parent in (pairs - 1).tolist() if joint != parent}
    assert set(KINECT_V2.bones) == published
    assert [KINECT_V2.centre] == [joint for joint, parent in (pairs - 1).tolist() if joint == parent]


def test_kinect_v2_mirror_is_the_published_flip_order(shared):
    assert list(KINECT_V2.mirror) == np.load(shared / "golden/augment.npz")["flip_joint_order"].tolist()


@pytest.mark.parametrize(
    ("skeleton", "published"), [(KINECT_V2, "ntu-rgb+d"), (OPENPOSE_18, "openpose"), (KINECT_V1, "nw-ucla")]
)
def test_bones_are_the_edges_of_the_published_graph(skeleton, published, shared):
    adjacency = np.load(shared / "golden/graphs.npz")[f"{published}/uniform"][0]
    edges = {frozenset(pair) for pair in np.argwhere(adjacency).tolist() if pair[0] != pair[1]}
    assert {frozenset(bone) for bone in skeleton.bones} == edges


@pytest.mark.parametrize(
    ("skeleton", "places"),
    [
        # from the sensors' own documentation: index of a few joints that would move if the order were wrong
        (KINECT_V2, {"hip_center": 0, "head": 3, "left_shoulder": 4, "right_shoulder": 8, "left_hand_tip": 21}),
        (SBU_15, {"head": 0, "left_hand": 5, "right_hand": 8, "right_foot": 14}),
        (COCO_17, {"nose": 0, "left_shoulder": 5, "right_wrist": 10, "right_ankle": 16}),
        (MEDIAPIPE_33, {"nose": 0, "left_shoulder": 11, "right_thumb": 22, "left_heel": 29, "right_foot": 32}),
    ],
)
def test_joints_stand_where_their_sensor_puts_them(skeleton, places):
    assert {joint: skeleton.index(joint) for joint in places} == places

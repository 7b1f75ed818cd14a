import json
import os
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from skelact.skeleton import Skeleton
from skelact.system.world import SkelactError

BODY = {
    "name": "stick",
    "joints": ["belly", "left_hand", "head", "right_hand", "left_eye"],
    "parents": [-1, 0, 0, 0, 2],
}


def body(**changes) -> dict:
    return {**BODY, **changes}


def test_left_and_right_are_exchanged_by_name_and_the_rest_stays():
    # left_eye has no right namesake
    assert Skeleton.model_validate(BODY).mirror == (0, 3, 2, 1, 4)


def test_a_given_mirror_is_kept():
    assert Skeleton.model_validate(body(mirror=[0, 1, 2, 3, 4])).mirror == (0, 1, 2, 3, 4)


def test_centre_is_the_root_and_bones_are_all_other_joints_with_their_parents():
    skeleton = Skeleton.model_validate(body(parents=[2, 0, -1, 0, 2]))
    assert skeleton.centre == 2
    assert skeleton.bones == ((0, 2), (1, 0), (3, 0), (4, 2))
    assert len(skeleton) == 5


def test_a_skeleton_cannot_be_changed():
    with pytest.raises(ValidationError, match="frozen"):
        Skeleton.model_validate(BODY).up = "-y"


@pytest.mark.parametrize(
    ("changes", "expected", "found"),
    [
        ({"joints": ["belly"], "parents": [-1]}, "at least 2", "got 1"),
        ({"joints": ["belly", "head", "head", "foot", "head"]}, "5 different", "found 3: head"),
        ({"parents": [-1, 0, 0]}, "5 parents", "found 3"),
        ({"parents": [-1, 0, -1, 0, 2]}, "exactly one", "found 2"),
        ({"parents": [1, 0, 0, 0, 2]}, "exactly one", "found 0"),
        ({"parents": [-1, 0, 4, 0, 2]}, "head less than 5 steps", "found a circle"),
        ({"parents": [-1, 1, 0, 0, 2]}, "left_hand less than 5 steps", "found a circle"),
        ({"parents": [-1, 5, 0, 0, 2]}, "parent of left_hand must be from -1 to 4", "got 5"),
        ({"parents": [4, 0, 0, -1, 99]}, "parent of left_eye must be from -1 to 4", "got 99"),
        ({"parents": [-1, 0, 0, 0, -2]}, "parent of left_eye must be from -1 to 4", "got -2"),
        ({"mirror": [1, 2, 0, 3, 4]}, "order 5 joints and be its own inverse", r"got \(1, 2, 0, 3, 4\)"),
        ({"mirror": [0, 0, 2, 3, 4]}, "order 5 joints and be its own inverse", r"got \(0, 0, 2, 3, 4\)"),
        ({"mirror": [1, 0]}, "order 5 joints and be its own inverse", r"got \(1, 0\)"),
        ({"parts": {"trunk": [0, 1], "left_arm": [1]}}, "joints 0 to 4 at most once", r"\[1\]"),
        ({"parts": {"trunk": [0, 5]}}, "joints 0 to 4 at most once", r"\[5\]"),
    ],
)
def test_a_tree_that_is_none_is_refused_with_what_was_expected_and_found(changes, expected, found):
    with pytest.raises(ValidationError, match=f"{expected}.*{found}"):
        Skeleton.model_validate(body(**changes))


@pytest.mark.parametrize(
    "changes",
    [{"joints": 5}, {"joints": "belly"}, {"joints": None}, {"up": "y"}, {"colour": "red"}, {"parents": [0.5] * 5}],
)
def test_a_file_with_a_wrong_field_is_refused_by_name(changes, tmp_path):
    path = tmp_path / "stick.json"
    path.write_text(json.dumps(body(**changes)))
    with pytest.raises(SkelactError, match=rf"stick\.json: not a skeleton(.|\n)*{next(iter(changes))}"):
        Skeleton.from_json(path)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"3", b"\xff\xfe", b'{"name": "x"}'])
def test_a_file_that_holds_no_skeleton_is_refused_by_name(content, tmp_path):
    path = tmp_path / "broken.json"
    path.write_bytes(content)
    with pytest.raises(SkelactError, match=r"broken\.json: not a skeleton"):
        Skeleton.from_json(path)


def test_a_missing_file_is_refused_by_name(tmp_path):
    with pytest.raises(SkelactError, match=r"absent\.json"):
        Skeleton.from_json(tmp_path / "absent.json")


@st.composite
def trees(draw) -> Skeleton:
    """A random tree in random array order: joints hang on an earlier one, then everything is shuffled."""
    count = draw(st.integers(2, 12))
    hangs_on = [-1] + [draw(st.integers(0, joint - 1)) for joint in range(1, count)]
    place = draw(st.permutations(range(count)))
    parents = [0] * count
    for joint, parent in enumerate(hangs_on):
        parents[place[joint]] = -1 if parent == -1 else place[parent]
    return Skeleton(name="tree", joints=tuple(f"joint {i}" for i in range(count)), parents=tuple(parents))


@given(trees())
def test_every_tree_is_accepted_and_goes_to_json_and_back_unchanged(skeleton):
    assert Skeleton.model_validate_json(skeleton.model_dump_json()) == skeleton
    assert len(skeleton.bones) == len(skeleton) - 1
    assert skeleton.parents[skeleton.centre] == -1


@given(trees(), st.data())
def test_a_tree_with_one_parent_turned_towards_its_own_descendant_is_refused(skeleton, data):
    joint = data.draw(st.sampled_from([joint for joint, _ in skeleton.bones]))
    below = [joint]
    for child in below:
        below += [other for other, parent in skeleton.bones if parent == child]
    parents = list(skeleton.parents)
    parents[joint] = data.draw(st.sampled_from(below))
    with pytest.raises(ValidationError, match="circle"):
        Skeleton(name="knot", joints=skeleton.joints, parents=tuple(parents))


def test_a_skeleton_in_a_file_is_read_back_equal(tmp_path):
    skeleton = Skeleton.model_validate(body(up="-z", parts={"trunk": [0, 2], "left_arm": [1], "right_arm": [3]}))
    path = tmp_path / "stick.json"
    path.write_text(skeleton.model_dump_json())
    assert Skeleton.from_json(path) == skeleton


def test_an_unknown_joint_is_answered_with_the_joints_there_are():
    skeleton = Skeleton.model_validate(BODY)
    assert skeleton.index("head") == 2
    with pytest.raises(SkelactError, match=r"'tail'.*belly, left_hand, head, right_hand, left_eye"):
        skeleton.index("tail")


def test_order_in_picks_each_joint_by_name_from_any_order_and_any_company():
    skeleton = Skeleton.model_validate(BODY)
    other = [*BODY["joints"], "tail", "wing"]
    random.Random(3).shuffle(other)
    values = np.array([f"value of {joint}" for joint in other])
    assert values[skeleton.order_in(other)].tolist() == [f"value of {joint}" for joint in BODY["joints"]]


def test_order_in_names_the_joints_that_are_missing_and_how_many():
    skeleton = Skeleton.model_validate(BODY)
    with pytest.raises(SkelactError, match="2 of its 5 joints are missing: head, left_eye"):
        skeleton.order_in(["belly", "left_hand", "right_hand"])


def test_shoulders_of_a_body_without_any_are_refused():
    with pytest.raises(SkelactError, match="no joint 'left_shoulder'"):
        _ = Skeleton.model_validate(BODY).shoulders


def limbs(*names: str, parts: dict | None = None, mirror: tuple = ()) -> Skeleton:
    """Two arms and two legs of two joints each, and ears, on one trunk."""
    return Skeleton(
        name="limbs",
        joints=("trunk", *names),
        parents=(-1, 0, 1, 0, 3, 0, 5, 0, 7, 0, 0),
        mirror=mirror or (0, 3, 4, 1, 2, 7, 8, 5, 6, 10, 9),
        parts=parts or {},
    )


RIGHT_FIRST = ("RArm", "RHand", "LArm", "LHand", "rleg", "rfoot", "lleg", "lfoot", "Ear.R", "Ear.L")
PARTS = {"right_arm": (1, 2), "left_arm": (3, 4), "right_leg": (5, 6), "left_leg": (7, 8)}


def test_pairs_are_left_and_right_by_name_whichever_comes_first():
    assert set(limbs(*RIGHT_FIRST).pairs) == {(3, 1), (4, 2), (7, 5), (8, 6), (10, 9)}


def test_pairs_without_names_of_sides_go_by_the_parts_and_those_in_none_are_left_out():
    skeleton = limbs(*"abcdefghij", parts=PARTS)
    assert set(skeleton.pairs) == {(3, 1), (4, 2), (7, 5), (8, 6)}
    assert limbs(*"abcdefghij").pairs == limbs(*"abcdefghij").heading_pairs == ()


def test_the_heading_comes_from_where_arms_and_then_where_legs_begin_and_from_nothing_else_first():
    skeleton = limbs(*RIGHT_FIRST, parts=PARTS)
    assert skeleton.heading_pairs[:4] == (((3, 1),), ((7, 5),), ((4, 2),), ((8, 6),))
    assert [set(group) for group in skeleton.heading_pairs[4:]] == [{(3, 1), (7, 5), (10, 9)}, set(skeleton.pairs)]


def test_the_heading_comes_from_joints_called_shoulders_where_there_are_any():
    skeleton = limbs(
        "right_hand", "right_tip", "left_hand", "left_tip", *"ef", *"gh", "left_shoulder", "right_shoulder"
    )
    assert skeleton.heading_pairs[0] == ((9, 10),)
    assert skeleton.heading_pairs[-1] == skeleton.pairs == ((3, 1), (4, 2), (9, 10))


def test_without_parts_the_heading_is_that_of_the_pairs_at_which_the_sides_part():
    assert [set(group) for group in limbs(*RIGHT_FIRST).heading_pairs] == [
        {(3, 1), (7, 5), (10, 9)},
        {(3, 1), (4, 2), (7, 5), (8, 6), (10, 9)},
    ]


@pytest.mark.parametrize(
    "text",
    ["[" * 100_000, '{"name": ' + "9" * 5000 + "}", '{"name": "x", "joints": ["a"], "parents": []}'],
    ids=["nested without end", "a long number", "a joint only"],
)
def test_json_that_is_no_skeleton_is_an_error_of_a_few_words(tmp_path, text):
    path = tmp_path / "mine.json"
    path.write_text(text)
    with pytest.raises(SkelactError, match=r"mine\.json: not a skeleton: ") as caught:
        Skeleton.from_json(path)
    assert len(str(caught.value)) < 1200 + len(str(path))


def test_a_folder_or_pipe_in_the_place_of_a_skeleton_is_named(tmp_path):
    os.mkfifo(tmp_path / "pipe.json")
    with pytest.raises(SkelactError, match=r"pipe\.json: not a skeleton: expected a file"):
        Skeleton.from_json(tmp_path / "pipe.json")


def test_a_layout_of_more_joints_than_any_body_has_is_refused_at_once():
    names = tuple(f"j{number}" for number in range(5000))
    with pytest.raises(ValueError, match="at most 4096 joints, got 5000"):
        Skeleton(name="worm", joints=names, parents=tuple(range(-1, 4999)))

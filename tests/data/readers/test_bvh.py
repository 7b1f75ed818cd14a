"""BVH: poses worked out by hand, a slow reference by 4 x 4 matrices, damage, and real files."""

import math
import re
import zipfile
from pathlib import Path

import numpy as np
import pytest
from bvh_files import arm
from hypothesis import given, settings
from hypothesis import strategies as st
from reader_files import damaged, write

from skelact.data.prepare import prepare
from skelact.data.readers import reader
from skelact.data.readers.bvh_text import Motion, parse
from skelact.data.recording import Item, ReadError
from skelact.data.store import Store
from skelact.system.world import SkelactError


def read(path: Path, data: bytes, **options):
    item = write(path, data)
    return reader("bvh", item.path, **options).read(item)


def test_poses_worked_out_by_hand(tmp_path):
    got = read(
        tmp_path / "a.bvh",
        arm(
            "5 6 7  0 0 0  0 0 0",  # at rest: places are sums of offsets
            "0 0 0  90 0 0  0 0 0",  # all turned about z: x becomes y, y becomes -x
            "0 0 0  0 0 0  0 0 90",  # the arm alone about y: x becomes -z
            "0 0 0  0 90 0  90 0 0",  # arm about z (x to y), then all about x (y to z)
        ),
    )
    assert got.joints.shape == (4, 1, 4, 3)
    hips, left, tip, right = range(4)
    wanted = np.zeros((4, 4, 3))
    wanted[0, [hips, left, tip, right]] = [[5, 6, 7], [5, 7, 7], [7, 7, 7], [5, 5, 7]]
    wanted[1, [left, tip, right]] = [[-1, 0, 0], [-1, 2, 0], [1, 0, 0]]
    wanted[2, [left, tip, right]] = [[0, 1, 0], [0, 1, -2], [0, -1, 0]]
    wanted[3, [left, tip, right]] = [[0, 0, 1], [0, 0, 3], [0, 0, -1]]
    assert np.allclose(got.joints[:, 0], wanted, atol=1e-6)


def test_rotations_are_applied_in_the_order_of_the_channels(tmp_path):
    # Z then X: the tip's (2, 0, 0) is turned about x first (nothing happens), then about z. X then Z: the other way.
    swapped = arm("0 0 0  0 0 0  90 90 0").replace(b"3 Zrotation Xrotation", b"3 Xrotation Zrotation")
    one = read(tmp_path / "a.bvh", arm("0 0 0  0 0 0  90 90 0")).joints[0, 0, 2]
    other = read(tmp_path / "b.bvh", swapped).joints[0, 0, 2]
    assert np.allclose(one, [0, 3, 0], atol=1e-6)
    assert np.allclose(other, [0, 1, 2], atol=1e-6)


def test_a_position_channel_takes_the_place_of_the_offset_and_of_nothing_else(tmp_path):
    data = arm("1 2 3  0 0 0  7 8 9").replace(b"OFFSET 0 0 0\n    CH", b"OFFSET 50 60 70\n    CH")
    data = data.replace(b"CHANNELS 3 Zrotation Xrotation Yrotation", b"CHANNELS 3 Zposition Xposition Zrotation")
    got = read(tmp_path / "a.bvh", data).joints[0, 0]
    assert np.allclose(got[0], [1, 2, 3])
    assert np.allclose(got[1], [1 + 8, 2 + 1, 3 + 7], atol=1e-6)
    assert np.allclose(got[2], [9 + 2 * math.cos(math.radians(9)), 3 + 2 * math.sin(math.radians(9)), 10], atol=1e-5)


def slow_places(motion: Motion) -> np.ndarray:
    """Every node of every frame by products of 4 x 4 matrices along its chain, one number after another."""
    places = np.zeros((len(motion.values), len(motion.nodes), 3))
    columns = [(number, channel) for number, node in enumerate(motion.nodes) for channel in node.channels]
    moved = {0} | {
        number
        for (number, channel), values in zip(columns, motion.values.T, strict=True)
        if "position" in channel and any(value != 0 for value in values)
    }
    for frame, line in enumerate(motion.values):
        column, chains = 0, []
        for number, node in enumerate(motion.nodes):
            local = np.eye(4)
            local[:3, 3] = node.offset
            turn = np.eye(4)
            for channel in node.channels:
                value = line[column]
                column += 1
                if "position" in channel:
                    if number in moved:
                        local["XYZ".index(channel[0]), 3] = value
                    continue
                c, s = math.cos(math.radians(value)), math.sin(math.radians(value))
                turn = (
                    turn
                    @ {
                        "X": np.array([[1, 0, 0, 0], [0, c, -s, 0], [0, s, c, 0], [0, 0, 0, 1]]),
                        "Y": np.array([[c, 0, s, 0], [0, 1, 0, 0], [-s, 0, c, 0], [0, 0, 0, 1]]),
                        "Z": np.array([[c, -s, 0, 0], [s, c, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]),
                    }[channel[0]]
                )
            chains.append((chains[node.parent] if node.parent >= 0 else np.eye(4)) @ local @ turn)
            places[frame, number] = (chains[number] @ [0, 0, 0, 1])[:3]
    return places


CHANNELS = [f"{axis}{kind}" for kind in ("position", "rotation") for axis in "XYZ"]
NUMBER = st.floats(-400, 400, width=32).map(lambda number: round(number, 3))


@st.composite
def trees(draw: st.DrawFn) -> bytes:
    """A file with a random tree, channels in random order, and numbers."""
    lines, width = ["HIERARCHY"], 0

    def joint(name: str, kind: str, depth: int) -> None:
        nonlocal width
        channels = draw(st.permutations(CHANNELS))[: draw(st.integers(1 if kind == "ROOT" else 0, 6))]
        width += len(channels)
        lines.extend([f"{kind} {name}", "{", "OFFSET " + " ".join(str(draw(NUMBER)) for _ in range(3))])
        lines.append(f"CHANNELS {len(channels)} " + " ".join(channels))
        for child in range(draw(st.integers(1 if kind == "ROOT" else 0, 2)) if depth < 3 else 0):
            joint(f"{name}.{child}", "JOINT", depth + 1)
        if draw(st.booleans()):
            lines.extend(["End Site {", "OFFSET " + " ".join(str(draw(NUMBER)) for _ in range(3)), "}"])
        lines.append("}")

    joint("J", "ROOT", 0)
    frames = draw(st.integers(1, 3))
    lines += ["MOTION", f"Frames: {frames}", "Frame Time: 0.01"]
    lines += [" ".join(str(draw(NUMBER)) for _ in range(width)) for _ in range(frames)]
    return "\n".join(lines).encode() + b"\n"


@settings(max_examples=60)
@given(data=trees())
def test_any_tree_is_placed_as_the_slow_reference_places_it(folder, data):
    item = write(folder / "tree.bvh", data)
    motion = parse(item, data)
    slow = slow_places(motion)
    seen = [number for number, node in enumerate(motion.nodes) if not (node.end and not any(node.offset))]
    if not slow[:, seen].any():
        return
    got = reader("bvh", item.path).read(item)
    assert np.allclose(got.joints[:, 0], slow[:, seen], rtol=1e-5, atol=1e-3)


def test_the_skeleton_comes_from_the_file_and_ends_without_length_are_left_out(tmp_path):
    item = write(tmp_path / "a.bvh", arm("0 0 0 0 0 0 0 0 0"))
    made = reader("bvh", item.path, up="+z", units="inches")
    assert made.skeleton.joints == ("Hips", "LeftArm", "LeftArm_end", "RightArm")
    assert made.skeleton.parents == (-1, 0, 1, 0)
    assert made.skeleton.mirror == (0, 3, 2, 1)
    assert (made.skeleton.up, made.frame_rate, made.units, made.classes) == ("+z", 30.0, "inches", ())


def person(left: str, right: str, root: str = "") -> bytes:
    """A body at rest whose limbs are named with these patterns for a side."""

    def limb(names: list[str], step: str) -> str:
        inner = "End Site { OFFSET 0 -1 0 }"
        for name in reversed(names):
            inner = f"JOINT {name} {{ OFFSET {step} CHANNELS 1 Xrotation {inner} }}"
        return inner

    legs = "".join(limb([side % "Hip", side % "Knee"], f"{x} -1 0") for side, x in ((left, 1), (right, -1)))
    arms = "".join(
        limb([side % "Shoulder", side % "Elbow", side % "Hand"], f"{x} 0 0") for side, x in ((left, 1), (right, -1))
    )
    eyes = "".join(f"JOINT {side % 'Eye'} {{ OFFSET 0 1 1 CHANNELS 0 }}" for side in (left, right))
    spine = f"JOINT Chest {{ OFFSET 0 2 0 CHANNELS 0 JOINT Head {{ OFFSET 0 2 0 CHANNELS 0 {eyes} }} {arms} }}"
    body = f"Hips {{ OFFSET 0 5 0 CHANNELS 1 Yposition {legs} {spine} }}"
    tree = f"ROOT {root} {{ OFFSET 0 0 0 CHANNELS 0 JOINT {body} }}" if root else f"ROOT {body}"
    return f"HIERARCHY {tree}\nMOTION\nFrames: 1\nFrame Time: 0.02\n{' '.join(['5'] + ['0'] * 10)}\n".encode()


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("Left%s", "Right%s"),
        ("%s_L", "%s_R"),
        ("l%s", "r%s"),
        ("mixamorig:Left%s", "mixamorig:Right%s"),
        ("%s.l", "%s.r"),
    ],
)
@pytest.mark.parametrize("root", ["", "World"])
def test_sides_and_parts_are_told_by_the_names(tmp_path, left, right, root):
    item = write(tmp_path / "a.bvh", person(left, right, root))
    skeleton = reader("bvh", item.path).skeleton
    image = dict(zip(skeleton.joints, (skeleton.joints[joint] for joint in skeleton.mirror), strict=True))
    for joint in ("Hip", "Knee", "Shoulder", "Elbow", "Hand", "Eye"):
        assert image[left % joint] == right % joint
    for joint in ("Knee", "Hand"):
        assert image[f"{left % joint}_end"] == f"{right % joint}_end"
    for joint in ("Hips", "Chest", "Head"):
        assert image[joint] == joint
    parts = {part: {skeleton.joints[joint] for joint in joints} for part, joints in skeleton.parts.items()}
    assert parts["left_leg"] == {left % "Hip", left % "Knee", f"{left % 'Knee'}_end"}
    assert parts["right_arm"] == {right % "Shoulder", right % "Elbow", right % "Hand", f"{right % 'Hand'}_end"}
    assert parts["trunk"] == {"Hips", "Chest", "Head", left % "Eye", right % "Eye", *([root] if root else [])}


def test_joints_above_the_root_that_is_named_are_left_out_but_move_the_others(tmp_path):
    item = write(tmp_path / "a.bvh", person("Left%s", "Right%s", "World"))
    whole, body = reader("bvh", item.path), reader("bvh", item.path, root="Hips")
    assert whole.skeleton.joints[0] == "World"
    assert body.skeleton.joints[0] == "Hips"
    assert np.array_equal(whole.read(item).joints[:, :, 1:], body.read(item).joints)
    with pytest.raises(ReadError, match="expected a joint 'Pelvis', found World, Hips, LeftHip"):
        reader("bvh", item.path, root="Pelvis")


def test_names_without_sides_have_no_parts_and_mirror_onto_themselves(tmp_path):
    data = arm("0 0 0 0 0 0 0 0 0").replace(b"LeftArm", b"Tail").replace(b"RightArm", b"Trunk")
    skeleton = reader("bvh", write(tmp_path / "a.bvh", data).path).skeleton
    assert (skeleton.mirror, skeleton.parts) == ((0, 1, 2, 3), {})


OTHERS = {
    "fewer": (b"JOINT RightArm { OFFSET 0 -1 0 CHANNELS 0 End Site { OFFSET 0 0 0 } }", b"", "no RightArm"),
    "another": (b"RightArm", b"RightLeg", "no RightArm; RightLeg more"),
    "longer": (b"OFFSET 0 0 0 } }", b"OFFSET 0 3 0 } }", "found 5 joints instead of 4: RightArm_end more"),
    "rate": (b"0.0333333", b"0.02", "30 frames a second as in "),
}


@pytest.mark.parametrize(("old", "new", "message"), OTHERS.values(), ids=OTHERS)
def test_a_file_with_another_skeleton_or_rate_is_refused_with_the_difference(tmp_path, old, new, message):
    write(tmp_path / "a.bvh", arm("1 2 3 0 0 0 0 0 0"))
    write(tmp_path / "b.bvh", arm("1 2 3 0 0 0 0 0 0").replace(old, new))
    with pytest.raises(ReadError, match=rf"b.bvh: expected .*{re.escape(message)}"):
        prepare(reader("bvh", tmp_path), tmp_path, tmp_path / "store", frames=4, progress=False)
    prepare(reader("bvh", tmp_path), tmp_path, tmp_path / "store", frames=4, skip_bad=True, progress=False)
    assert [left.name for left in Store.open(tmp_path / "store").meta.left_out] == ["b"]


def test_the_same_joints_hung_elsewhere_are_another_skeleton(tmp_path):
    flat = "HIERARCHY ROOT a { OFFSET 0 0 0 CHANNELS 1 Xposition JOINT b { OFFSET 0 1 0 CHANNELS 0 } %s }"
    deep = "HIERARCHY ROOT a { OFFSET 0 0 0 CHANNELS 1 Xposition JOINT b { OFFSET 0 1 0 CHANNELS 0 %s } }"
    for name, tree in (("one", flat), ("two", deep)):
        text = tree % "JOINT c { OFFSET 0 1 0 CHANNELS 0 }" + "\nMOTION\nFrames: 1\nFrame Time: 1\n5\n"
        write(tmp_path / f"{name}.bvh", text.encode())
    made = reader("bvh", tmp_path)
    with pytest.raises(ReadError, match=r"two.bvh: expected the skeleton .*: found c below b instead of a"):
        made.read(Item(tmp_path / "two.bvh"))


def test_a_pattern_tells_class_and_numbers_from_the_path(tmp_path):
    for name in ("walk_s01_2", "run_s02_1", "run_s02_3"):
        write(tmp_path / f"{name}.bvh", arm("1 2 3 0 0 0 0 0 0"))
    pattern = r"(?P<action>[a-z]+)_s(?P<subject>\d+)_(?P<repetition>\d+)\.bvh$"
    made = reader("bvh", tmp_path, pattern=pattern)
    assert made.classes == ("run", "walk")
    got = [made.read(item) for item in made.find(tmp_path)]
    assert [(clip.name, clip.action, clip.subject, clip.repetition) for clip in got] == [
        ("run_s02_1", 0, 2, 1),
        ("run_s02_3", 0, 2, 3),
        ("walk_s01_2", 1, 1, 2),
    ]
    item = write(tmp_path / "jump.bvh", arm("1 2 3 0 0 0 0 0 0"))
    with pytest.raises(ReadError, match=r"jump.bvh: expected a path that --pattern .* finds"):
        made.read(item)
    with pytest.raises(SkelactError, match="not a regular expression"):
        reader("bvh", tmp_path, pattern="(")
    with pytest.raises(SkelactError, match=r"expected groups .* named action, subject"):
        reader("bvh", tmp_path, pattern="(?P<verb>.)")
    with pytest.raises(SkelactError, match=r"finds none of the \d+ paths, such as .*\.bvh: correct the pattern$"):
        reader("bvh", tmp_path, pattern="(?P<action>[A-Z]{40})")


def test_files_from_a_zip_go_through_preparation(tmp_path):
    with zipfile.ZipFile(tmp_path / "bvh.zip", "w") as archive:
        archive.writestr("in/a.bvh", person("Left%s", "Right%s"))
        archive.writestr("in/b.BVH", person("Left%s", "Right%s"))
    made = reader("bvh", tmp_path / "bvh.zip", units="metres")
    prepare(made, tmp_path / "bvh.zip", tmp_path / "store", frames=4, progress=False)
    clips = Store.open(tmp_path / "store").prepared("robust", 4).clips
    assert clips.shape == (2, 3, 4, len(made.skeleton), 1)
    assert np.isfinite(clips).all()


BAD = {
    "empty": (b"", ":1: expected a line MOTION, found the end of the file"),
    "binary": (b"\x00\xff\n", ":1: expected a line MOTION, found the end of the file"),
    "no tree": (b"MOTION\n", ":1: expected HIERARCHY, found the end of the hierarchy"),
    "brace": (arm("0").replace(b"}\nMOTION", b"MOTION"), ": expected JOINT, End Site or }, found the end of the hier"),
    "two roots": (
        arm("0").replace(b"}\nMOTION", b"}\nROOT x\nMOTION"),
        ":17: expected one ROOT, as a clip has one skeleton, found a second one: give each figure a file of its own",
    ),
    "offset": (arm("0").replace(b"OFFSET 0 1 0", b"OFFSET 0 one 0"), ":8: expected a number, found 'one'"),
    "infinite": (arm("0").replace(b"OFFSET 0 1 0", b"OFFSET 0 1e999 0"), ":8: expected 3 finite numbers of an offset"),
    "channel": (
        arm("0").replace(b"6 Xposition", b"6 Wposition"),
        ":5: expected one of Xposition, Yposition",
    ),
    "twice": (arm("0").replace(b"6 Xposition", b"6 Yposition"), ":5: expected one of Xposition, Yposition"),
    "channels": (
        arm("0").replace(b"CHANNELS 3", b"CHANNELS 9"),
        ":9: expected a number of channels up to 6, found",
    ),
    "name": (
        arm("0").replace(b"RightArm", b"LeftArm"),
        ":15: expected a joint's name that no other has",
    ),
    "frames": (arm("0").replace(b"Frames: 1", b"Frames: x"), ":18: expected Frames: n, found 'Frames: x'"),
    "time": (arm("0").replace(b"0.0333333", b"-1"), ":19: expected 1e-6 to 1e6 seconds a frame, found -1.0"),
    "short line": (arm("0 0 0 0 0 0 0 0"), ":20: expected 9 numbers, found 8"),
    "word": (arm("0 0 0 0 0 0 0 0 x"), ":20: expected a number, found 'x'"),
    "missing": (
        arm("1 0 0 0 0 0 0 0 0").replace(b"Frames: 1", b"Frames: 3"),
        ":20: expected 3 frames, found 1 whole lines of values\n  the file looks cut off",
    ),
    "more": (
        arm(*["1 0 0 0 0 0 0 0 0"] * 3).replace(b"Frames: 3", b"Frames: 1"),
        ":22: expected 1 frames, found 3 whole lines of values\n  the file looks damaged",
    ),
    "many frames": (
        arm("1 0 0 0 0 0 0 0 0").replace(b"Frames: 1", b"Frames: 1000000000000"),
        ":20: expected 1000000000000 frames, found 1 whole lines",
    ),
    "no frames": (arm().replace(b"Frames: 0", b"Frames: 1"), ":19: expected 1 frames, found 0 whole lines of values"),
    "large": (arm("1e300 0 0 0 0 0 0 0 0"), ": expected finite numbers, found 1e+300 as x of Hips in frame 0"),
    "nan": (arm("0 0 0 0 nan 0 0 0 0"), ":20: expected a number, found 'nan'"),
    "comma": (arm("0,5 0 0 0 0 0 0 0 0"), ":20: expected a number with a decimal point, found '0,5'"),
    "comma of an offset": (
        arm("0").replace(b"OFFSET 0 1 0", b"OFFSET 0,5 1 0"),
        ":8: expected a number with a decimal point, found '0,5'",
    ),
    "comma of a time": (
        arm("0").replace(b"0.0333333", b"0,0333333"),
        ":19: expected Frame Time: seconds with a decimal point, found 'Frame Time: 0,0333333'",
    ),
    "many letters": (
        arm("0").replace(b"JOINT LeftArm", b"JOINT " + b"x" * 999),
        ":6: expected the name of a joint",
    ),
    "none": (arm(), ": expected at least 1 line of 9 numbers, found none"),
}


@pytest.mark.parametrize(("data", "message"), BAD.values(), ids=BAD)
def test_bad_files_are_refused_with_the_line_and_what_was_expected_and_found(tmp_path, data, message):
    item = write(tmp_path / "a.bvh", data)
    with pytest.raises(ReadError) as caught:
        read(tmp_path / "a.bvh", data)
    assert str(caught.value).startswith(str(item.path))
    assert message in str(caught.value)


@settings(max_examples=150)
@given(data=damaged(arm("5 6 7 0 0 0 0 0 0", "0 0 0 90 0 0 10 20 30")))
def test_a_damaged_file_is_refused_or_placed(folder, data):
    item = write(folder / "a.bvh", data)
    try:
        made = reader("bvh", item.path)
        got = made.read(item)
    except ReadError as error:
        if str(item) not in str(error):
            raise AssertionError(f"a ReadError that does not name the file: {error}") from error
        return
    assert np.isfinite(got.joints).all()
    assert got.joints.shape[1:] == (1, len(made.skeleton), 3)


def test_real_files_have_rigid_bones_of_a_persons_size(shared):
    source = shared / "data/bvh_samples"
    made = reader("bvh", source, root="Hips", pattern=r"_(?P<action>[a-z-]+)_[a-z]+_(?P<repetition>\d+)\.bvh$")
    items = made.find(source)
    assert (len(items), len(made.skeleton), len(made.classes), made.frame_rate) == (40, 21, 10, 30.0)
    assert set(made.skeleton.parts) == {"trunk", "left_arm", "right_arm", "left_leg", "right_leg"}
    for item in items[::8]:
        got = made.read(item)
        joints = got.joints[:, 0].astype(np.float64)
        bones = np.array([np.linalg.norm(joints[:, a] - joints[:, b], axis=1) for a, b in made.skeleton.bones])
        assert (np.ptp(bones, axis=1) < 0.05).all()  # centimetres; values have six digits
        head, foot = joints[:, made.skeleton.index("Head"), 1], joints[:, made.skeleton.index("Foot_L"), 1]
        assert 100 < np.median(head - foot) < 190
        motion = parse(item, item.path.read_bytes())
        slow = slow_places(Motion(motion.nodes, motion.frame_time, motion.values[:3]))
        assert np.allclose(
            joints[:3], slow[:, [n for n, node in enumerate(motion.nodes) if not node.end][1:]], atol=1e-3
        )

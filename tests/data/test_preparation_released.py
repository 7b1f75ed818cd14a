import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_clips import moving, recording
from plain_released import CENTRE, FRAMES, GOLDEN, LEFT, RIGHT, plain_released

from skelact.data.preparations import prepare_and_count, prepare_clip
from skelact.data.readers import reader
from skelact.data.recording import Recording
from skelact.layouts import H36M_17, KINECT_V1, KINECT_V2, OPENPOSE_18, SBU_15
from skelact.skeleton import Skeleton
from skelact.system.world import SkelactError


@pytest.mark.parametrize("frames", [50, 64])
def test_it_equals_the_published_preparation_on_every_golden_clip(shared, frames):
    golden = np.load(shared / "golden/ntu_preprocess.npz")
    ntu = reader("ntu")
    items = ntu.find(shared / "golden/ntu_raw")
    assert len(items) == len(golden["names"]) == 7
    for item in items:
        clip = ntu.read(item)
        wanted = golden[f"position_{frames}"][golden["names"].tolist().index(clip.name)]
        assert np.abs(prepare_clip(clip, KINECT_V2, "released", frames, 2) - wanted).max() <= 1e-4


def test_it_equals_the_golden_clips_of_our_own_making():
    golden = np.load(GOLDEN)
    names = [name for name in golden.files if not name.endswith(f"_{FRAMES}")]
    assert len(names) == 6
    for name in names:
        joints = golden[name]
        clip = Recording(name, joints, np.zeros(joints.shape[:2], np.int64))
        made = prepare_clip(clip, KINECT_V2, "released", FRAMES, 2)
        assert np.abs(made - golden[f"{name}_{FRAMES}"]).max() <= 1e-6


@given(
    seed=st.integers(0, 1000),
    length=st.integers(1, 30),
    frames=st.integers(1, 30),
    people=st.integers(1, 3),
    persons=st.integers(1, 3),
    skeleton=st.sampled_from([KINECT_V2, KINECT_V1, OPENPOSE_18]),
)
def test_it_equals_the_plain_reference_on_any_clip(seed, length, frames, people, persons, skeleton):
    rng = np.random.default_rng(seed)
    joints = np.stack([moving(length, skeleton, seed + number) for number in range(people)], axis=1).astype(np.float32)
    joints[rng.random((length, people)) < 0.2] = 0
    clip = Recording("clip", joints, np.zeros(joints.shape[:2], np.int64))
    left, right = skeleton.index("left_shoulder"), skeleton.index("right_shoulder")
    wanted = plain_released(joints, frames, persons, skeleton.centre, left, right)
    assert np.abs(prepare_clip(clip, skeleton, "released", frames, persons) - wanted).max() <= 1e-5


def test_the_stored_indices_are_those_of_the_ntu_skeleton():
    assert (KINECT_V2.centre, *KINECT_V2.shoulders) == (CENTRE, LEFT, RIGHT)


def test_frames_beyond_300_are_cut_and_counted():
    long = moving(320)
    whole, cut = prepare_and_count(recording(long), KINECT_V2, "released", 50, 1)
    first, nothing = prepare_and_count(recording(long[:300]), KINECT_V2, "released", 50, 1)
    assert np.array_equal(whole, first)
    assert (dict(cut), dict(nothing)) == ({"frames_beyond_300": 20}, {})


def test_what_it_drops_is_counted():
    joints = moving(20)
    joints[4:7] = 0
    _, cut = prepare_and_count(recording(joints, moving(20), moving(20)), KINECT_V2, "released", 50, 2)
    assert dict(cut) == {"frames_lost_to_gaps": 3, "slots_dropped": 1}


def test_a_clip_as_long_as_asked_keeps_its_frames():
    clip = recording(moving(50))
    made = prepare_clip(clip, KINECT_V2, "released", 50, 1)
    height = clip.joints[:, 0, :, 1] - clip.joints[:, 0, KINECT_V2.centre, 1, None]
    assert np.allclose(made[1, :, :, 0], height, atol=1e-6)


def test_shoulders_point_along_x_in_every_frame():
    made = prepare_clip(recording(moving(40, seed=3)), KINECT_V2, "released", 50, 1)
    line = made[:, :, RIGHT, 0] - made[:, :, LEFT, 0]
    same_side = np.sign(moving(40, seed=3)[:, RIGHT, 2] - moving(40, seed=3)[:, LEFT, 2])
    assert (line[0] > 0).all()
    if (same_side == same_side[0]).all():
        assert np.abs(line[2]).max() < 0.02


def test_a_skeleton_without_shoulders_or_lying_on_its_side_is_refused():
    snake = Skeleton(name="snake", joints=("head", "middle", "tail"), parents=(1, -1, 1))
    with pytest.raises(SkelactError, match="snake does not have; use preparation robust"):
        prepare_clip(recording(moving(5, snake)), snake, "released", 5, 1)
    with pytest.raises(SkelactError, match=r"up is \+z in skeleton h36m_17; use preparation robust"):
        prepare_clip(recording(moving(5, H36M_17)), H36M_17, "released", 5, 1)


def test_y_pointing_down_is_no_obstacle_to_turning_about_it():
    assert prepare_clip(recording(moving(5, SBU_15)), SBU_15, "released", 5, 1).shape == (3, 5, 15, 1)

"""Streams against the published arrays and against sums that undo them."""

import numpy as np
import torch

from skelact.layouts import KINECT_V2, LAYOUTS, SBU_15
from skelact.maths.streams import STREAMS, apply_stream


def test_equal_the_published_streams(shared):
    golden = np.load(shared / "golden/streams.npz")
    joints = torch.tensor(golden["joint"])
    for stream in STREAMS:
        np.testing.assert_allclose(apply_stream(joints, stream, KINECT_V2).numpy(), golden[stream], rtol=0, atol=1e-12)


def test_bones_summed_from_the_centre_outwards_give_the_joints_back():
    for skeleton in LAYOUTS:
        x = torch.randn(2, 3, 4, len(skeleton), 2, dtype=torch.float64)
        bones = apply_stream(x, "bone", skeleton)
        for joint in range(len(skeleton)):
            summed, at = torch.zeros_like(x[:, :, :, 0]), joint
            while skeleton.parents[at] != -1:
                summed, at = summed + bones[:, :, :, at], skeleton.parents[at]
            torch.testing.assert_close(summed + x[:, :, :, skeleton.centre], x[:, :, :, joint])


def test_motions_summed_over_time_give_the_joints_back_and_end_at_rest():
    x = torch.randn(2, 3, 7, len(KINECT_V2), 1, dtype=torch.float64)
    motion = apply_stream(x, "motion", KINECT_V2)
    torch.testing.assert_close(x[:, :, :1] + motion[:, :, :-1].cumsum(2), x[:, :, 1:])
    assert motion[:, :, -1].abs().max() == 0


def test_a_joint_never_seen_has_no_bone_and_what_hangs_on_it_one_from_the_nearest_joint_above():
    joint = KINECT_V2.joints.index
    x = torch.randn(2, 3, 6, len(KINECT_V2), 2, dtype=torch.float64)
    x[:, :, :, KINECT_V2.centre] = 0
    whole = apply_stream(x, "bone", KINECT_V2)
    seen = x.clone()
    hidden = [joint("left_elbow"), joint("left_wrist"), joint("head")]
    seen[0, :, :, hidden, 1] = 0
    bones = apply_stream(seen, "bone", KINECT_V2)
    assert not bones[0, :, :, hidden, 1].any()
    hand, shoulder = joint("left_hand"), joint("left_shoulder")
    torch.testing.assert_close(bones[0, :, :, hand, 1], x[0, :, :, hand, 1] - x[0, :, :, shoulder, 1])
    assert torch.equal(bones[1], whole[1])
    assert torch.equal(bones[0, ..., 0], whole[0, ..., 0])
    others = [other for other in range(len(KINECT_V2)) if other not in (*hidden, hand)]
    assert torch.equal(bones[0, :, :, others, 1], whole[0, :, :, others, 1])


def test_bones_that_hang_on_a_joint_in_the_place_of_the_centre_are_whole():
    """Motion capture has helper joints that stand where the hips do, and are zero once a clip is centred."""
    x = torch.randn(1, 3, 4, len(SBU_15), 1)
    x[:, :, :, [SBU_15.centre, SBU_15.joints.index("left_hip")]] = 0
    knee = SBU_15.joints.index("left_knee")
    assert torch.equal(apply_stream(x, "bone", SBU_15)[:, :, :, knee], x[:, :, :, knee])

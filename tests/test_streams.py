"""Streams against the published arrays and against sums that undo them."""

import numpy as np
import torch

from skelact.layouts import KINECT_V2, LAYOUTS
from skelact.streams import STREAMS, apply_stream


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

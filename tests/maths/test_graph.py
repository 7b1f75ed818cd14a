"""Adjacency matrices against the published arrays and against their definition, joint by joint."""

import numpy as np
import pytest

from skelact.layouts import KINECT_V1, KINECT_V2, LAYOUTS, OPENPOSE_18
from skelact.maths import graph


@pytest.mark.parametrize(
    ("published", "skeleton"), [("ntu-rgb+d", KINECT_V2), ("openpose", OPENPOSE_18), ("nw-ucla", KINECT_V1)]
)
def test_equals_the_published_graphs(shared, published, skeleton):
    expected = np.load(shared / "golden/graphs.npz")[f"{published}/spatial"]
    np.testing.assert_allclose(graph.spatial(skeleton), expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("skeleton", LAYOUTS, ids=lambda skeleton: skeleton.name)
def test_every_column_of_the_partitions_together_sums_to_one(skeleton):
    np.testing.assert_allclose(graph.spatial(skeleton).sum((0, 1)), 1, atol=1e-12)


def test_spatial_partitions_of_the_centre_and_its_neighbours():
    own, level, away = graph.spatial(KINECT_V1)
    centre, neighbour, beyond = (KINECT_V1.index(joint) for joint in ("shoulder_center", "left_shoulder", "left_elbow"))
    assert own[centre, centre] == pytest.approx(1 / 5)  # itself, head, spine and two shoulders
    assert away[centre, neighbour] > 0
    assert level[neighbour, centre] > 0
    # Cut at one hop, the elbow is infinitely far from the centre: seen from the shoulder it lies away.
    assert away[neighbour, beyond] > 0
    assert level[beyond, neighbour] > 0


@pytest.mark.parametrize("skeleton", LAYOUTS, ids=lambda skeleton: skeleton.name)
def test_a_joint_of_the_directed_graph_receives_from_itself_its_parent_and_its_children(skeleton):
    own, inward, outward = graph.directed(skeleton)
    np.testing.assert_array_equal(own, np.eye(len(skeleton)))
    for joint, parent in enumerate(skeleton.parents):
        children = [child for child, above in enumerate(skeleton.parents) if above == joint]
        assert list(np.flatnonzero(inward[:, joint])) == ([parent] if parent != -1 else [])
        assert list(np.flatnonzero(outward[:, joint])) == children
        np.testing.assert_allclose(inward[:, joint].sum(), float(parent != -1))
        np.testing.assert_allclose(outward[children, joint], 1 / max(len(children), 1))

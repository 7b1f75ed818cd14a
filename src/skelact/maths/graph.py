"""Adjacency matrices of the joint graph, normalised by column: one for each partition of a joint's neighbourhood."""

import numpy as np
from jaxtyping import Float

from skelact.skeleton import Skeleton

Adjacency = Float[np.ndarray, "k v v"]


def _hops(skeleton: Skeleton) -> Float[np.ndarray, "v v"]:
    """Distances between joints: 0 to itself, 1 along a bone, else infinite. The published programs stop at one hop."""
    hops = np.full((len(skeleton), len(skeleton)), np.inf)
    np.fill_diagonal(hops, 0)
    for joint, parent in skeleton.bones:
        hops[joint, parent] = hops[parent, joint] = 1
    return hops


def spatial(skeleton: Skeleton) -> Adjacency:
    """The three partitions of the AimCLR and CrosSCLR programs: itself; towards the centre or level; away from it.

    Because distances stop at one hop, all joints but the centre and its neighbours are infinitely far from the centre.
    An edge between two such joints counts as level. Published weights need this form.
    """
    hops = _hops(skeleton)
    near = np.isfinite(hops).astype(float)
    weights = near / near.sum(0)
    to_centre = hops[:, skeleton.centre]
    away = to_centre[:, None] < to_centre[None, :]
    linked = hops == 1
    return np.stack(
        [np.where(hops == 0, weights, 0), np.where(linked & ~away, weights, 0), np.where(linked & away, weights, 0)]
    )


def directed(skeleton: Skeleton) -> Adjacency:
    """The three partitions of the SkeAttnCLR program: itself, "inward" from the parent, "outward" from the children.

    Each is normalised by column on its own. The centre has no parent; the end of a limb has no children.
    """
    inward = np.zeros((len(skeleton), len(skeleton)))
    joints, parents = np.array(skeleton.bones).T
    inward[parents, joints] = 1
    return np.stack([part / np.maximum(part.sum(0), 1) for part in (np.eye(len(skeleton)), inward, inward.T)])

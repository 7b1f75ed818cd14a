"""Adjacency matrices of a skeleton's joint graph, normalised by column, one a partition of the neighbourhood."""

import numpy as np
from jaxtyping import Float

from skelact.skeleton import Skeleton

Adjacency = Float[np.ndarray, "k v v"]


def _hops(skeleton: Skeleton) -> Float[np.ndarray, "v v"]:
    """0 to itself, 1 along a bone, infinite beyond: the published programs cut distances at one hop."""
    hops = np.full((len(skeleton), len(skeleton)), np.inf)
    np.fill_diagonal(hops, 0)
    for joint, parent in skeleton.bones:
        hops[joint, parent] = hops[parent, joint] = 1
    return hops


def spatial(skeleton: Skeleton) -> Adjacency:
    """Three partitions as the AimCLR and CrosSCLR programs have them: itself, towards or level, away from the centre.

    With distances cut at one hop, every joint that is not the centre or beside it is infinitely far from the centre, so
    an edge between two such joints counts as level. Published weights need this form.
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
    """Three partitions as the SkeAttnCLR program has them: a joint receives from itself, from its parent ("inward"),
    from its children ("outward"), each normalised by column on its own. The centre has no parent, a tip no children.
    """
    inward = np.zeros((len(skeleton), len(skeleton)))
    joints, parents = np.array(skeleton.bones).T
    inward[parents, joints] = 1
    return np.stack([part / np.maximum(part.sum(0), 1) for part in (np.eye(len(skeleton)), inward, inward.T)])

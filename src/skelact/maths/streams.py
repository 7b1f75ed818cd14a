"""Streams: joint, bone and motion coordinates, all computed from the (augmented) joints."""

import torch
from jaxtyping import Float
from torch import Tensor

from skelact.config import STREAMS, Stream
from skelact.skeleton import Skeleton

__all__ = ["STREAMS", "Stream", "apply_stream", "bone", "motion"]


def bone(x: Float[Tensor, "n c t v m"], skeleton: Skeleton) -> Float[Tensor, "n c t v m"]:
    """Joint minus its parent; zero for the centre, which has no parent.

    A joint that is zero in all frames of a clip was not seen: its bone is zero. Its children get a bone from the
    nearest ancestor that was seen, or from the centre.
    """
    n, _, _, v, m = x.shape
    unseen = ~x.any(dim=1).any(dim=1)
    unseen[:, skeleton.centre] = False
    parents = torch.tensor(
        [parent if parent != -1 else joint for joint, parent in enumerate(skeleton.parents)], device=x.device
    )
    above = parents[:, None].expand(n, v, m)
    for _ in range(skeleton.depth - 2):  # always: asking whether a joint is unseen would wait for the device
        above = torch.where(unseen.gather(1, above), parents[above], above)
    bones = x - x.gather(3, above[:, None, None].expand_as(x))
    return bones.masked_fill(unseen[:, None, None], 0.0)


def motion(x: Float[Tensor, "n c t v m"]) -> Float[Tensor, "n c t v m"]:
    """Next frame minus this frame; the last frame is zero."""
    return torch.cat([x[:, :, 1:] - x[:, :, :-1], torch.zeros_like(x[:, :, :1])], dim=2)


def apply_stream(x: Float[Tensor, "n c t v m"], stream: Stream, skeleton: Skeleton) -> Float[Tensor, "n c t v m"]:
    """Convert joints `x` to a stream."""
    if stream == "bone":
        return bone(x, skeleton)
    if stream == "motion":
        return motion(x)
    return x

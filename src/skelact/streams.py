"""Streams: joint, bone and motion coordinates, all computed from the (augmented) joints."""

import torch
from jaxtyping import Float
from torch import Tensor

from skelact.config import STREAMS, Stream
from skelact.skeleton import Skeleton

__all__ = ["STREAMS", "Stream", "apply_stream", "bone", "motion"]


def bone(x: Float[Tensor, "n c t v m"], skeleton: Skeleton) -> Float[Tensor, "n c t v m"]:
    """Joint minus its parent; the centre, which has none, is zero."""
    own = [parent if parent != -1 else joint for joint, parent in enumerate(skeleton.parents)]
    return x - x[:, :, :, own]


def motion(x: Float[Tensor, "n c t v m"]) -> Float[Tensor, "n c t v m"]:
    """Next frame minus this frame; the last frame is zero."""
    return torch.cat([x[:, :, 1:] - x[:, :, :-1], torch.zeros_like(x[:, :, :1])], dim=2)


def apply_stream(x: Float[Tensor, "n c t v m"], stream: Stream, skeleton: Skeleton) -> Float[Tensor, "n c t v m"]:
    """The joints `x` as the stream of that name."""
    if stream == "bone":
        return bone(x, skeleton)
    if stream == "motion":
        return motion(x)
    return x

"""The preparation for learning from few clips: once a clip, so the path of the body is kept; in sizes of the body."""

from collections import Counter

import numpy as np
from jaxtyping import Bool, Float64

from skelact.data.preparations.bodies import extent
from skelact.data.preparations.scene import Prepared, centre, faced, laid_out, scene_of
from skelact.data.recording import Recording
from skelact.skeleton import Skeleton


def prepare_body(recording: Recording, skeleton: Skeleton, frames: int, persons: int) -> Prepared:
    """Bodies as `robust` finds and mends them, then one frame of reference for the whole clip.

    The origin is where the main actor's centre joint is first seen. The clip is turned once about the up axis, so that
    the main actor's shoulder line points along +x on the whole, and divided by the main actor's size, so lengths are
    in sizes of the body whatever the recording's unit. The others keep their place relative to the main actor.
    """
    repairs = Counter[str]()
    scene = scene_of(recording, skeleton, persons, repairs)
    if scene is None:
        return np.zeros((3, frames, len(skeleton), persons)), repairs
    main, joints = scene.main, faced(scene, skeleton, repairs)
    origin = centre(joints[main.seen, 0][:1], skeleton, main.known)
    size = body_size(joints[main.seen, 0], skeleton, main.known)
    if not size:
        repairs["size_unknown"] += 1
    return laid_out(scene, (joints - origin) / (size or 1.0), frames, persons), repairs


def body_size(joints: Float64[np.ndarray, "t v 3"], skeleton: Skeleton, known: Bool[np.ndarray, " v"]) -> float:
    """Sum of the lengths of the bones between known joints, its median over the frames; without such a bone the median
    of the largest extent. 0 for a body that is a point."""
    bones = [(one, two) for one, two in skeleton.bones if known[one] and known[two]]
    if not bones:
        return float(np.median(extent(joints[:, known]).max(axis=1)))
    one, two = np.transpose(bones)
    return float(np.median(np.linalg.norm(joints[:, one] - joints[:, two], axis=2).sum(axis=1)))

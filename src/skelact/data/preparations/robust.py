"""The preparation for own recordings: persons keep their slots and relative positions; every repair is counted."""

from collections import Counter

import numpy as np

from skelact.data.preparations.scene import Prepared, centre, faced, laid_out, scene_of
from skelact.data.recording import Recording
from skelact.skeleton import Skeleton


def prepare_robust(recording: Recording, skeleton: Skeleton, frames: int, persons: int) -> Prepared:
    """Bodies by identity, main actor first, without noise bodies; gaps filled; one frame of reference for all.

    The origin is the main actor's centre joint, frame by frame, so the others keep their position relative to it. The
    clip is turned once about the up axis, so that the main actor's median shoulder line points along +x, and resized to
    `frames`. A person is zero before their first frame and after their last. A clip without anybody is all zero.
    """
    repairs = Counter[str]()
    scene = scene_of(recording, skeleton, persons, repairs)
    if scene is None:
        return np.zeros((3, frames, len(skeleton), persons)), repairs
    main, joints = scene.main, faced(scene, skeleton, repairs)
    joints = joints - centre(joints[:, 0], skeleton, main.known)[:, None, None]
    return laid_out(scene, joints, frames, persons), repairs

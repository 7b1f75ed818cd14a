"""The preparation for own recordings: persons keep their slots and relative positions; every repair is counted."""

from collections import Counter

import numpy as np
from jaxtyping import Bool, Float64

from skelact.data.preparations.bodies import bodies_of, extent, fill_frames
from skelact.data.preparations.resize import resize, sampling
from skelact.data.recording import Recording
from skelact.skeleton import Skeleton


def prepare_robust(
    recording: Recording, skeleton: Skeleton, frames: int, persons: int
) -> tuple[Float64[np.ndarray, "3 t v m"], Counter[str]]:
    """Bodies by identity, main actor first, without noise bodies; gaps filled; one frame of reference for all.

    The origin is the main actor's centre joint, frame by frame, so the others keep their position relative to it. The
    clip is turned once about the up axis, so that the main actor's median shoulder line points along +x, and resized to
    `frames`. A person is zero before their first frame and after their last. A clip without anybody is all zero.
    """
    people, noise = bodies_of(recording, skeleton)
    repairs = Counter(noise_bodies_removed=noise, persons_dropped=max(0, len(people) - persons))
    people = people[:persons]
    clip = np.zeros((frames, persons, len(skeleton), 3))
    if not people:
        return clip.transpose(3, 0, 2, 1), repairs + Counter(empty=1)

    start, stop = _span(np.any([body.seen for body in people], axis=0))
    repairs["frames_trimmed"] = recording.joints.shape[0] - (stop - start)
    people = [body.between(start, stop) for body in people]

    whole = np.zeros((stop - start, len(people), len(skeleton), 3))
    for slot, body in enumerate(people):
        whole[:, slot] = fill_frames(body.joints, body.seen)
        first, last = _span(body.seen)
        repairs["joints_filled"] += body.filled
        repairs["joints_never_seen"] += int((~body.known).sum())
        repairs["frames_filled"] += int((~body.seen[first:last]).sum())
    main = people[0]
    turn = heading(whole[main.seen, 0], skeleton, main.known)
    if turn is None:
        repairs["heading_unknown"] += 1
    else:
        whole = whole @ turn
    repairs["centre_unknown"] += int(not main.known[skeleton.centre])
    whole -= _centre(whole[:, 0], skeleton, main.known)[:, None, None]

    before, after, weight = sampling(stop - start, frames)
    nearest = np.where(weight < 0.5, before, after)
    for slot, body in enumerate(people):
        first, last = _span(body.seen)
        there = (nearest >= first) & (nearest < last)
        clip[there, slot] = resize(whole[:, slot], frames)[there]
        clip[:, slot, ~body.known] = 0.0
    return clip.transpose(3, 0, 2, 1), repairs


def _centre(
    joints: Float64[np.ndarray, "t v 3"], skeleton: Skeleton, known: Bool[np.ndarray, " v"]
) -> Float64[np.ndarray, "t 3"]:
    """The centre joint; if it is never seen, the mean of its known children, or else of all known joints."""
    if known[skeleton.centre]:
        return joints[:, skeleton.centre]
    near = [joint for joint, parent in enumerate(skeleton.parents) if parent == skeleton.centre and known[joint]]
    return joints[:, near if near else np.flatnonzero(known)].mean(axis=1)


def heading(
    joints: Float64[np.ndarray, "t v 3"], skeleton: Skeleton, known: Bool[np.ndarray, " v"]
) -> Float64[np.ndarray, "3 3"] | None:
    """Rotation about y (for row vectors) that turns the line from left to right to +x; None without such a line.

    The line is the first of the skeleton's `heading_pairs` that is longer than 0.01 of the body and not upright
    throughout. The median of its directions is taken, relative to their mean, so that a short turn changes little.
    """
    size = extent(joints[:, known]).max()
    for every in skeleton.heading_pairs:
        group = [(left, right) for left, right in every if known[left] and known[right]]
        if not group:
            continue
        lines = np.zeros((len(joints), 3))
        for left, right in group:
            line = joints[:, right] - joints[:, left]
            length = np.linalg.norm(line, axis=1, keepdims=True) if len(group) > 1 else np.ones((len(line), 1))
            lines += np.divide(line, length, out=np.zeros_like(line), where=length > 0)
        lengths = np.hypot(lines[:, 0], lines[:, 2])
        clear = lengths > 1e-6 * (size if len(group) == 1 else 1)
        long = len(group) > 1 or np.linalg.norm(lines, axis=1).max() > 0.01 * size
        if not long or not clear.any():
            continue
        angles = np.arctan2(lines[clear, 2], lines[clear, 0])
        middle = np.arctan2(np.sin(angles).sum(), np.cos(angles).sum())
        angle = middle + np.median((angles - middle + np.pi) % (2 * np.pi) - np.pi)
        cos, sin = np.cos(angle), np.sin(angle)
        return np.array([[cos, 0.0, -sin], [0.0, 1.0, 0.0], [sin, 0.0, cos]])
    return None


def _span(seen: np.ndarray) -> tuple[int, int]:
    """First frame in which somebody is seen, and the one after the last."""
    frames = np.flatnonzero(seen)
    return int(frames[0]), int(frames[-1]) + 1

"""The people of a clip over the frames in which somebody is seen; what the preparations of own recordings share."""

from collections import Counter
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64

from skelact.data.preparations.bodies import Body, bodies_of, extent, fill_frames
from skelact.data.preparations.resize import resize, sampling
from skelact.data.recording import Recording
from skelact.skeleton import Skeleton

Prepared = tuple[Float64[np.ndarray, "3 t v m"], Counter[str]]
"""A clip, and what was repaired or left out in making it."""


@dataclass(frozen=True)
class Scene:
    """People by identity, main actor first, without noise bodies, gaps filled; up along +y, right-handed."""

    people: list[Body]
    joints: Float64[np.ndarray, "t p v 3"]
    """Of every person in every frame; held before the first and after the last frame in which they are seen."""

    @property
    def main(self) -> Body:
        """The main actor."""
        return self.people[0]


def scene_of(recording: Recording, skeleton: Skeleton, persons: int, repairs: Counter[str]) -> Scene | None:
    """The first `persons` people of a clip, repairs counted; None for a clip without anybody."""
    people, noise = bodies_of(recording, skeleton)
    repairs.update(noise_bodies_removed=noise, persons_dropped=max(0, len(people) - persons))
    people = people[:persons]
    if not people:
        repairs.update(empty=1)
        return None
    start, stop = span(np.any([body.seen for body in people], axis=0))
    repairs["frames_trimmed"] = recording.joints.shape[0] - (stop - start)
    people = [body.between(start, stop) for body in people]
    joints = np.zeros((stop - start, len(people), len(skeleton), 3))
    for slot, body in enumerate(people):
        joints[:, slot] = fill_frames(body.joints, body.seen)
        first, last = span(body.seen)
        repairs["joints_filled"] += body.filled
        repairs["joints_never_seen"] += int((~body.known).sum())
        repairs["frames_filled"] += int((~body.seen[first:last]).sum())
    return Scene(people, joints)


def faced(scene: Scene, skeleton: Skeleton, repairs: Counter[str]) -> Float64[np.ndarray, "t p v 3"]:
    """The joints of all persons after one turn about y, by the main actor's `heading`; counts an unknown heading and a
    centre joint that is never seen."""
    main, joints = scene.main, scene.joints
    turn = heading(joints[main.seen, 0], skeleton, main.known)
    repairs["heading_unknown"] += int(turn is None)
    repairs["centre_unknown"] += int(not main.known[skeleton.centre])
    return joints if turn is None else joints @ turn


def laid_out(
    scene: Scene, joints: Float64[np.ndarray, "t p v 3"], frames: int, persons: int
) -> Float64[np.ndarray, "3 frames v persons"]:
    """`joints` resized to `frames`, in `persons` slots. A person is zero before their first frame and after their last,
    and so is a joint that is never seen."""
    clip = np.zeros((frames, persons, joints.shape[2], 3))
    before, after, weight = sampling(len(joints), frames)
    nearest = np.where(weight < 0.5, before, after)
    for slot, body in enumerate(scene.people):
        first, last = span(body.seen)
        there = (nearest >= first) & (nearest < last)
        clip[there, slot] = resize(joints[:, slot], frames)[there]
        clip[:, slot, ~body.known] = 0.0
    return clip.transpose(3, 0, 2, 1)


def centre(
    joints: Float64[np.ndarray, "t v 3"], skeleton: Skeleton, known: Bool[np.ndarray, " v"]
) -> Float64[np.ndarray, "t 3"]:
    """The centre joint; where it is never seen the middle of its neighbours in the tree, or of all known joints."""
    if known[skeleton.centre]:
        return joints[:, skeleton.centre]
    near = [joint for joint, parent in enumerate(skeleton.parents) if parent == skeleton.centre and known[joint]]
    return joints[:, near if near else np.flatnonzero(known)].mean(axis=1)


def heading(
    joints: Float64[np.ndarray, "t v 3"], skeleton: Skeleton, known: Bool[np.ndarray, " v"]
) -> Float64[np.ndarray, "3 3"] | None:
    """The turn about y (for row vectors) that points the line from left to right along +x; None where there is none.

    The line is that of the first of the skeleton's `heading_pairs` that is longer than 0.01 of the body and not upright
    throughout. Of its directions in the frames the median is taken, counted from their mean, so that a moment turned
    away changes little.
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


def span(seen: np.ndarray) -> tuple[int, int]:
    """First frame in which somebody is seen, and the one after the last."""
    places = np.flatnonzero(seen)
    return int(places[0]), int(places[-1]) + 1

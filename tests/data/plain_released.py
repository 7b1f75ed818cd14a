"""The published preparation once more: loop by loop, one number at a time, as slow and as plain as can be.

Run as a program, it writes `released_made.npz` beside this file: made clips and what they should become.
"""

import math
import sys
from pathlib import Path

import numpy as np

GOLDEN = Path(__file__).with_name("released_made.npz")
CENTRE, LEFT, RIGHT = 20, 4, 8
FRAMES = 8


def plain_released(joints: np.ndarray, frames: int, persons: int, centre: int, left: int, right: int) -> np.ndarray:
    """(t, m, v, 3) to (3, frames, v, persons), following the words of the published preparation."""
    length = 0
    for frame in joints[:300]:
        if len(frame) and any(float(number) != 0.0 for number in frame[0][0]):
            length += 1
    out = np.zeros((3, frames, joints.shape[2], persons))
    if length == 0:
        return out
    for person in range(min(persons, joints.shape[1])):
        relative = [
            [[float(p[c]) - float(frame[person][centre][c]) for c in range(3)] for p in frame[person]]
            for frame in joints[:length]
        ]
        resized = []
        for number in range(frames):
            place = (number + 0.5) * length / frames - 0.5
            place = min(max(place, 0.0), length - 1.0)
            low = math.floor(place)
            high = min(low + 1, length - 1)
            part = place - low
            pairs = zip(relative[low], relative[high], strict=True)
            resized.append([[(1 - part) * a[c] + part * b[c] for c in range(3)] for a, b in pairs])
        lines = [(pose[right][0] - pose[left][0], pose[right][2] - pose[left][2]) for pose in resized]
        towards = sum(z for _, z in lines)
        for number, (pose, (x, z)) in enumerate(zip(resized, lines, strict=True)):
            angle = math.acos(x / (math.sqrt(x * x + z * z) + 1e-4))
            if towards >= 0:
                angle = -angle
            for joint, (px, py, pz) in enumerate(pose):
                out[0, number, joint, person] = px * math.cos(angle) - pz * math.sin(angle)
                out[1, number, joint, person] = py
                out[2, number, joint, person] = px * math.sin(angle) + pz * math.cos(angle)
    return out


def made() -> dict[str, np.ndarray]:
    """Clips that show every rule: one person, two that stand apart, a gap, a third body, one frame, nobody."""
    from made_clips import moving

    one = moving(9, seed=1)[:, None]
    two = np.stack([moving(12, seed=2), moving(12, seed=3)[:, :, [2, 1, 0]] + [1.0, 0.0, 0.5]], axis=1)
    gap = moving(11, seed=4)[:, None].copy()
    gap[3:5] = 0
    three = np.stack([moving(5, seed=seed) for seed in (5, 6, 7)], axis=1)
    found = {"one": one, "two": two, "gap": gap, "three": three, "frame": one[:1], "nobody": np.zeros((4, 1, 25, 3))}
    return {name: joints.astype(np.float32) for name, joints in found.items()}


if __name__ == "__main__":
    sys.path.insert(0, str(GOLDEN.parent))
    clips = made()
    wanted = {
        f"{name}_{FRAMES}": plain_released(joints, FRAMES, 2, CENTRE, LEFT, RIGHT).astype(np.float32)
        for name, joints in clips.items()
    }
    np.savez_compressed(GOLDEN, **clips, **wanted)

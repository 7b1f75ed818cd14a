"""Plain reader of NTU RGB+D's text format: line by line, every number."""

from pathlib import Path
from typing import Any, TextIO

import numpy as np
from jaxtyping import Float32

MOST_FRAMES = 300
BODIES = 2
JOINTS = 25

_BODY = ("id", "edges", "left", "left_sure", "right", "right_sure", "restricted", "lean_x", "lean_y", "tracked")
_JOINT = ("x", "y", "z", "depth_x", "depth_y", "colour_x", "colour_y", "w", "turn_x", "turn_y", "turn_z", "tracked")


def parse(path: Path) -> list[list[dict[str, Any]]]:
    """Bodies of every frame: their values by name and a list of joints."""
    with open(path, encoding="ascii") as file:
        return [[_body(file) for _ in range(int(file.readline()))] for _ in range(int(file.readline()))]


def _body(file: TextIO) -> dict[str, Any]:
    body: dict[str, Any] = dict(zip(_BODY, map(float, file.readline().split()), strict=True))
    body["joints"] = []
    for _ in range(int(file.readline())):
        body["joints"].append(dict(zip(_JOINT, map(float, file.readline().split()), strict=True)))
    return body


def plain_read(path: Path) -> Float32[np.ndarray, "3 t v m"]:
    """Coordinates of at most 300 frames and 2 bodies. Parses the file twice, as published: for
    the number of frames, then for the joints."""
    length = min(len(parse(path)), MOST_FRAMES)
    out = np.zeros((3, length, JOINTS, BODIES), np.float32)
    for t, frame in enumerate(parse(path)[:length]):
        for m, body in enumerate(frame[:BODIES]):
            for v, joint in enumerate(body["joints"]):
                out[:, t, v, m] = [joint["x"], joint["y"], joint["z"]]
    return out

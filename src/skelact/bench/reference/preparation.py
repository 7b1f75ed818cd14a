"""The released preparation, step by step: centre, resize, rotate each frame."""

import math

import numpy as np
import torch
from jaxtyping import Float32

CENTRE, LEFT, RIGHT = 20, 4, 8


def plain_prepare(x: Float32[np.ndarray, "3 s v m"], frames: int) -> Float32[np.ndarray, "3 t v m"]:
    """Prepare a clip: `frames` frames relative to joint 21, with shoulders along x."""
    length = int((x[:, :, 0, 0] != 0).any(axis=0).sum())
    if length == 0:
        return np.zeros((3, frames, *x.shape[2:]), np.float32)
    x = x[:, :length] - x[:, :length, CENTRE : CENTRE + 1]
    c, _, v, m = x.shape
    image = torch.from_numpy(x).permute(0, 2, 3, 1).reshape(1, c * v * m, length, 1)
    image = torch.nn.functional.interpolate(image, size=(frames, 1), mode="bilinear", align_corners=False)
    return _turned(image.reshape(c, v, m, frames).permute(0, 3, 1, 2).contiguous().numpy())


def _turned(x: Float32[np.ndarray, "3 t v m"]) -> Float32[np.ndarray, "3 t v m"]:
    for m in range(x.shape[3]):
        lines = [x[:, t, RIGHT, m] - x[:, t, LEFT, m] for t in range(x.shape[1])]
        towards = sum(line[2] for line in lines)
        for t, line in enumerate(lines):
            angle = math.acos(line[0] / (math.hypot(line[0], line[2]) + 1e-4))
            if towards >= 0:
                angle = -angle
            cos, sin = math.cos(angle), math.sin(angle)
            turn = np.array([[cos, 0, -sin], [0, 1, 0], [sin, 0, cos]], np.float32)
            x[:, t, :, m] = turn @ x[:, t, :, m]
    return x

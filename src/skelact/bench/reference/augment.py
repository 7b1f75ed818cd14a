"""The augmentations of AimCLR in numpy, one clip (c, t, v, m) at a time, with random numbers as arguments."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

Clip = Float[np.ndarray, "c t v m"]
Three = Float[np.ndarray, "3"]

GAMMA = 6
TAPS = 15


def crop(x: Clip, start: int) -> Clip:
    """T frames from `start`, after padding both ends with T / gamma mirrored frames."""
    frames = x.shape[1]
    padding = frames // GAMMA
    padded = np.concatenate([x[:, :padding][:, ::-1], x, x[:, frames - padding :][:, ::-1]], axis=1)
    return padded[:, start : start + frames]


def shear(x: Clip, s1: Three, s2: Three) -> Clip:
    """Multiply every (x, y, z) by a matrix with ones on its diagonal."""
    return _times(x, np.array([[1, s1[0], s2[0]], [s1[1], 1, s2[1]], [s1[2], s2[2], 1]]))


def _times(x: Clip, matrix: Float[np.ndarray, "3 3"]) -> Clip:
    turned = np.dot(x.transpose(1, 2, 3, 0), matrix.T)
    return turned.transpose(3, 0, 1, 2)


def spatial_flip(x: Clip, mirror: Sequence[int]) -> Clip:
    """Swap left and right joints."""
    return x[:, :, list(mirror)]


def rotate(x: Clip, degrees: Three) -> Clip:
    """Rotate about x, then y, then z."""
    for axis, angle in enumerate(np.radians(degrees)):
        first, second = [other for other in range(3) if other != axis]
        sign = -1 if axis == 1 else 1
        matrix = np.eye(3)
        matrix[first, first] = matrix[second, second] = np.cos(angle)
        matrix[first, second] = sign * np.sin(angle)
        matrix[second, first] = -sign * np.sin(angle)
        x = _times(x, matrix)
    return x


def noise(x: Clip, rng: np.random.Generator) -> Clip:
    """Add N(0, 0.01) to every coordinate."""
    return x + rng.normal(0, 0.01, x.shape)


def blur(x: Clip, sigma: float) -> Clip:
    """A sum of 15 neighbouring frames weighted by exp(-t^2 / 2 sigma^2); zeros beyond the ends."""
    half = TAPS // 2
    padded = np.pad(x, ((0, 0), (half, half), (0, 0), (0, 0)))
    out = np.zeros_like(x)
    for tap in range(TAPS):
        out += np.exp(-((tap - half) ** 2) / (2 * sigma**2)) * padded[:, tap : tap + x.shape[1]]
    return out


def axis_mask(x: Clip, axis: int) -> Clip:
    """Set one coordinate to zero."""
    out = x.copy()
    out[axis] = 0
    return out


def temporal_flip(x: Clip) -> Clip:
    """Reverse time."""
    return x[:, ::-1]


def normal(x: Clip, rng: np.random.Generator) -> Clip:
    """The normal augmentations T."""
    x = crop(x, int(rng.integers(2 * (x.shape[1] // GAMMA) + 1)))
    return shear(x, rng.uniform(-0.5, 0.5, 3), rng.uniform(-0.5, 0.5, 3))


def extreme(x: Clip, mirror: Sequence[int], rng: np.random.Generator) -> Clip:
    """The extreme augmentations T', all eight."""
    x = normal(x, rng)
    if rng.random() < 0.5:
        x = spatial_flip(x, mirror)
    largest = np.ones(3)
    largest[rng.integers(3)] = 30
    x = noise(rotate(x, rng.random(3) * largest), rng)
    if rng.random() < 0.5:
        x = blur(x, rng.uniform(0.1, 2))
    if rng.random() < 0.5:
        x = axis_mask(x, int(rng.integers(3)))
    return temporal_flip(x) if rng.random() < 0.5 else x


def triple(x: Clip, mirror: Sequence[int], rng: np.random.Generator) -> tuple[Clip, Clip, Clip]:
    """The views query, key (both normal) and extreme of one clip, in float32."""
    query, key, far = normal(x, rng), normal(x, rng), extreme(x, mirror, rng)
    return query.astype(np.float32), key.astype(np.float32), far.astype(np.float32)

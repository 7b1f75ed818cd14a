"""Preparations: a clip of any length and number of persons becomes one array (3, frames, joints, persons)."""

from collections import Counter
from collections.abc import Iterable

import numpy as np
from jaxtyping import Float32

from skelact.data.preparations.bodies import bodies_of
from skelact.data.preparations.body import prepare_body
from skelact.data.preparations.released import check_released, prepare_released
from skelact.data.preparations.robust import prepare_robust
from skelact.data.recording import Recording
from skelact.skeleton import Skeleton
from skelact.system.world import SkelactError

PREPARATIONS = ("released", "robust", "body")

IN_BODY_SIZES = ("body",)
"""Preparations whose lengths are in sizes of the body, whatever the unit of the recordings."""
CENTRED_ONCE = ("body",)
"""Preparations that put the main actor's centre joint at the origin once a clip; the others do in every frame."""

PUBLISHED_WITH_TWO = ("ntu",)
"""Data sets whose published preparation has two persons in every clip, the second one zero where it is missing."""


def check_preparation(preparation: str, frames: int, persons: int | None, skeleton: Skeleton) -> None:
    """SkelactError: an unknown preparation, a number below 1, a skeleton that the preparation cannot turn."""
    if preparation not in PREPARATIONS:
        raise SkelactError(f"no preparation {preparation!r}; there are {', '.join(PREPARATIONS)}")
    if frames < 1:
        raise SkelactError(f"frames must be at least 1, got {frames}")
    if persons is not None and persons < 1:
        raise SkelactError(f"persons must be at least 1, got {persons}")
    if preparation == "released":
        check_released(skeleton)


def prepare_and_count(
    recording: Recording, skeleton: Skeleton, preparation: str, frames: int, persons: int
) -> tuple[Float32[np.ndarray, "3 t v m"], Counter[str]]:
    """The prepared clip, and the count of each kind of repair; kinds with a count of 0 are not listed."""
    make = {"released": prepare_released, "robust": prepare_robust, "body": prepare_body}[preparation]
    clip, repairs = make(recording, skeleton, frames, persons)
    with np.errstate(over="ignore"):
        narrow = np.ascontiguousarray(clip, dtype=np.float32)
    if not np.isfinite(narrow).all():
        raise SkelactError(f"{recording.name}: coordinates up to {np.abs(recording.joints).max():g} are too large")
    return narrow, +repairs


def prepare_clip(
    recording: Recording, skeleton: Skeleton, preparation: str, frames: int, persons: int
) -> Float32[np.ndarray, "3 t v m"]:
    """One prepared clip: t = `frames`, m = `persons`, in the units of the recording; `robust` turns up to +y.

    Slots without a body are zero. SkelactError: unknown preparation, a skeleton that the preparation cannot turn,
    coordinates too large.
    """
    check_preparation(preparation, frames, persons, skeleton)
    return prepare_and_count(recording, skeleton, preparation, frames, persons)[0]


def persons_needed(recordings: Iterable[Recording], skeleton: Skeleton, preparation: str, dataset: str) -> int:
    """2 if any clip has a second person (for `robust`: after noise bodies are removed), else 1."""
    if preparation == "released":
        several = dataset in PUBLISHED_WITH_TWO or any(clip.identity.shape[1] > 1 for clip in recordings)
    else:
        several = any(clip.identity.shape[1] > 1 and len(bodies_of(clip, skeleton)[0]) > 1 for clip in recordings)
    return 2 if several else 1

"""Checkpoints: the whole state of a run in one file, written atomically; reading one runs no code from it."""

from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch

from skelact.world import SkelactError, atomic_file

FORMAT = 1


def save(path: Path, state: dict[str, Any]) -> None:
    """Write `state` (tensors, numbers, strings, and containers of them) to `path`, atomically."""
    with atomic_file(path) as temporary:
        torch.save({"format": FORMAT, **state}, temporary)


def load(path: Path) -> dict[str, Any]:
    """Read what `save` wrote, on the CPU. SkelactError for a damaged file or one of a newer format."""
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, UnpicklingError, EOFError, ValueError, KeyError) as error:
        raise SkelactError(f"{path}: not a checkpoint that can be read: {error}") from error
    if not isinstance(state, dict) or not isinstance(state.get("format"), int):
        raise SkelactError(f"{path}: not a checkpoint of a skelact run")
    if state["format"] > FORMAT:
        raise SkelactError(
            f"{path}: checkpoint format {state['format']}, this skelact reads up to {FORMAT}: upgrade it"
        )
    return state

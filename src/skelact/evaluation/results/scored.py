"""The output of a protocol's measurement, from which the result is made."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

    import skelact.encoders.loaded


@dataclass(frozen=True)
class Scored:
    """Fields of the result that the protocol decides, and its values for every test clip."""

    fields: dict[str, Any]
    scores: "torch.Tensor"
    """(n, classes): scores of the first seed after the last epoch; (n,) if the protocol does not score classes."""
    what: str = "scores"
    """Name of `scores` in the .npz file."""
    network: "skelact.encoders.loaded.LoadedEncoder | None" = None
    """The trained network of the first seed, if the protocol trains one."""

"""What a protocol hands over when it has measured; with what is known of the case it becomes a result."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

    import skelact.encoders.loaded


@dataclass(frozen=True)
class Scored:
    """What a protocol found: the fields of its result that it decides, and what it says about every test clip."""

    fields: dict[str, Any]
    scores: "torch.Tensor"
    """(n, classes): of the first seed after the last epoch. Where no classes are scored: one number a test clip."""
    what: str = "scores"
    """What those numbers are: their name in the .npz."""
    network: "skelact.encoders.loaded.LoadedEncoder | None" = None
    """The network that the first seed ended with, where one learned."""

"""Memory bank: the last K keys, first in, first out (MoCo's queue)."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from skelact.system import processes


class Bank(nn.Module):
    """K unit keys, random at the start. A batch that does not divide K wraps around; contents and place are saved.
    Several processes hold the same bank.

    Raises ValueError where a batch holds more keys than the bank.
    """

    def __init__(self, keys: int, features: int):
        super().__init__()
        self.keys: Tensor
        self.place: Tensor
        self.register_buffer("keys", nn.functional.normalize(torch.randn(keys, features), dim=1))
        self.register_buffer("place", torch.zeros((), dtype=torch.long))

    def __len__(self) -> int:
        return len(self.keys)

    def entries(self) -> Float[Tensor, "k d"]:
        """The keys as they are now; a copy, because `add` writes before the backward pass has read them."""
        return self.keys.clone()

    @torch.no_grad()
    def add(self, keys: Float[Tensor, "n d"]) -> None:
        """Overwrite the oldest entries with `keys`, those of all processes in their order."""
        keys = processes.gathered(keys)
        if len(keys) > len(self.keys):
            raise ValueError(f"a batch of {len(keys)} keys does not fit a bank of {len(self.keys)}")
        rows = (self.place + torch.arange(len(keys), device=self.keys.device)) % len(self.keys)
        self.keys[rows] = keys.to(self.keys.dtype)
        self.place.copy_((self.place + len(keys)) % len(self.keys))

"""Memory bank: a first-in-first-out queue of the last K keys (MoCo)."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from skelact.system import processes


class Bank(nn.Module):
    """K unit vectors, random at the start. Writing wraps around at the end. All processes hold the same bank.

    The state dict has the `keys` and `place`, the row that is written next.
    Raises ValueError if a batch has more keys than the bank.
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
        """A copy of the keys: `add` overwrites them before the backward pass has read them."""
        return self.keys.clone()

    @torch.no_grad()
    def add(self, keys: Float[Tensor, "n d"]) -> None:
        """Replace the oldest entries with `keys` of all processes, in order of process number."""
        keys = processes.gathered(keys)
        if len(keys) > len(self.keys):
            raise ValueError(f"a batch of {len(keys)} keys does not fit a bank of {len(self.keys)}")
        rows = (self.place + torch.arange(len(keys), device=self.keys.device)) % len(self.keys)
        self.keys[rows] = keys.to(self.keys.dtype)
        self.place.copy_((self.place + len(keys)) % len(self.keys))

"""What the methods that contrast with a memory bank share: their numbers, and the unit vector z = g(f(x)) a clip."""

import torch
from jaxtyping import Float
from pydantic import Field
from torch import Tensor, nn

from skelact.encoders.stgcn import STGCN, published_start
from skelact.methods.method import MethodConfig
from skelact.world import SkelactError

SLOW_TWIN = 3.0
"""Below this many time constants, steps x (1 - m), the key network has hardly left its random start (e^-3 = 5 %)."""


class ContrastConfig(MethodConfig):
    """Numbers of MoCo v2 on skeletons; defaults of SkeletonCLR and AimCLR."""

    temperature: float = Field(default=0.07, gt=0)
    """tau"""
    momentum: float = Field(default=0.999, ge=0, le=1)
    """m, of the key network."""
    bank: int = Field(default=32768, ge=1)
    """Keys in the memory bank M."""
    bank_within_clips: bool = False
    """Small data: a bank never larger than the training set, so that it holds no clip twice."""
    projection: int = Field(default=128, ge=1)
    """Length of z."""
    shear: float = Field(default=0.5, ge=0)
    """Amplitude of the shear; 0 leaves coordinates alone."""
    gamma: float = Field(default=6, gt=1)
    """The crop pads T/gamma frames at both ends."""

    def fitted(self, epochs: int, clips: int, batch: int) -> "ContrastConfig":
        if batch > self.bank:
            raise SkelactError(f"expected --method.bank of at least the {batch} clips of a batch, found {self.bank}")
        return self.model_copy(update={"bank": min(self.bank, clips) if self.bank_within_clips else self.bank})

    def doubts(self, epochs: int, steps: int, clips: int) -> list[str]:
        doubts = []
        constants = steps * (1 - self.momentum)
        if constants < SLOW_TWIN:
            doubts.append(
                f"{steps} steps x (1 - momentum {self.momentum}) = {constants:.2g}: the key network hardly leaves its "
                f"random start; train longer or lower --method.momentum"
            )
        if self.bank > clips:
            doubts.append(
                f"the bank holds {self.bank} keys but there are only {clips} training clips, so a clip's own old keys "
                f"count as its negatives; lower --method.bank or use a recipe for small data (skelact pretrain --help)"
            )
        return doubts


class Embedder(nn.Module):
    """Encoder f and projection head g (Linear, ReLU, Linear); head weights N(0, 0.02) and bias 0, as released."""

    def __init__(self, encoder: STGCN, projection: int):
        super().__init__()
        features = encoder.config.features
        first, last = nn.Linear(features, features), nn.Linear(features, projection)
        self.encoder = encoder
        self.head = nn.Sequential(first, nn.ReLU(), last).apply(published_start)

    def project(self, h: Float[Tensor, "n d"]) -> Float[Tensor, "n p"]:
        """z = g(h) / |g(h)|, never in less than float32."""
        with torch.autocast(h.device.type, enabled=False):
            return nn.functional.normalize(self.head(h), dim=1)

    def forward(self, x: Float[Tensor, "n c t v m"]) -> Float[Tensor, "n p"]:
        """z of each clip."""
        return self.project(self.encoder(x))

"""Shared by the methods with a memory bank: the unit vector z = g(f(x)) / |g(f(x))| of a clip."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from skelact.encoders.encoder import Encoder, published_start


class UnitEmbedder(nn.Module):
    """Encoder f and projection head g (Linear, ReLU, Linear). Head weights start as N(0, 0.02), biases as 0."""

    def __init__(self, encoder: Encoder, projection: int):
        super().__init__()
        features = encoder.features
        first, last = nn.Linear(features, features), nn.Linear(features, projection)
        self.encoder = encoder
        self.head = nn.Sequential(first, nn.ReLU(), last).apply(published_start)

    def project(self, h: Float[Tensor, "n d"]) -> Float[Tensor, "n p"]:
        """z = g(h) / |g(h)|, in float32 or better."""
        with torch.autocast(h.device.type, enabled=False):
            return nn.functional.normalize(self.head(h), dim=1)

    def forward(self, x: Float[Tensor, "n c t v m"]) -> Float[Tensor, "n p"]:
        """z of each clip."""
        return self.project(self.encoder(x))

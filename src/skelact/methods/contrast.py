"""What the methods that contrast with a memory bank share: the unit vector z = g(f(x)) of a clip."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from skelact.encoders.encoder import Encoder, published_start


class Embedder(nn.Module):
    """Encoder f and projection head g (Linear, ReLU, Linear); head weights N(0, 0.02) and bias 0, as released."""

    def __init__(self, encoder: Encoder, projection: int):
        super().__init__()
        features = encoder.features
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

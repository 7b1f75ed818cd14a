"""What the contrastive methods compare: z = g(f(x)), a unit vector a clip."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from skelact.encoders.stgcn import STGCN


class Embedder(nn.Module):
    """Encoder f and projection head g (Linear, ReLU, Linear); head weights N(0, 0.02) and bias 0, as released."""

    def __init__(self, encoder: STGCN, projection: int):
        super().__init__()
        features = encoder.config.features
        self.encoder = encoder
        self.head = nn.Sequential(nn.Linear(features, features), nn.ReLU(), nn.Linear(features, projection))
        for layer in (self.head[0], self.head[2]):
            nn.init.normal_(layer.weight, 0, 0.02)
            nn.init.zeros_(layer.bias)

    def project(self, h: Float[Tensor, "n d"]) -> Float[Tensor, "n p"]:
        """z = g(h) / |g(h)|, in float32 or better whatever the network computed in."""
        z = self.head(h)
        return nn.functional.normalize(z.to(torch.promote_types(z.dtype, torch.float32)), dim=1)

    def forward(self, x: Float[Tensor, "n c t v m"]) -> Float[Tensor, "n p"]:
        """z of each clip."""
        return self.project(self.encoder(x))

"""MHAM, the attention mask of SkeAttnCLR: self-attention finds the salient positions and channels of a feature map."""

import torch
from jaxtyping import Float
from torch import Tensor, nn


class AttentionMask(nn.Module):
    """mask = sigmoid(Lambda * out), out = projection of multi-head self-attention over the T' x V tokens of one person.

    A soft mask with the shape of the feature map: one number between 0 and 1 for each position AND channel. Linear
    weights start as N(0, 0.02), biases as 0. Raises ValueError if the heads do not divide the channels.
    """

    def __init__(self, features: int, heads: int, steepness: float):
        super().__init__()
        if features % heads:
            raise ValueError(f"expected a number of features that {heads} heads divide, found {features}")
        self.heads = heads
        self.steepness = steepness
        self.norm = nn.LayerNorm(features)
        self.qkv = nn.Linear(features, 3 * features)
        self.projection = nn.Linear(features, features)
        for layer in (self.qkv, self.projection):
            nn.init.normal_(layer.weight, 0, 0.02)
            nn.init.zeros_(layer.bias)

    def forward(self, features: Float[Tensor, "p d s v"]) -> Float[Tensor, "p d s v"]:
        """The mask of a feature map with one row per person."""
        tokens = self.norm(features.flatten(2).transpose(1, 2))
        query, key, value = self.qkv(tokens).unflatten(2, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        attended = nn.functional.scaled_dot_product_attention(query, key, value)
        out = self.projection(attended.transpose(1, 2).flatten(2))
        return torch.sigmoid(self.steepness * out).transpose(1, 2).view_as(features)


def released_layout(features: Float[Tensor, "p d s v"], persons: int) -> Float[Tensor, "p d s v"]:
    """The map as the published neck reads it, from (n, d, s, v, m) to (n m, d, s, v).

    Reshapes without permuting axes, which mixes two persons: a "person" then holds half of the channels of both, and a
    "channel" half of the frames of one. With one person nothing changes.
    """
    shape = features.shape
    return features.unflatten(0, (-1, persons)).movedim(1, -1).reshape(shape)

"""A training step of AimCLR in float32: three encoder passes, a queue, InfoNCE and both divergences."""

import copy

import numpy as np
import torch
from jaxtyping import Float, Float32
from torch import Tensor, nn
from torch.nn.functional import normalize

from skelact.bench.reference import augment
from skelact.bench.reference.encoder import PlainSTGCN
from skelact.bench.reference.losses import (
    divergence,
    energy_drop,
    info_nce,
    logits_of,
    neighbours_loss,
    neighbours_mask,
)
from skelact.encoders.config import STGCNConfig
from skelact.methods import AimCLR
from skelact.skeleton import Skeleton


class PlainEmbedder(nn.Module):
    """Encoder and projection head."""

    def __init__(self, encoder: STGCNConfig, skeleton: Skeleton, projection: int):
        super().__init__()
        self.encoder = PlainSTGCN(encoder, skeleton)
        features = encoder.features
        self.head = nn.Sequential(nn.Linear(features, features), nn.ReLU(), nn.Linear(features, projection))

    def forward(self, x: Float[Tensor, "n c t v m"]) -> Float[Tensor, "n d"]:
        return normalize(self.head(self.encoder(x)), dim=1)

    def whole_and_dropped(
        self, x: Float[Tensor, "n c t v m"], margin: float
    ) -> tuple[Float[Tensor, "n d"], Float[Tensor, "n d"]]:
        """z of a view, and of its feature map after EADM."""
        features = self.encoder.feature_map(x)
        maps = (features, energy_drop(features, margin))
        whole, dropped = (normalize(self.head(self.encoder.pool(each, x.shape[4])), dim=1) for each in maps)
        return whole, dropped


class PlainAimCLR(nn.Module):
    """Query network, key network and queue (d, k), with AimCLR's configuration."""

    queue: Tensor

    def __init__(self, config: AimCLR.Config, encoder: STGCNConfig, skeleton: Skeleton):
        super().__init__()
        self.config = config
        self.query = PlainEmbedder(encoder, skeleton, config.projection)
        self.key = copy.deepcopy(self.query).requires_grad_(False)
        self.register_buffer("queue", normalize(torch.randn(config.projection, config.bank), dim=0))
        self.next_column = 0

    def load(self, state: dict[str, Tensor]) -> None:
        """Load networks and bank from the state dict of our method."""
        for network, prefix in ((self.query, "query."), (self.key, "twin.key.")):
            network.load_state_dict({n.removeprefix(prefix): t for n, t in state.items() if n.startswith(prefix)})
        self.queue.copy_(state["bank.keys"].T)

    def forward(self, views: dict[str, Float[Tensor, "n c t v m"]], nearest: bool = False) -> dict[str, Tensor]:
        """The losses of a step; `nearest` for the second stage."""
        c = self.config
        z_query = self.query(views["query"])
        z_extreme, z_drop = self.query.whole_and_dropped(views["extreme"], c.keep_margin)
        with torch.no_grad():
            for key, query in zip(self.key.parameters(), self.query.parameters(), strict=True):
                key.data = key.data * c.momentum + query.data * (1 - c.momentum)
            z_key = self.key(views["key"])
        queue = self.queue.clone().detach()
        logits, *others = (logits_of(z, z_key, queue, c.temperature) for z in (z_query, z_extreme, z_drop))
        d1, d2 = (divergence(student, logits) for student in others)
        if nearest:
            mask = neighbours_mask(logits, c.neighbours)
            for student in others:
                mask = mask | neighbours_mask(student, c.neighbours)
            contrast = neighbours_loss(logits, mask)
        else:
            contrast = info_nce(logits)
        self.queue[:, self.next_column : self.next_column + len(z_key)] = z_key.T  # a batch divides the queue
        self.next_column = (self.next_column + len(z_key)) % self.queue.shape[1]
        return {"contrast": contrast, "d1": d1, "d2": d2, "loss": contrast + (d1 + d2) / 2}


def plain_views(
    x: Float32[np.ndarray, "n c t v m"], mirror: tuple[int, ...], rng: np.random.Generator
) -> dict[str, Float32[Tensor, "n c t v m"]]:
    """The three views of a batch: made clip by clip, then stacked, as in a data loader."""
    made = [augment.triple(clip, mirror, rng) for clip in x]
    names = ("query", "key", "extreme")
    return {name: torch.from_numpy(np.stack(clips)) for name, clips in zip(names, zip(*made, strict=True), strict=True)}


def plain_step(
    method: PlainAimCLR, optimiser: torch.optim.Optimizer, views: dict[str, Float[Tensor, "n c t v m"]]
) -> None:
    """One step of the first stage."""
    loss = method(views)["loss"]
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()

"""SkeAttnCLR: contrast of whole, salient and non-salient features, by attention (Hua et al., IJCAI 2023)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import torch
from jaxtyping import Float
from torch import Tensor, nn

from skelact.encoders.encoder import Encoder, published_start
from skelact.maths import augment
from skelact.maths.bank import Bank
from skelact.maths.draw import Draw
from skelact.maths.losses import info_nce, similarities, with_negative
from skelact.maths.mham import AttentionMask, released_layout
from skelact.maths.momentum import MomentumTwin, cosine_momentum
from skelact.maths.swap import PartSwap
from skelact.methods.config import SkeAttnCLRConfig
from skelact.methods.method import Losses, Method, Moment
from skelact.skeleton import Skeleton
from skelact.system.world import SkelactError

Clips = Float[Tensor, "n c t v m"]
Map = Float[Tensor, "p d s v"]
PARTS = ("global", "salient", "non_salient")


class SkeAttnCLR(Method):
    """Attention splits a clip with swapped parts into salient and non-salient; those and the whole each find their key.

    Views x_q = T(s) ("query"), x_k = T(s) ("key"), x_swap = x_q with parts of another clip ("swap"); F = f(x) the map
    of a view, g the one head, p_z, p_s, p_ns predictors; every vector q, k is divided by its length.
    A = sigmoid(Lambda MHSA(LayerNorm(F_swap))), a number for each position and channel                             (1)
    q_z = p_z(g(mean F_q)),  q_s = p_s(g(mean F_swap A)),  q_ns = p_ns(g(mean F_swap (1 - A)))                       (2)
    k_z = g(mean F_k),       k_s = g(mean F_k A),          k_ns = g(mean F_k (1 - A)),  by the key network           (3)
    L_global = NCE(q_z, k_z; bank), L_salient = NCE(q_s, k_s; bank, q_ns), L_nonsalient = NCE(q_ns, k_ns; bank, q_s) (4)
    L = L_global + mu L_salient + (1 - mu) L_nonsalient                                                             (5)
    theta_k <- m theta_k + (1 - m) theta_q after the optimiser's step, over all state; m from 0.996 to 1             (6)

    Equations are numbered here, not as in the paper. The bank holds keys k_z.
    """

    Config = SkeAttnCLRConfig

    def __init__(self, config: Config, encoder: Callable[[], Encoder], skeleton: Skeleton):
        super().__init__()
        if len(skeleton.parts) < 2:
            raise SkelactError(
                f"SkeAttnCLR swaps body parts: expected a skeleton with at least 2, found {len(skeleton.parts)} in "
                f"{skeleton.name}; name the joints of its trunk, arms and legs under `parts`"
            )
        network = encoder()
        network.require_joint_axis("SkeAttnCLR's attention mask")
        if network.channels % config.heads:
            raise SkelactError(
                f"expected --encoder.features that the {config.heads} heads of --method.heads divide, "
                f"found {network.channels}"
            )
        if config.layout == "released" and network.leaves_out_absent:
            raise SkelactError("--method.layout released mixes a clip's persons: it needs --encoder.absent computed")
        self.config = config
        self.parts = tuple(skeleton.parts.values())
        width, z = network.channels, config.projection
        self.query = MapEmbedder(network, z)
        self.attention = AttentionMask(width, config.heads, config.steepness)
        self.predictors = nn.ModuleDict(
            {part: head(z, width, z) if config.predictors else nn.Identity() for part in PARTS}
        )
        if config.head_weights == "released":
            self.query.head.apply(published_start)
            self.predictors.apply(published_start)
        self.twin = MomentumTwin(self.query, config.momentum)
        self.bank = Bank(config.bank, z)

    @property
    def encoder(self) -> Encoder:
        return self.query.encoder

    def views(self) -> dict[str, augment.Augmentation]:
        c = self.config
        normal = augment.normal(c.shear, c.gamma)
        fewest, most = (min(count, len(self.parts) - 1) for count in c.parts)
        return {"query": normal, "key": normal, "swap": Swapped(normal, PartSwap(self.parts, (fewest, most), c.window))}

    def forward(self, views: dict[str, Clips], moment: Moment) -> Losses:
        x_q, x_k, x_swap = views["query"], views["key"], views["swap"]
        f_q, f_swap = self._map(self.query, x_q), self._map(self.query, x_swap)
        mask = self.attention(f_swap)  # Eq. 1
        q_z = self._predicted("global", f_q, x_q)  # Eq. 2
        with torch.no_grad():
            self._predicted("global", f_swap, x_swap)  # as released: only for BatchNorm statistics, no loss uses it
        q_s = self._predicted("salient", f_swap * mask, x_swap)
        q_ns = self._predicted("non_salient", f_swap * (1 - mask), x_swap)
        with torch.no_grad():
            key = cast(MapEmbedder, self.twin.key)
            f_k, mask = self._map(key, x_k), self._of_persons(mask, x_swap, x_k)
            pooled = (f_k, f_k * mask, f_k * (1 - mask))
            k_z, k_s, k_ns = (nn.functional.normalize(key.project(f, x_k), dim=1) for f in pooled)  # Eq. 3
        bank, tau, mu = self.bank.entries(), self.config.temperature, self.config.mu
        whole = similarities(q_z, k_z, bank, tau)
        salient = with_negative(similarities(q_s, k_s, bank, tau), q_s, q_ns, tau)
        rest = with_negative(similarities(q_ns, k_ns, bank, tau), q_ns, q_s, tau)
        parts = {"global": info_nce(whole), "salient": info_nce(salient), "non_salient": info_nce(rest)}  # Eq. 4
        self.bank.add(k_z)
        return {"loss": parts["global"] + mu * parts["salient"] + (1 - mu) * parts["non_salient"], **parts}  # Eq. 5

    def after_step(self, moment: Moment) -> None:
        ahead = self.config.steps_ahead(moment.total // moment.epochs)
        momentum = cosine_momentum(self.config.momentum, moment.step + ahead, moment.total)
        self.twin.follow_state(self.query, momentum)  # Eq. 6

    def _map(self, network: "MapEmbedder", x: Clips) -> Map:
        features = network.encoder.feature_map(x)
        return released_layout(features, x.shape[4]) if self.config.layout == "released" else features

    def _predicted(self, part: str, features: Map, x: Clips) -> Float[Tensor, "n z"]:
        z = self.query.project(features, x)
        with torch.autocast(z.device.type, enabled=False):
            return nn.functional.normalize(self.predictors[part](z), dim=1)

    def _of_persons(self, mask: Map, x_swap: Clips, x_k: Clips) -> Float[Tensor, "others d s v"]:
        """The mask for the persons in the key's map; 0.5 for a person missing in the swapped view."""
        if not self.encoder.leaves_out_absent:
            return mask
        there, wanted = self.encoder.persons(x_swap), self.encoder.persons(x_k)
        everyone = mask.new_full((*there.shape, *mask.shape[1:]), 0.5)
        everyone[there] = mask
        return everyone[wanted]


@dataclass(frozen=True)
class Swapped:
    """The clips of the view "query", with some parts of each replaced by those of another clip."""

    normal: augment.Augmentation
    swap: PartSwap

    def __call__(self, x: Clips, draw: Draw) -> Clips:
        return self.swap(self.normal(x, draw.view("query")), draw)


class MapEmbedder(nn.Module):
    """Encoder f and head g, from feature maps to vectors."""

    def __init__(self, encoder: Encoder, projection: int):
        super().__init__()
        self.encoder = encoder
        self.head = head(encoder.features, encoder.features, projection)

    def project(self, features: Map, x: Clips) -> Float[Tensor, "n z"]:
        """g of the mean of a map over positions and over the persons of the clips `x`, in float32 or better."""
        h = self.encoder.pool(features, x)
        with torch.autocast(h.device.type, enabled=False):
            return self.head(h)


def head(inner: int, hidden: int, outer: int) -> nn.Sequential:
    """Linear, BatchNorm, ReLU, Linear, without biases (1x1 convolutions in the program). Kaiming weights, fan out."""
    first, last = nn.Linear(inner, hidden, bias=False), nn.Linear(hidden, outer, bias=False)
    for layer in (first, last):
        nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
    return nn.Sequential(first, nn.BatchNorm1d(hidden), nn.ReLU(), last)

"""AimCLR: contrast with extreme augmentations (Guo et al., AAAI 2022)."""

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor

from skelact.encoders.encoder import Encoder
from skelact.maths import augment
from skelact.maths.bank import Bank
from skelact.maths.eadm import energy_drop
from skelact.maths.losses import divergence, info_nce, multi_positive_mean, multi_positive_sum, nearest, similarities
from skelact.maths.momentum import MomentumTwin
from skelact.methods.config import AimCLRConfig
from skelact.methods.contrast import UnitEmbedder
from skelact.methods.method import Losses, Method, Moment
from skelact.skeleton import Skeleton


class AimCLR(Method):
    """A normal view teaches an extreme view, once whole and once with its salient features dropped.

    Views x^ = T(s) ("query"), x = T(s) ("key"), x~ = T'(s) ("extreme"); z = key(x), z^ = query(x^), z~ = query(x~),
    z~_drop = g(pool(EADM(feature map of x~))). p(. | z) = softmax([z.key, z.bank] / tau)                      (4), (5)
    L_Info = -log p(z | z^)                                                                                    (1), (6)
    L_d1 = CE(p(. | z^), p(. | z~)),  L_d2 = CE(p(. | z^), p(. | z~_drop)),  L_D = (L_d1 + L_d2) / 2           (7), (8)
    L_N = -log sum over {z} and N+ of p(. | z^), N+ = nearest bank entries of z^, z~ and z~_drop                    (9)
    L = alpha L_Info + beta L_D first, alpha L_N + beta L_D from epoch `neighbours_from` (section 3.5)

    The rows of Table 1 are configurations: `views` normal, extreme, both (with d1), then `drop`, then `neighbours`.
    """

    Config = AimCLRConfig

    def __init__(self, config: Config, encoder: Callable[[], Encoder], skeleton: Skeleton):
        super().__init__()
        self.config = config
        self.mirror = skeleton.mirror
        self.query = UnitEmbedder(encoder(), config.projection)
        if config.drop:
            self.encoder.require_joint_axis("AimCLR's EADM (--method.drop)")
        self.twin = MomentumTwin(self.query, config.momentum)
        self.bank = Bank(config.bank, config.projection)

    @property
    def encoder(self) -> Encoder:
        return self.query.encoder

    def views(self) -> dict[str, augment.Augmentation]:
        c = self.config
        normal = augment.normal(c.shear, c.gamma)
        extreme = augment.extreme(self.mirror, c.shear, c.gamma, c.noise_p, c.temporal_flip)
        if c.views == "both":
            return {"query": normal, "key": normal, "extreme": extreme}
        only = normal if c.views == "normal" else extreme
        return {"query": only, "key": only}

    def forward(self, views: dict[str, Float[Tensor, "n c t v m"]], moment: Moment) -> Losses:
        return self.losses(*self.logits(views), moment)

    def logits(
        self, views: dict[str, Float[Tensor, "n c t v m"]]
    ) -> tuple[Float[Tensor, "n k1"], dict[str, Float[Tensor, "n k1"]]]:
        """Logits of z^, and those of z~ and z~_drop by their name in L_D: d1, d2 (Eq. 4, 5, before the softmax).

        Updates the key network and adds the keys to the bank.
        """
        z_hat = self.query(views["query"])
        queries = self._extreme_queries(views["extreme"]) if "extreme" in views else {}
        with torch.no_grad():
            self.twin.follow(self.query)  # Eq. 2
            z = self.twin.key(views["key"])
        bank, temperature = self.bank.entries(), self.config.temperature
        self.bank.add(z)
        others = {part: similarities(q, z, bank, temperature) for part, q in queries.items()}
        return similarities(z_hat, z, bank, temperature), others

    def losses(self, logits: Float[Tensor, "n k1"], others: dict[str, Float[Tensor, "n k1"]], moment: Moment) -> Losses:
        """The loss and its parts, from the outputs of `logits`."""
        c = self.config
        parts = {part: divergence(student, logits) for part, student in others.items()}  # Eq. 7, 8
        if c.neighbours and moment.epoch >= c.neighbours_begin(moment.epochs):
            positives = nearest(logits, c.neighbours)
            for student in others.values():
                positives = positives | nearest(student, c.neighbours)
            form = multi_positive_sum if c.neighbours_form == "paper" else multi_positive_mean
            parts["nnm"] = form(logits, positives)  # Eq. 9
            contrast = parts["nnm"]
        else:
            parts["info_nce"] = info_nce(logits)  # Eq. 1
            contrast = parts["info_nce"]
        loss = c.alpha * contrast
        if others:
            loss = loss + c.beta * torch.stack([parts[part] for part in others]).mean()  # L_D
        return {"loss": loss, **parts}

    def _extreme_queries(self, x: Float[Tensor, "n c t v m"]) -> dict[str, Float[Tensor, "n d"]]:
        """z~ (d1) and z~_drop (d2), from one pass of the encoder."""
        features = self.encoder.feature_map(x)
        queries = {"d1": self.query.project(self.encoder.pool(features, x))}
        if self.config.drop:
            dropped = energy_drop(features, self.config.keep_margin)
            queries["d2"] = self.query.project(self.encoder.pool(dropped, x))
        return queries

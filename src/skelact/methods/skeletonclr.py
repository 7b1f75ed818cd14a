"""SkeletonCLR: MoCo v2 on skeletons (Li et al., CVPR 2021, section 3.2; AimCLR, section 3.1)."""

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor

from skelact.encoders.encoder import Encoder
from skelact.maths import augment
from skelact.maths.bank import Bank
from skelact.maths.losses import info_nce, similarities
from skelact.maths.momentum import MomentumTwin
from skelact.methods.config import SkeletonCLRConfig
from skelact.methods.contrast import UnitEmbedder
from skelact.methods.method import Losses, Method, Moment
from skelact.skeleton import Skeleton


class SkeletonCLR(Method):
    """Two normal views of a clip should be more alike than the clip and any entry of the memory bank.

    query x^, key x = T(s); z^ = g_q(f_q(x^)), z = g_k(f_k(x)), both unit vectors; M the bank.
    L = -log [exp(z^.z/tau) / (exp(z^.z/tau) + sum_i exp(z^.m_i/tau))]                                             (1)
    theta_k <- m theta_k + (1 - m) theta_q, before the key pass                                                    (2)
    """

    Config = SkeletonCLRConfig

    def __init__(self, config: Config, encoder: Callable[[], Encoder], skeleton: Skeleton):
        super().__init__()
        self.config = config
        self.query = UnitEmbedder(encoder(), config.projection)
        self.twin = MomentumTwin(self.query, config.momentum)
        self.bank = Bank(config.bank, config.projection)

    @property
    def encoder(self) -> Encoder:
        return self.query.encoder

    def views(self) -> dict[str, augment.Augmentation]:
        normal = augment.normal(self.config.shear, self.config.gamma)
        return {"query": normal, "key": normal}

    def forward(self, views: dict[str, Float[Tensor, "n c t v m"]], moment: Moment) -> Losses:
        return {"loss": info_nce(self.logits(views))}  # Eq. 1

    def logits(self, views: dict[str, Float[Tensor, "n c t v m"]]) -> Float[Tensor, "n k1"]:
        """[z^.z, z^.M] / tau of each clip. Updates the key network and adds the keys to the bank."""
        z_hat = self.query(views["query"])
        with torch.no_grad():
            self.twin.follow(self.query)  # Eq. 2
            z = self.twin.key(views["key"])
        logits = similarities(z_hat, z, self.bank.entries(), self.config.temperature)
        self.bank.add(z)
        return logits

"""SimCLR (Chen, Kornblith, Norouzi and Hinton, ICML 2020) on skeletons, with augmentations for few clips."""

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from skelact.encoders.encoder import Encoder
from skelact.maths import augment
from skelact.maths.augment_once import Jitter, Scale, Stretch, Turn
from skelact.maths.losses import nt_xent
from skelact.methods.config import SimCLRConfig
from skelact.methods.method import Losses, Method, Moment
from skelact.skeleton import Skeleton
from skelact.system import processes


class SimCLR(Method):
    """Two views of a clip should be told from the views of all other clips of the batch.

    z = g(f(x)) / |g(f(x))| of 2n views; for views i and j of one clip
    L_ij = -log [exp(z_i.z_j / tau) / sum_{k != i} exp(z_i.z_k / tau)], averaged over both orders and all clips (1).
    No bank, no key network: the batch holds all negatives. g: Linear, BatchNorm, ReLU, Linear.
    """

    Config = SimCLRConfig

    def __init__(self, config: Config, encoder: Callable[[], Encoder], skeleton: Skeleton):
        super().__init__()
        self.config = config
        self.network = encoder()
        features = self.network.features
        self.head = nn.Sequential(
            nn.Linear(features, features),
            nn.BatchNorm1d(features),
            nn.ReLU(),
            nn.Linear(features, config.projection),
        )

    @property
    def encoder(self) -> Encoder:
        return self.network

    def views(self) -> dict[str, augment.Augmentation]:
        c = self.config
        view = augment.Chain(
            (Stretch(c.shortest), augment.Shear(c.shear), Scale(c.scale), Turn(c.tilt, c.yaw), Jitter(c.jitter))
        )
        return {"one": view, "other": view}

    def forward(self, views: dict[str, Float[Tensor, "n c t v m"]], moment: Moment) -> Losses:
        h = self.network(torch.cat([views["one"], views["other"]]))  # at once: BatchNorm sees both views alike
        with torch.autocast(h.device.type, enabled=False):
            one, other = functional.normalize(self.head(h), dim=1).chunk(2)
            loss = nt_xent(processes.gathered(one), processes.gathered(other), self.config.temperature)
        return {"loss": loss}

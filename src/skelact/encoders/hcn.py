"""HCN (Li, Zhong, Xie and Pu, IJCAI 2018): a co-occurrence network, for which joints are channels.

Its first layers look at each joint alone; then joints and channels change places, so that one convolution sees all
joints of a few frames at once. Positions and their changes from frame to frame have a branch each.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from skelact.encoders.config import HCNConfig
from skelact.encoders.encoder import Encoder
from skelact.skeleton import Skeleton


class HCN(Encoder):
    """Two branches of four convolutions, joined by channels, then two more; each of the last four halves both axes.

    The feature map is that of the fifth convolution, over time (t / 8) and columns (width / 8, which were channels
    before joints became channels); h is the mean over both axes of the sixth one's. Padding keeps the sizes even,
    where the paper crops; persons are averaged, where the paper takes the largest. Weights start as PyTorch's do.
    """

    def __init__(self, config: HCNConfig, skeleton: Skeleton):
        """For clips of this layout, of any length from 16 frames and any number of persons."""
        width = config.width
        super().__init__(
            config.name,
            config.features,
            channels=4 * width,
            axes=("time", "column"),
            leaves_out_absent=config.absent == "left_out",
        )
        self.config = config
        self.positions = branch(config.channels, len(skeleton), width)
        self.motions = branch(config.channels, len(skeleton), width)
        self.joined = nn.Sequential(
            nn.Dropout2d(config.dropout),
            nn.Conv2d(4 * width, 4 * width, 3, padding=1),
            nn.BatchNorm2d(4 * width),
            nn.ReLU(),
            nn.MaxPool2d(2),
        )
        self.last = nn.Sequential(
            nn.Dropout2d(config.dropout),
            nn.Conv2d(4 * width, config.features, 3, padding=1),
            nn.BatchNorm2d(config.features),
            nn.ReLU(),
            nn.MaxPool2d(2),
        )
        self.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue] (not in PyTorch's types)

    def person_maps(self, x: Float[Tensor, "p c t v"]) -> Float[Tensor, "p d s k"]:
        x = x.contiguous(memory_format=torch.channels_last)  # which convolutions on a CPU are faster in
        motion = nn.functional.pad(x[:, :, 1:] - x[:, :, :-1], (0, 0, 1, 0))
        return self.joined(torch.cat([self.positions(x), self.motions(motion)], dim=1))

    def person_features(self, features: Float[Tensor, "p d s k"]) -> Float[Tensor, "p h"]:
        return super().person_features(self.last(features))

    def layers(self) -> list[nn.Module]:
        return [nn.ModuleList([self.positions, self.motions]), self.joined, self.last]


class JointsAsChannels(nn.Module):
    """Joints change places with channels: (p, c, t, v) becomes (p, v, t, c)."""

    def forward(self, x: Float[Tensor, "p c t v"]) -> Float[Tensor, "p v t c"]:
        return x.transpose(1, 3).contiguous(memory_format=torch.channels_last)


def branch(channels: int, joints: int, width: int) -> nn.Sequential:
    """Four convolutions: 1 x 1 and 3 x 1 on each joint, then two of 3 x 3 for which joints are channels."""
    return nn.Sequential(
        nn.Conv2d(channels, 2 * width, 1),
        nn.BatchNorm2d(2 * width),
        nn.ReLU(),
        nn.Conv2d(2 * width, width, (3, 1), padding=(1, 0)),
        nn.BatchNorm2d(width),
        JointsAsChannels(),
        nn.Conv2d(joints, width, 3, padding=1),
        nn.BatchNorm2d(width),
        nn.MaxPool2d(2),
        nn.Conv2d(width, 2 * width, 3, padding=1),
        nn.BatchNorm2d(2 * width),
        nn.MaxPool2d(2),
    )

"""A throw-away encoder, as a stranger would add one: two layers of GRU over time, without a joint axis."""

from typing import Literal

from jaxtyping import Float
from torch import Tensor, nn

from skelact.encoders.config import EncoderConfig
from skelact.encoders.encoder import Encoder
from skelact.skeleton import Skeleton


class GRUConfig(EncoderConfig):
    name: Literal["gru"] = "gru"
    features: int = 8
    absent: Literal["computed", "left_out"] = "computed"

    def build(self, skeleton: Skeleton, frames: int, persons: int) -> "GRU":
        return GRU(self, skeleton)


class GRU(Encoder):
    def __init__(self, config: GRUConfig, skeleton: Skeleton):
        super().__init__(config.name, config.features, axes=("time",), leaves_out_absent=config.absent == "left_out")
        self.gru = nn.GRU(3 * len(skeleton), config.features, num_layers=2, batch_first=True)

    def person_maps(self, x: Float[Tensor, "p c t v"]) -> Float[Tensor, "p d t"]:
        return self.gru(x.transpose(1, 2).flatten(2))[0].transpose(1, 2)

"""All methods, and the function that builds one."""

from collections.abc import Callable, Mapping
from typing import Any, cast

from torch import Tensor

from skelact.encoders.config import EncoderConfig
from skelact.encoders.encoder import Encoder
from skelact.maths.streams import Stream
from skelact.methods.aimclr import AimCLR
from skelact.methods.aimclr_3s import AimCLR3s
from skelact.methods.config import MethodConfig
from skelact.methods.crossclr import CrosSCLR
from skelact.methods.method import Method
from skelact.methods.simclr import SimCLR
from skelact.methods.skeattnclr import SkeAttnCLR
from skelact.methods.skeletonclr import SkeletonCLR
from skelact.skeleton import Skeleton

METHODS = (SkeletonCLR, AimCLR, CrosSCLR, AimCLR3s, SkeAttnCLR, SimCLR)


Weights = Callable[[Stream | None], Mapping[str, Tensor]]
"""Returns the weights of an encoder; of that stream's encoder if a method learns several together."""


def build(
    config: MethodConfig,
    encoder: EncoderConfig,
    skeleton: Skeleton,
    frames: int,
    persons: int,
    start: Weights | None = None,
) -> Method:
    """Build the method of `config` for clips of this layout, length and number of persons.

    Weights are random, from the global generator of torch; encoders get those of `start` if it is given.
    SkelactError if the method cannot use this encoder.
    """

    def network(stream: Stream | None = None) -> Encoder:
        made = encoder.build(skeleton, frames, persons)
        if start is not None:
            made.load_state_dict(start(stream))
        return made

    (method,) = (method for method in METHODS if type(config) is method.Config)
    own = cast(Any, config)  # of `method.Config`, by the line above
    return method(own, network, skeleton)

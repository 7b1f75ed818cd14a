"""All methods, and how one is built."""

from typing import Any, cast

from skelact.encoders.config import EncoderConfig
from skelact.methods.aimclr import AimCLR
from skelact.methods.aimclr_3s import AimCLR3s
from skelact.methods.config import MethodConfig
from skelact.methods.crossclr import CrosSCLR
from skelact.methods.method import Method
from skelact.methods.simclr import SimCLR
from skelact.methods.skeattnclr import SkeAttnCLR
from skelact.methods.skeletonclr import SkeletonCLR
from skelact.skeleton import Skeleton

METHODS = (SimCLR, SkeletonCLR, AimCLR, CrosSCLR, AimCLR3s, SkeAttnCLR)


def build(config: MethodConfig, encoder: EncoderConfig, skeleton: Skeleton, frames: int, persons: int) -> Method:
    """The method that `config` configures, for clips of this layout, length and number of persons, with fresh weights
    from torch's global generator. SkelactError where it cannot work with this encoder."""
    (method,) = (method for method in METHODS if type(config) is method.Config)
    own = cast(Any, config)  # of `method.Config`, by the line above
    return method(own, lambda: encoder.build(skeleton, frames, persons), skeleton)

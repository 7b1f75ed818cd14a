"""All methods, and the function that builds one."""

from typing import Any, cast

from skelact.encoders.config import EncoderConfig
from skelact.methods.aimclr import AimCLR
from skelact.methods.aimclr_3s import AimCLR3s
from skelact.methods.config import MethodConfig
from skelact.methods.crossclr import CrosSCLR
from skelact.methods.method import Method
from skelact.methods.skeattnclr import SkeAttnCLR
from skelact.methods.skeletonclr import SkeletonCLR
from skelact.skeleton import Skeleton

METHODS = (SkeletonCLR, AimCLR, CrosSCLR, AimCLR3s, SkeAttnCLR)


def build(config: MethodConfig, encoder: EncoderConfig, skeleton: Skeleton, frames: int, persons: int) -> Method:
    """Build the method of `config` for clips of this layout, length and number of persons.

    Weights are random, from the global generator of torch. SkelactError if the method cannot use this encoder.
    """
    (method,) = (method for method in METHODS if type(config) is method.Config)
    own = cast(Any, config)  # of `method.Config`, by the line above
    return method(own, lambda: encoder.build(skeleton, frames, persons), skeleton)

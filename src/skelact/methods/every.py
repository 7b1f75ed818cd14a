"""All methods, and how one is built."""

from skelact.encoders.config import STGCNConfig
from skelact.methods.aimclr import AimCLR
from skelact.methods.aimclr_3s import AimCLR3s
from skelact.methods.config import MethodConfig
from skelact.methods.crossclr import CrosSCLR
from skelact.methods.method import Method
from skelact.methods.skeattnclr import SkeAttnCLR
from skelact.methods.skeletonclr import SkeletonCLR
from skelact.skeleton import Skeleton

METHODS = (SkeletonCLR, AimCLR, CrosSCLR, AimCLR3s, SkeAttnCLR)


def build(config: MethodConfig, encoder: STGCNConfig, skeleton: Skeleton) -> Method:
    """The method that `config` configures, with fresh weights from torch's global generator."""
    (method,) = (method for method in METHODS if type(config) is method.Config)
    return method(config, encoder, skeleton)  # pyright: ignore[reportArgumentType] (its own Config, by the line above)

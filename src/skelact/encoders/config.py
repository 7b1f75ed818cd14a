"""Size and shape of an encoder; its network is in stgcn.py."""

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from skelact.config import Config

if TYPE_CHECKING:
    import skelact.encoders.stgcn
    import skelact.skeleton


class STGCNConfig(Config):
    """Size of the network. Defaults: the quarter-width encoder of SkeletonCLR and AimCLR."""

    name: Literal["stgcn"] = "stgcn"
    width: int = Field(default=16, ge=1)
    """w: channels of the first four blocks; then 2w, 4w."""
    features: int = Field(default=256, ge=1)
    """Channels of the last block: the length of h."""
    dropout: float = Field(default=0.5, ge=0, lt=1)
    """After the temporal BatchNorm of every block but the first, as released."""
    channels: int = Field(default=3, ge=1)
    """C: coordinates of the input."""
    graph: Literal["spatial", "directed"] = "spatial"
    """Partitions of the joint graph: those of AimCLR and CrosSCLR, or of SkeAttnCLR, as released (`skelact.graph`)."""
    absent: Literal["computed", "left_out"] = "computed"
    """What becomes of persons who are not there (all zeros): computed like any other, as published; or left out of the
    network, of its BatchNorm and of the mean over persons; a GPU's host then waits to know how many are there. The
    first person of a clip always counts."""

    def build(self, skeleton: "skelact.skeleton.Skeleton") -> "skelact.encoders.stgcn.STGCN":
        """The network for this layout, with fresh weights from torch's global generator."""
        from skelact.encoders.stgcn import STGCN

        return STGCN(self, skeleton)

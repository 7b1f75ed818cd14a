"""The configuration of every encoder, one class each, identified by `name`. Reading it needs no PyTorch."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BeforeValidator, Field, SerializeAsAny

from skelact.config import Config
from skelact.system.world import SkelactError

if TYPE_CHECKING:
    import skelact.encoders.encoder
    import skelact.encoders.hcn
    import skelact.encoders.stgcn.network
    import skelact.skeleton


class EncoderConfig(Config):
    """Options of an encoder. A subclass has a unique `name` and `build`, and is listed in ENCODERS."""

    name: str

    def build(
        self, skeleton: "skelact.skeleton.Skeleton", frames: int, persons: int
    ) -> "skelact.encoders.encoder.Encoder":
        """Build the network for clips (n, 3, frames, joints of `skeleton`, persons).

        Weights are random, from the global generator of torch.
        """
        raise NotImplementedError(f"{type(self).__name__} has no build")

    @property
    def size(self) -> str:
        """The options as text, for messages."""
        return ", ".join(f"{name} {value}" for name, value in self if name != "name")

    def with_width(self, width: int) -> "EncoderConfig":
        """A copy with another width. SkelactError for an encoder without a width."""
        if "width" not in type(self).model_fields:
            raise SkelactError(f"--width: the encoder {self.name} has no width to change; it has {self.size}")
        return type(self).model_validate({**self.model_dump(), "width": width})

    def may_have(self, joints: int, shapes: Mapping[str, tuple[int, ...]]) -> bool:
        """Whether tensors of these shapes can belong to its network with this many joints. Called for large
        layouts before anything is allocated."""
        return any(size and size % joints == 0 for shape in shapes.values() for size in shape)


class STGCNConfig(EncoderConfig):
    """ST-GCN. Defaults: the quarter-width encoder of SkeletonCLR and AimCLR."""

    name: Literal["stgcn"] = "stgcn"  # pyright: ignore[reportIncompatibleVariableOverride]
    """Name of the encoder."""
    width: int = Field(default=16, ge=1)
    """w: channels of blocks 1 to 4; then 2w (5 to 7), 4w (8 and 9)."""
    features: int = Field(default=256, ge=1)
    """Channels of the last block, which is the length of the features h."""
    dropout: float = Field(default=0.5, ge=0, lt=1)
    """Dropout probability after the temporal BatchNorm of every block but the first, as released."""
    channels: int = Field(default=3, ge=1)
    """C: number of input coordinates."""
    graph: Literal["spatial", "directed"] = "spatial"
    """Partitions of the joint graph. spatial: AimCLR and CrosSCLR; directed: SkeAttnCLR; both as released."""
    absent: Literal["computed", "left_out"] = "computed"
    """Absent persons (all zeros). computed: like others, as published; left_out: not computed, not in the mean."""

    def build(
        self, skeleton: "skelact.skeleton.Skeleton", frames: int | None = None, persons: int | None = None
    ) -> "skelact.encoders.stgcn.network.STGCN":
        """Build the network for this layout and any number of frames and persons.

        Weights are random, from the global generator of torch.
        """
        from skelact.encoders.stgcn.network import STGCN

        return STGCN(self, skeleton)

    @property
    def size(self) -> str:
        return f"width {self.width}"

    def may_have(self, joints: int, shapes: Mapping[str, tuple[int, ...]]) -> bool:
        return shapes.get("adjacency", ())[1:] == (joints, joints)


class HCNConfig(EncoderConfig):
    """Size of the network. Defaults: the paper's widths, without dropout."""

    name: Literal["hcn"] = "hcn"  # pyright: ignore[reportIncompatibleVariableOverride]
    width: int = Field(default=32, ge=16)
    """Channels of a branch behind its second convolution, an axis that is halved four times; others are 2 and 4
    times as many."""
    features: int = Field(default=256, ge=1)
    """Channels of the last convolution: the length of h."""
    dropout: float = Field(default=0, ge=0, lt=1)
    """Share of the channels left out before each of the last two convolutions in training."""
    channels: int = Field(default=3, ge=1)
    """C: coordinates of the input."""
    absent: Literal["computed", "left_out"] = "left_out"
    """What becomes of persons who are not there (all zeros): left out of the network, of its BatchNorm and of the mean
    over persons, or computed like any other. The first person of a clip always counts."""

    def build(
        self, skeleton: "skelact.skeleton.Skeleton", frames: int, persons: int | None = None
    ) -> "skelact.encoders.hcn.HCN":
        """The network for this layout and any number of persons, with fresh weights from torch's global generator.
        SkelactError for fewer than 16 frames, of which four halvings leave nothing."""
        from skelact.encoders.hcn import HCN

        if frames < 16:
            raise SkelactError(f"the encoder hcn halves the frames four times: expected at least 16, found {frames}")
        return HCN(self, skeleton)

    @property
    def size(self) -> str:
        return f"width {self.width}"

    def may_have(self, joints: int, shapes: Mapping[str, tuple[int, ...]]) -> bool:
        return shapes.get("positions.6.weight", ())[1:2] == (joints,)


DEFAULT = STGCNConfig()
"""The encoder of a run or old file that names none."""
ENCODERS: tuple[type[EncoderConfig], ...] = (STGCNConfig, HCNConfig)
"""All encoders."""


def by_name(values: Any) -> Any:
    """The configuration of an encoder from its values, by `name` (default: that of DEFAULT).

    ValueError for a name or class that is not in ENCODERS: its files could not be read again.
    """
    known = ", ".join(str(kind.model_fields["name"].default) for kind in ENCODERS)
    if isinstance(values, EncoderConfig):
        if not isinstance(values, ENCODERS):
            raise ValueError(f"expected an encoder of {known}, found {values.name}: list its configuration in ENCODERS")
        return values
    if not isinstance(values, Mapping):
        return values
    name = values.get("name", DEFAULT.name)
    for kind in ENCODERS:
        if kind.model_fields["name"].default == name:
            return kind.model_validate(values)
    raise ValueError(f"expected an encoder of {known}, found {name!r:.80}")


AnyEncoderConfig = Annotated[SerializeAsAny[EncoderConfig], BeforeValidator(by_name)]
"""Any of ENCODERS, as a field of a configuration."""

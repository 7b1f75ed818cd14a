"""Size and shape of every encoder, a class each, told apart by their `name`; read and checked without PyTorch."""

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
    """Numbers of an encoder. A subclass gives a `name` of its own and `build`, and is listed in ENCODERS."""

    name: str

    def build(
        self, skeleton: "skelact.skeleton.Skeleton", frames: int, persons: int
    ) -> "skelact.encoders.encoder.Encoder":
        """The network for clips (n, 3, frames, joints of `skeleton`, persons), with fresh weights from torch's global
        generator."""
        raise NotImplementedError(f"{type(self).__name__} has no build")

    @property
    def size(self) -> str:
        """Its numbers in words, for messages."""
        return ", ".join(f"{name} {value}" for name, value in self if name != "name")

    def with_width(self, width: int) -> "EncoderConfig":
        """The same at another width. SkelactError for an encoder that has none."""
        if "width" not in type(self).model_fields:
            raise SkelactError(f"--width: the encoder {self.name} has no width to change; it has {self.size}")
        return type(self).model_validate({**self.model_dump(), "width": width})

    def may_have(self, joints: int, shapes: Mapping[str, tuple[int, ...]]) -> bool:
        """Whether tensors of these shapes may be those of its network for a layout of so many joints. It is asked for
        large layouts before anything is made for them."""
        return any(size and size % joints == 0 for shape in shapes.values() for size in shape)


class STGCNConfig(EncoderConfig):
    """Size of the network. Defaults: the quarter-width encoder of SkeletonCLR and AimCLR."""

    name: Literal["stgcn"] = "stgcn"  # pyright: ignore[reportIncompatibleVariableOverride]
    width: int = Field(default=16, ge=1)
    """w: channels of the first four blocks; then 2w, 4w."""
    features: int = Field(default=256, ge=1)
    """Channels of the last block: the length of h."""
    dropout: float = Field(default=0.5, ge=0, lt=1)
    """After the temporal BatchNorm of every block but the first, as released."""
    channels: int = Field(default=3, ge=1)
    """C: coordinates of the input."""
    graph: Literal["spatial", "directed"] = "spatial"
    """Partitions of the joint graph: those of AimCLR and CrosSCLR, or of SkeAttnCLR, as released
    (`skelact.maths.graph`)."""
    absent: Literal["computed", "left_out"] = "computed"
    """What becomes of persons who are not there (all zeros): computed like any other, as published; or left out of the
    network, of its BatchNorm and of the mean over persons; a GPU's host then waits to know how many are there. The
    first person of a clip always counts."""

    def build(
        self, skeleton: "skelact.skeleton.Skeleton", frames: int | None = None, persons: int | None = None
    ) -> "skelact.encoders.stgcn.network.STGCN":
        """The network for this layout, and any length and number of persons, with fresh weights from torch's global
        generator."""
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
"""The encoder of a run that names none, and of files from before there were others."""
ENCODERS: tuple[type[EncoderConfig], ...] = (STGCNConfig, HCNConfig)
"""Every encoder there is."""


def by_name(values: Any) -> Any:
    """An encoder's configuration from its values, by `name`; without one that of DEFAULT.

    ValueError for a name, or a configuration, that is not in ENCODERS: what it made could not be read again.
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

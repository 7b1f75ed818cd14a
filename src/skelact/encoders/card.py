"""The card of an encoder: what it is, what it learned from, and how clips must be prepared for it."""

from pydantic import Field

from skelact.config import OLD_NAMES, Config
from skelact.encoders.config import AnyEncoderConfig
from skelact.encoders.entrance import Entrance
from skelact.maths.streams import Stream
from skelact.skeleton import Skeleton

FORMAT = 1


class EncoderCard(Config):
    """What an encoder is and what it was made for."""

    old_names = OLD_NAMES

    format: int = FORMAT
    encoder: AnyEncoderConfig
    skeleton: Skeleton
    stream: Stream = "joint"
    preparation: str
    """How its clips were prepared: released or robust."""
    frames: int = Field(ge=1)
    persons: int = Field(ge=1)
    classes: tuple[str, ...] = ()
    """Labels of the head's outputs, in order; empty without a head."""
    method: str = ""
    """Method that trained it; empty for random weights."""
    origin: str = ""
    """Where the weights come from: a run, or an imported file and its hash."""
    units: str | None = None
    """Units of the clips that it learned from; None where unknown, as in files of earlier versions."""
    learned_from: tuple[str, ...] = ()
    """SHA-256 of the prepared clips of each store that it learned from; empty where unknown."""
    frame_rate: float | None = Field(default=None, gt=0)
    """Frames a second of the recordings that it learned from; None where unknown, or where stores differ."""
    seconds: float | None = Field(default=None, gt=0)
    """Seconds of recording that became one clip: the median over the clips that it learned from; None where unknown.
    A window of live poses should be about as long."""

    @property
    def entrance(self) -> Entrance:
        """From clips to what this encoder takes."""
        return Entrance(self.skeleton, self.stream, self.frames, self.persons, self.preparation, self.units)

    def as_hashed(self) -> str:
        """The text that stands for the card in the hash of an encoder: the same for an old file in every version.

        So it has the names that earlier versions wrote, and fields that are newer only where they are known.
        """
        unknown = {name for name in ("frame_rate", "seconds") if getattr(self, name) is None}
        # A quote within a string is written as \", so that only the name of the field is found.
        return self.model_dump_json(exclude=unknown).replace('"preparation":', '"view":', 1)

"""The card of an encoder: its configuration, its training data, and how clips must be prepared for it."""

from pydantic import Field

from skelact.config import OLD_NAMES, Config
from skelact.encoders.config import AnyEncoderConfig
from skelact.encoders.entrance import Entrance
from skelact.maths.streams import Stream
from skelact.skeleton import Skeleton

FORMAT = 1


class EncoderCard(Config):
    """Describes an encoder and the clips that it expects."""

    old_names = OLD_NAMES

    format: int = FORMAT
    encoder: AnyEncoderConfig
    skeleton: Skeleton
    stream: Stream = "joint"
    preparation: str
    """Preparation of its clips: released, robust or body."""
    frames: int = Field(ge=1)
    persons: int = Field(ge=1)
    classes: tuple[str, ...] = ()
    """Class names of the head's outputs, in order; empty without a head."""
    method: str = ""
    """Name of the method that trained it; empty for random weights."""
    origin: str = ""
    """Where the weights come from: a run, or an imported file and its hash."""
    units: str | None = None
    """Units of the training clips; None if unknown, as in old files."""
    learned_from: tuple[str, ...] = ()
    """SHA-256 of the prepared clips of each training store; empty if unknown."""
    frame_rate: float | None = Field(default=None, gt=0)
    """Frames per second of the training recordings; None if unknown, or if stores differ."""
    seconds: float | None = Field(default=None, gt=0)
    """Seconds of recording in one training clip, the median; None if unknown. Live windows should be about as long."""

    @property
    def entrance(self) -> Entrance:
        """Converts clips to the input of this encoder."""
        return Entrance(self.skeleton, self.stream, self.frames, self.persons, self.preparation, self.units)

    def as_hashed(self) -> str:
        """The text of the card for the hash of an encoder: for an old file the same in every version.

        It has the names that earlier versions wrote, and newer fields only if they are known.
        """
        unknown = {name for name in ("frame_rate", "seconds") if getattr(self, name) is None}
        # A quote within a string is written as \", so that only the name of the field is found.
        return self.model_dump_json(exclude=unknown).replace('"preparation":', '"view":', 1)

"""From a user's clips to the input of a network: layout, units, persons, stream."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float32, Int64
from torch import Tensor

from skelact.data import units as lengths
from skelact.data.batches import Part, TrainingClips, laid_out
from skelact.data.preparations import IN_BODY_SIZES
from skelact.data.store import Prepared, Store
from skelact.encoders.checks import AXES, check_clips, check_values
from skelact.maths.streams import Stream, apply_stream
from skelact.skeleton import Skeleton


@dataclass(frozen=True)
class Entrance:
    """What an encoder expects of clips, and the conversion. All input of a network passes through here."""

    skeleton: Skeleton
    stream: Stream
    frames: int
    persons: int
    """Person slots. Clips with fewer persons are padded with absent ones (zeros); clips with more are kept."""
    preparation: str
    units: str | None = None
    """Units of the coordinates. None: unknown, so clips are not converted."""

    def __call__(
        self, clips: np.ndarray, skeleton: Skeleton | None = None, units: str | None = None, axes: str = AXES
    ) -> Float[Tensor, "n 3 t v m"]:
        """Network input from prepared clips, on the CPU: `joints`, then `in_stream`."""
        return self.in_stream(self.joints(clips, skeleton, units, axes))

    def joints(
        self,
        clips: np.ndarray,
        skeleton: Skeleton | None = None,
        units: str | None = None,
        axes: str = AXES,
        first: int = 0,
    ) -> Float[Tensor, "n 3 t v m"]:
        """Convert prepared clips to this layout, units and number of persons, on the CPU.

        `clips` are float32. `skeleton` and `units` are those of the clips (default: the encoder's). Joints are mapped
        by name. `axes` names the axes in order. `first` is the number of the first clip, for messages.
        SkelactError, naming the axis: wrong type, order of axes or number of frames; joints or units that do not map;
        clips that are not prepared; coordinates that are not finite.
        """
        given, arranged = skeleton or self.skeleton, self.arranged(clips, skeleton, axes)
        scale, _ = self.check(given, units or self.units, "the array")
        check_values(arranged, given, self.frames, self.preparation, axes, first)
        return laid_out(arranged, self.order(given), scale, max(self.persons, arranged.shape[4]))

    def arranged(
        self, clips: np.ndarray, skeleton: Skeleton | None = None, axes: str = AXES
    ) -> Float32[np.ndarray, "n 3 t v m"]:
        """The clips with axes in our order. Checks axes and type, not values."""
        return check_clips(clips, skeleton or self.skeleton, self.frames, self.preparation, axes)

    def in_stream(self, joints: Float[Tensor, "n c t v m"]) -> Float[Tensor, "n c t v m"]:
        """Joints in this layout, augmented or not, as the stream of the network."""
        return apply_stream(joints, self.stream, self.skeleton)

    def order(self, skeleton: Skeleton) -> Int64[np.ndarray, "v"]:
        """Index in `skeleton` of each joint that the network takes. SkelactError for joints that are missing."""
        return self.skeleton.order_in(skeleton.joints)

    def check(self, skeleton: Skeleton, units: str | None, what: str) -> tuple[float, str]:
        """The factor that converts the units of `what`, which has this layout, and a note about it for the user.

        1 if the units of the encoder are unknown (an old file). SkelactError for missing joints, for units that cannot
        be converted, and for 2D image positions where the encoder expects 3D positions or the reverse. Cheap: call it
        before preparing clips.
        """
        self.order(skeleton)
        found = units or lengths.UNKNOWN_UNITS
        lengths.check_space(skeleton, units, what, self.skeleton, self.units, "the encoder")
        if self.preparation in IN_BODY_SIZES:
            return 1.0, ""
        factor = lengths.factor(found, self.units, what, "the encoder") if self.units else 1.0
        if not self.units:
            return factor, f"the encoder's card has no units (an old file): {what} is used as it is, in {found}"
        if factor == 1:
            return factor, ""
        into = lengths.unit(self.units)
        return factor, f"{what} is in {lengths.unit(found)}, the encoder in {into}: multiplied by {factor:g}"

    def clips_of(self, store: Store, prepared: Prepared, rows: Int64[np.ndarray, "n"]) -> TrainingClips:
        """The clips `rows` of a store for training: joints in this layout, units and number of persons."""
        scale, _ = self.check(store.skeleton, store.meta.units, store.name)
        clips, labels = prepared.clips, store.table["action"]
        part = Part(store.name, clips, rows, rows[:0], labels, self.order(store.skeleton), prepared.hash, scale)
        return TrainingClips(self.skeleton, max(self.persons, clips.shape[4]), self.frames, (part,))

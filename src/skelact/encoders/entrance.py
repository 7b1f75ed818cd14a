"""The doorway of an encoder: from clips as somebody has them to what its network takes."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float32, Int64
from torch import Tensor

from skelact.data import units as lengths
from skelact.data.batches import Part, TrainingClips, laid_out
from skelact.data.store import Prepared, Store
from skelact.encoders.checks import AXES, check_clips, check_values
from skelact.maths.streams import Stream, apply_stream
from skelact.skeleton import Skeleton


@dataclass(frozen=True)
class Entrance:
    """What clips have to be for an encoder, and the way there. All that reaches a network goes through here."""

    skeleton: Skeleton
    stream: Stream
    frames: int
    persons: int
    """Slots for persons; clips of fewer are filled up with absent ones (zeros), of more are taken as they are."""
    preparation: str
    units: str | None = None
    """Units of coordinates; None where unknown: then every clip is taken as it is."""

    def __call__(
        self, clips: np.ndarray, skeleton: Skeleton | None = None, units: str | None = None, axes: str = AXES
    ) -> Float[Tensor, "n 3 t v m"]:
        """Input of the network for prepared clips, on the CPU: `joints`, then `in_stream`."""
        return self.in_stream(self.joints(clips, skeleton, units, axes))

    def joints(
        self,
        clips: np.ndarray,
        skeleton: Skeleton | None = None,
        units: str | None = None,
        axes: str = AXES,
        first: int = 0,
    ) -> Float[Tensor, "n 3 t v m"]:
        """Prepared clips in this layout, unit and number of persons, on the CPU.

        `clips` are float32. `skeleton` and `units` are theirs where they are not the encoder's: joints are found by
        name. `axes` names the axes in their order, `first` is the number of the first clip, for messages.
        SkelactError, naming the axis: another type, order of axes or number of frames, joints or units that do not map,
        clips that are plainly not prepared, coordinates that are not finite.
        """
        given, arranged = skeleton or self.skeleton, self.arranged(clips, skeleton, axes)
        scale, _ = self.check(given, units or self.units, "the array")
        check_values(arranged, given, self.frames, self.preparation, axes, first)
        return laid_out(arranged, self.order(given), scale, max(self.persons, arranged.shape[4]))

    def arranged(
        self, clips: np.ndarray, skeleton: Skeleton | None = None, axes: str = AXES
    ) -> Float32[np.ndarray, "n 3 t v m"]:
        """The same clips with their axes in our order, if their axes and type are right; values are not looked at."""
        return check_clips(clips, skeleton or self.skeleton, self.frames, self.preparation, axes)

    def in_stream(self, joints: Float[Tensor, "n c t v m"]) -> Float[Tensor, "n c t v m"]:
        """Joints in this layout, augmented or not, in the stream that the network takes."""
        return apply_stream(joints, self.stream, self.skeleton)

    def order(self, skeleton: Skeleton) -> Int64[np.ndarray, "v"]:
        """Index in `skeleton` of each joint that the network takes. SkelactError for joints that are missing."""
        return self.skeleton.order_in(skeleton.joints)

    def check(self, skeleton: Skeleton, units: str | None, what: str) -> tuple[float, str]:
        """What lengths of `what`, which has this layout and units, are multiplied by, and what to say of it.

        Where the encoder's units are unknown (a file of an earlier version): 1. SkelactError for joints that are
        missing, for units that cannot be converted, and where positions in a picture would meet positions in a room.
        Cheap: to be asked before clips are prepared for nothing.
        """
        self.order(skeleton)
        found = units or lengths.NOT_TOLD
        factor = lengths.factor(found, self.units, what, "the encoder") if self.units else 1.0
        lengths.check_space(skeleton, units, what, self.skeleton, self.units, "the encoder")
        if not self.units:
            return factor, f"the encoder's card has no units (an old file): {what} is used as it is, in {found}"
        if factor == 1:
            return factor, ""
        into = lengths.unit(self.units)
        return factor, f"{what} is in {lengths.unit(found)}, the encoder in {into}: multiplied by {factor:g}"

    def clips_of(self, store: Store, prepared: Prepared, rows: Int64[np.ndarray, "n"]) -> TrainingClips:
        """The clips `rows` of a store for training: joints to be augmented, in this layout, unit and persons."""
        scale, _ = self.check(store.skeleton, store.meta.units, store.name)
        clips, labels = prepared.clips, store.table["action"]
        part = Part(store.name, clips, rows, rows[:0], labels, self.order(store.skeleton), prepared.hash, scale)
        return TrainingClips(self.skeleton, max(self.persons, clips.shape[4]), self.frames, (part,))

"""The configuration of every method, a class each; PyTorch is not needed to read, check or show it."""

from typing import Literal

from pydantic import Field, model_validator

from skelact.config import Config, Stream
from skelact.system.world import SkelactError

SLOW_TWIN = 3.0
"""Below this many time constants, steps x (1 - m), the key network has hardly left its random start (e^-3 = 5 %)."""


class MethodConfig(Config):
    """A method's configuration. Every method has one, `SomeMethod.Config`, with a `name` of its own."""

    def fitted(self, epochs: int, clips: int, batch: int) -> "MethodConfig":
        """These numbers for a run of so many epochs, clips and clips a batch; SkelactError if they cannot work.

        What is None because it follows from the run becomes a number, for config.json to say which.
        """
        return self

    def doubts(self, epochs: int, steps: int, clips: int) -> list[str]:
        """Why these numbers may not work for so many epochs, steps and clips, a sentence each."""
        return []


def _last_sixth(epochs: int) -> int:
    """The epoch (from 0) at which the last sixth of a run begins."""
    return epochs * 5 // 6


class ContrastConfig(MethodConfig):
    """Numbers of MoCo v2 on skeletons; defaults of SkeletonCLR and AimCLR."""

    temperature: float = Field(default=0.07, gt=0)
    """tau"""
    momentum: float = Field(default=0.999, ge=0, le=1)
    """m, of the key network."""
    bank: int = Field(default=32768, ge=1)
    """Keys in the memory bank M."""
    bank_within_clips: bool = False
    """Small data: a bank never larger than the training set, so that it holds no clip twice."""
    projection: int = Field(default=128, ge=1)
    """Length of z."""
    shear: float = Field(default=0.5, ge=0)
    """Amplitude of the shear; 0 leaves coordinates alone."""
    gamma: float = Field(default=6, gt=1)
    """The crop pads T/gamma frames at both ends."""

    def fitted(self, epochs: int, clips: int, batch: int) -> "ContrastConfig":
        if batch > self.bank:
            raise SkelactError(f"expected --method.bank of at least the {batch} clips of a batch, found {self.bank}")
        return self.model_copy(update={"bank": min(self.bank, clips) if self.bank_within_clips else self.bank})

    def doubts(self, epochs: int, steps: int, clips: int) -> list[str]:
        doubts = []
        constants = steps * (1 - self.momentum)
        if constants < SLOW_TWIN:
            doubts.append(
                f"{steps} step{'s' * (steps > 1)} x (1 - momentum {self.momentum}) = {constants:.2g}: the key network "
                f"hardly leaves its random start; train longer or lower --method.momentum"
            )
        if self.bank > clips:
            doubts.append(
                f"the bank holds {self.bank} keys but there are only {clips} training clips, so a clip's own old keys "
                f"count as its negatives; lower --method.bank or use a recipe for small data (skelact pretrain --help)"
            )
        return doubts


class SkeletonCLRConfig(ContrastConfig):
    """Numbers of the paper."""

    name: Literal["skeletonclr"] = "skeletonclr"


class AimCLRConfig(ContrastConfig):
    """Numbers of the paper."""

    name: Literal["aimclr"] = "aimclr"
    views: Literal["normal", "extreme", "both"] = "both"
    """Table 1: query and key both normal; both extreme; or normal ones that teach an extreme one (d1)."""
    drop: bool = True
    """EADM: adds d2 of the dropped extreme view. Needs views = both."""
    keep_margin: float = Field(default=0.7, gt=0.5, le=1)
    """Attention from which EADM drops."""
    neighbours: int = Field(default=1, ge=0)
    """k of NNM: nearest bank entries of each query that count as positives; 0 leaves NNM out."""
    neighbours_from: int | None = Field(default=150, ge=0)
    """First epoch (from 0) of the second stage, with NNM; None for the last sixth of the run."""
    neighbours_form: Literal["paper", "released"] = "paper"
    """-log of the positives' summed probability (Eq. 9), or the mean of their -log probabilities (released)."""
    alpha: float = Field(default=1, ge=0)
    """Weight of L_Info and L_N."""
    beta: float = Field(default=1, ge=0)
    """Weight of L_D."""
    noise_p: float = Field(default=1, ge=0, le=1)
    """Probability of the Gaussian noise (released: 0.5)."""
    temporal_flip: bool = True
    """Last of the extreme augmentations (released: left out)."""

    @model_validator(mode="after")
    def _drop_has_a_view(self) -> "AimCLRConfig":
        if self.drop and self.views != "both":
            raise ValueError(f"drop (EADM) needs views = both, got views = {self.views}: set drop to false")
        return self

    def fitted(self, epochs: int, clips: int, batch: int) -> ContrastConfig:
        fitted = super().fitted(epochs, clips, batch)
        if self.neighbours > fitted.bank:
            raise SkelactError(
                f"expected --method.neighbours within the bank of {fitted.bank} keys, found {self.neighbours}"
            )
        return fitted.model_copy(update={"neighbours_from": self.neighbours_begin(epochs)})

    def neighbours_begin(self, epochs: int) -> int:
        """First epoch (from 0) with NNM in a run of so many epochs."""
        return _last_sixth(epochs) if self.neighbours_from is None else self.neighbours_from

    def doubts(self, epochs: int, steps: int, clips: int) -> list[str]:
        doubts = super().doubts(epochs, steps, clips)
        if self.neighbours and self.neighbours_from is not None and self.neighbours_from >= epochs:
            doubts.append(
                f"nearest neighbours begin at epoch {self.neighbours_from} but the run ends after {epochs}: lower "
                f"--method.neighbours-from, or set --method.neighbours 0 to leave them out"
            )
        return doubts


class SimCLRConfig(MethodConfig):
    """How similar views are compared, and how strongly they are augmented."""

    name: Literal["simclr"] = "simclr"
    temperature: float = Field(default=0.2, gt=0)
    """tau"""
    projection: int = Field(default=128, ge=1)
    """Length of z."""
    shortest: float = Field(default=0.6, gt=0, le=1)
    """Shortest stretch of a clip that a view shows, as a share of it."""
    shear: float = Field(default=0.2, ge=0)
    """Amplitude of the shear."""
    scale: float = Field(default=0.2, ge=0, lt=1)
    """Most by which an axis is made longer or shorter, as a share."""
    tilt: float = Field(default=10, ge=0)
    """Largest turn about each axis, degrees."""
    yaw: float = Field(default=0, ge=0)
    """Largest further turn about the up axis, degrees."""
    jitter: float = Field(default=0.003, ge=0)
    """Standard deviation of the noise, in the unit of the clips: sizes of the body for preparation `body`."""


class SkeAttnCLRConfig(ContrastConfig):
    """Numbers of the paper."""

    name: Literal["skeattnclr"] = "skeattnclr"
    temperature: float = Field(default=0.2, gt=0)
    """tau"""
    momentum: float = Field(default=0.996, ge=0, le=1)
    """m, of the key network, at the start; it rises to 1 along half a cosine."""
    momentum_ahead: int | None = Field(default=0, ge=0)
    """Steps by which the clock of m is ahead of the run; None for an epoch (released)."""
    mu: float = Field(default=0.5, ge=0, le=1)
    """Weight of the salient loss; 1 - mu is that of the non-salient one (released, NTU-60 joint: 1)."""
    head_weights: Literal["kaiming", "released"] = "kaiming"
    """How g and p start: Kaiming, fan out; or N(0, 0.02) drawn over that, as in all other layers (released)."""
    predictors: bool = True
    """p of Eq. 2, on the query's side alone; without, the head's own vectors meet the key's, as in MoCo."""
    heads: int = Field(default=8, ge=1)
    """Heads of the attention; they divide the encoder's features."""
    steepness: float = Field(default=2, gt=0)
    """Lambda: how steeply the mask turns from 0 to 1."""
    parts: tuple[int, int] = (3, 4)
    """Fewest and most body parts that are swapped, of the skeleton's five; one at least is always kept."""
    window: tuple[float, float] = (16 / 64, 28 / 64)
    """Shortest and longest time for which they are, as shares of the frames (16 to 28 of 64)."""
    layout: Literal["persons", "released"] = "persons"
    """How mask and means read a map: persons apart, or as the published neck reshapes one, two persons mixed."""

    @model_validator(mode="after")
    def _in_order(self) -> "SkeAttnCLRConfig":
        if not 1 <= self.parts[0] <= self.parts[1]:
            raise ValueError(f"parts must be two numbers from 1 on, the lower first, got {self.parts}")
        if not 0 <= self.window[0] <= self.window[1] <= 1:
            raise ValueError(f"window must be two shares from 0 to 1, the lower first, got {self.window}")
        return self

    def fitted(self, epochs: int, clips: int, batch: int) -> ContrastConfig:
        ahead = self.steps_ahead(clips // batch)
        return super().fitted(epochs, clips, batch).model_copy(update={"momentum_ahead": ahead})

    def steps_ahead(self, per_epoch: int) -> int:
        """Steps by which the clock of m is ahead in a run of so many steps an epoch."""
        return per_epoch if self.momentum_ahead is None else self.momentum_ahead


class CrossStreamConfig(ContrastConfig):
    """Numbers of learning across streams; defaults of CrosSCLR."""

    streams: tuple[Stream, ...] = Field(default=("joint", "motion", "bone"), min_length=2)
    """Streams that learn together, all made from the same augmented joints; the first one's encoder stands for all."""
    top_k: int = Field(default=1, ge=1)
    """Nearest bank entries in the other stream that count as positives."""
    context: bool = True
    """Also choose among the products of both streams' similarities."""
    cross_from: int | None = Field(default=150, ge=0)
    """First epoch (from 0) of the second stage, across streams; None for the last sixth of the run."""

    @model_validator(mode="after")
    def _each_stream_once(self) -> "CrossStreamConfig":
        if len(set(self.streams)) < len(self.streams):
            raise ValueError(f"streams must be different ones, got {', '.join(self.streams)}")
        return self

    def fitted(self, epochs: int, clips: int, batch: int) -> ContrastConfig:
        fitted = super().fitted(epochs, clips, batch)
        if self.top_k > fitted.bank:
            raise SkelactError(f"expected --method.top-k within the bank of {fitted.bank} keys, found {self.top_k}")
        return fitted.model_copy(update={"cross_from": self.cross_begins(epochs)})

    def cross_begins(self, epochs: int) -> int:
        """First epoch (from 0) across streams in a run of so many epochs."""
        return _last_sixth(epochs) if self.cross_from is None else self.cross_from

    def doubts(self, epochs: int, steps: int, clips: int) -> list[str]:
        doubts = super().doubts(epochs, steps, clips)
        if self.cross_from is not None and self.cross_from >= epochs:
            doubts.append(
                f"learning across streams begins at epoch {self.cross_from} but the run ends after {epochs}: lower "
                f"--method.cross-from"
            )
        elif self.cross_from is not None and self.cross_from * clips < self.bank:
            doubts.append(
                f"learning across streams begins after {self.cross_from * clips} clips, when the banks of {self.bank} "
                f"keys still hold random ones, taken for neighbours; raise --method.cross-from or lower --method.bank"
            )
        return doubts


class CrosSCLRConfig(SkeletonCLRConfig, CrossStreamConfig):
    """Numbers of the paper."""

    name: Literal["crossclr"] = "crossclr"  # pyright: ignore[reportIncompatibleVariableOverride]


class AimCLR3sConfig(AimCLRConfig, CrossStreamConfig):
    """Numbers of the papers."""

    name: Literal["aimclr-3s"] = "aimclr-3s"  # pyright: ignore[reportIncompatibleVariableOverride]


AnyMethodConfig = SimCLRConfig | SkeletonCLRConfig | AimCLRConfig | CrosSCLRConfig | AimCLR3sConfig | SkeAttnCLRConfig

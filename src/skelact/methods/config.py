"""The configuration of every method, one class each. Reading, checking and showing it needs no PyTorch."""

from typing import Literal

from pydantic import Field, model_validator

from skelact.config import Config, Stream
from skelact.system.world import SkelactError

SLOW_TWIN = 3.0
"""Fewest time constants, steps x (1 - m), of a run. With fewer the key network stays near its start (e^-3 = 5 %)."""


class MethodConfig(Config):
    """Options of a method. Every method has its own, `SomeMethod.Config`, with a unique `name`."""

    def fitted(self, epochs: int, clips: int, batch: int) -> "MethodConfig":
        """The configuration for a run of so many epochs, clips and clips per batch. SkelactError if it cannot work.

        Values that depend on the run (None) become numbers, so that config.json has them.
        """
        return self

    def doubts(self, epochs: int, steps: int, clips: int) -> list[str]:
        """Warnings about values that may not suit so many epochs, steps and clips, one sentence each."""
        return []


def _last_sixth(epochs: int) -> int:
    """The epoch (from 0) at which the last sixth of a run begins."""
    return epochs * 5 // 6


class ContrastConfig(MethodConfig):
    """Contrast with a memory bank (MoCo v2). Defaults: SkeletonCLR and AimCLR."""

    temperature: float = Field(default=0.07, gt=0)
    """tau, divides the similarities before the softmax."""
    momentum: float = Field(default=0.999, ge=0, le=1)
    """m: each step the key network becomes m x itself + (1 - m) x query network."""
    bank: int = Field(default=32768, ge=1)
    """Number of keys in the memory bank M."""
    bank_within_clips: bool = False
    """Limit the bank to the number of training clips, so that it holds no clip twice."""
    projection: int = Field(default=128, ge=1)
    """Length of z, the output of the projection head."""
    shear: float = Field(default=0.5, ge=0)
    """Amplitude of the shear augmentation; 0 turns it off."""
    gamma: float = Field(default=6, gt=1)
    """The crop augmentation pads T/gamma frames at both ends of a clip of T frames."""

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
    """SkeletonCLR: contrast of two normal views. Defaults: the paper."""

    name: Literal["skeletonclr"] = "skeletonclr"
    """Name of the method."""


class AimCLRConfig(ContrastConfig):
    """AimCLR: contrast with extreme augmentations. Defaults: the paper."""

    name: Literal["aimclr"] = "aimclr"
    """Name of the method."""
    views: Literal["normal", "extreme", "both"] = "both"
    """Augmentations (Table 1). normal, extreme: of query and key; both: normal views teach an extreme view (d1)."""
    drop: bool = True
    """EADM: adds the loss d2, of the extreme view with its salient features dropped. Needs views = both."""
    keep_margin: float = Field(default=0.7, gt=0.5, le=1)
    """EADM drops features with at least this attention."""
    neighbours: int = Field(default=1, ge=0)
    """k of NNM (loss nnm): how many nearest bank entries of each query count as positives; 0 turns NNM off."""
    neighbours_from: int | None = Field(default=150, ge=0)
    """First epoch (from 0) with NNM instead of InfoNCE; None: the last sixth of the run."""
    neighbours_form: Literal["paper", "released"] = "paper"
    """Form of NNM. paper: -log of the sum of the positives' probabilities (Eq. 9); released: mean of their -log."""
    alpha: float = Field(default=1, ge=0)
    """Weight of InfoNCE (L_Info) and NNM (L_N)."""
    beta: float = Field(default=1, ge=0)
    """Weight of D3M (L_D), the mean of d1 and d2."""
    noise_p: float = Field(default=1, ge=0, le=1)
    """Probability of Gaussian noise (released program: 0.5)."""
    temporal_flip: bool = True
    """Use the temporal flip, the last extreme augmentation (released program: off)."""

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
        """First epoch (from 0) with NNM in a run of this many epochs."""
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
    """SkeAttnCLR: contrast of salient and non-salient features. Defaults: the paper."""

    name: Literal["skeattnclr"] = "skeattnclr"
    """Name of the method."""
    temperature: float = Field(default=0.2, gt=0)
    """tau, divides the similarities before the softmax."""
    momentum: float = Field(default=0.996, ge=0, le=1)
    """m of the key network at the start of the run. It rises to 1 along half a cosine."""
    momentum_ahead: int | None = Field(default=0, ge=0)
    """Number of steps that the schedule of m is ahead of the run; None: one epoch (released program)."""
    mu: float = Field(default=0.5, ge=0, le=1)
    """Weight of the salient loss; the non-salient loss has 1 - mu (released program, NTU-60 joint: 1)."""
    head_weights: Literal["kaiming", "released"] = "kaiming"
    """Initial weights of head g and predictors p. kaiming: fan out; released: N(0, 0.02), as in all other layers."""
    predictors: bool = True
    """Use predictors p (Eq. 2) after the query's head. Without them the head's outputs are compared, as in MoCo."""
    heads: int = Field(default=8, ge=1)
    """Number of attention heads. It must divide the encoder's channels."""
    steepness: float = Field(default=2, gt=0)
    """Lambda, the factor in the mask's sigmoid: how steeply the mask goes from 0 to 1."""
    parts: tuple[int, int] = (3, 4)
    """Smallest and largest number of body parts to swap, of usually five. At least one part is kept."""
    window: tuple[float, float] = (16 / 64, 28 / 64)
    """Shortest and longest window for the swap, as a share of the frames (16 to 28 of 64)."""
    layout: Literal["persons", "released"] = "persons"
    """How the mask reads a feature map. persons: each person apart; released: as published, which mixes two persons."""

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
        """Number of steps that the schedule of m is ahead, in a run of this many steps per epoch."""
        return per_epoch if self.momentum_ahead is None else self.momentum_ahead


class CrossStreamConfig(ContrastConfig):
    """Learning across streams. Defaults: CrosSCLR."""

    streams: tuple[Stream, ...] = Field(default=("joint", "motion", "bone"), min_length=2)
    """Streams to learn together, from the same augmented joints. The first one's encoder is encoder.safetensors."""
    top_k: int = Field(default=1, ge=1)
    """How many nearest bank entries of the other stream count as positives."""
    context: bool = True
    """Add the products of both streams' similarities as candidates."""
    cross_from: int | None = Field(default=150, ge=0)
    """First epoch (from 0) of stage 2, learning across streams; None: the last sixth of the run."""

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
        """First epoch (from 0) across streams in a run of this many epochs."""
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
                f"keys still hold random ones, which can be chosen as neighbours; raise --method.cross-from or lower "
                f"--method.bank"
            )
        return doubts


class CrosSCLRConfig(SkeletonCLRConfig, CrossStreamConfig):
    """CrosSCLR: one SkeletonCLR per stream; streams share neighbours. Defaults: the paper."""

    name: Literal["crossclr"] = "crossclr"  # pyright: ignore[reportIncompatibleVariableOverride]
    """Name of the method."""


class AimCLR3sConfig(AimCLRConfig, CrossStreamConfig):
    """3s-AimCLR: one AimCLR per stream; streams share neighbours. Defaults: the papers."""

    name: Literal["aimclr-3s"] = "aimclr-3s"  # pyright: ignore[reportIncompatibleVariableOverride]
    """Name of the method."""


AnyMethodConfig = SkeletonCLRConfig | AimCLRConfig | CrosSCLRConfig | AimCLR3sConfig | SkeAttnCLRConfig | SimCLRConfig

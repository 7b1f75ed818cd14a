"""What evaluations leave behind, as values: what is common to all, accuracies, and fusions.

A protocol with a result of another kind has that kind in its own file.
"""

import hashlib
from typing import Any

from pydantic import Field, model_validator

from skelact.config import Config
from skelact.maths.accuracy import Accuracy
from skelact.system.printable import printable
from skelact.system.world import SEAL

MOST_LETTERS = 80
"""Bytes of a store's name, or of a split, in a file name, which may have 255 in all."""


def short(name: str) -> str:
    """The name, or its beginning and its SHA-256 where it is too long for a part of a file name."""
    whole = printable(name).encode()
    if len(whole) <= MOST_LETTERS:
        return whole.decode()
    digest = hashlib.sha256(whole).hexdigest()[:12]
    return f"{whole[: MOST_LETTERS - 13].decode(errors='ignore')}~{digest}"


class PublishedNumber(Config):
    """A paper's number for the same data set, split, method, stream and protocol."""

    top1: float
    source: str


class Evaluation(Config):
    """What was evaluated on what, when and how long; common to all protocols."""

    protocol: str
    variant: str = ""
    """What distinguishes this result from others of the protocol, store and split: the share of labels, a stream."""
    recipe: dict[str, Any]
    """Settings of the protocol."""
    store: str
    store_hash: str
    """SHA-256 of the prepared clips."""
    content: str = ""
    """SHA-256 over the store's recordings and labels, whatever their preparation and its name: which store it
    is. Empty in results of earlier versions."""
    scale: float = 1.0
    """What lengths of the clips were multiplied by to be in the encoder's unit."""
    notes: tuple[str, ...] = ()
    """What to know about the clips: how many have no label, are long for the frames, are in other units."""
    dataset: str
    split: str
    rule: str
    """The split in words."""
    method: str
    stream: str
    encoder_hash: str
    """SHA-256 over the encoder's tensors and card."""
    classes: int
    """Different classes among the train and test clips."""
    train_clips: int
    """Clips whose labels were used; semi: those of the first seed's subset."""
    test_clips: int
    majority: float
    """Always guessing the most frequent train class."""
    chance: float
    """Guessing any class alike."""
    seeds: int
    """Trainings, and random encoders of the control. knn, retrieval: random encoders only."""
    seconds: float
    """Wall time of all of it, features that were not cached included."""
    date: str
    skelact: str
    machine: dict[str, Any]

    @model_validator(mode="before")
    @classmethod
    def _without_seal(cls, values: Any) -> Any:
        """The seal of a result's file is no part of the result."""
        return {key: held for key, held in values.items() if key != SEAL} if isinstance(values, dict) else values

    @property
    def file_name(self) -> str:
        """Name of the JSON file, without its ending; what belongs to it lies beside it under the same name."""
        return self.name_of(self.protocol, self.store, self.split, self.variant)

    @property
    def label(self) -> str:
        """The protocol and its variant, for titles."""
        return f"{self.protocol} {self.variant}".strip()

    @classmethod
    def name_of(cls, protocol: str, store: str, split: str, variant: str = "") -> str:
        """The file name of the result that an evaluation will have."""
        parts = (protocol, short(store), short(split), *((variant,) if variant else ()))
        return "-".join(parts).replace("/", "_")

    @property
    def identity(self) -> str:
        """What distinguishes stores of one name."""
        return self.content or self.store_hash


class Control(Config):
    """The same protocol on random encoders: means over them, in per cent, and the accuracies of each."""

    top1: float
    """What a trained encoder has to beat: the stronger of plain and standardised features, after the last epoch."""
    how: str = "frozen random encoder"
    """What the control is, in words."""
    plain: Accuracy
    best: Accuracy | None = None
    """`plain` in each seed's best test epoch, where the network itself learned."""
    standardised: Accuracy | None = None
    """With every feature brought to zero mean and unit variance over the train clips; none where the network itself
    learned."""
    plain_per_seed: tuple[Accuracy, ...]
    standardised_per_seed: tuple[Accuracy, ...] = ()
    taken_from: str = ""
    """File of the folder of controls that it was taken from; empty where it was computed for this result."""


class Accuracies(Config):
    """What a protocol that gives every test clip a class found. Per cent; means over the seeds where there are several.

    Each per-seed field has one entry a seed.
    """

    last: Accuracy
    """After the last epoch. knn: the last k of the recipe."""
    best: Accuracy
    """Each seed's best epoch on the test clips, as published scores are chosen. knn: the same as last."""
    last_per_seed: tuple[Accuracy, ...]
    best_per_seed: tuple[Accuracy, ...]
    best_epochs: tuple[int, ...]
    """Epochs that `best` was taken at, from 1; empty for knn."""
    std: float | None = None
    """Standard deviation of the seeds' last top 1; none for fewer than two."""
    by_k: dict[int, Accuracy] = Field(default_factory=dict)
    """knn: accuracy for every k; empty for others."""
    k_used: dict[int, int] = Field(default_factory=dict)
    """knn: neighbours that voted for every k: at most the train clips of the smallest class. Empty for others."""
    standardised: Accuracy | None = None
    """`last` with every feature of the trained encoder brought to zero mean and unit variance over the train clips;
    none where the encoder itself learned."""
    control: Control


class Result(Evaluation, Accuracies):
    """One evaluation by accuracy."""

    frozen: Accuracies | None = None
    """transfer: what a linear layer on the frozen encoder reaches; last, best and control are those of fine-tuning."""
    labels: dict[str, str] = Field(default_factory=dict)
    """semi: the file with the labelled clips of each seed, and its SHA-256."""
    published: PublishedNumber | None = None


class FusedPart(Config):
    """One stream of a fusion."""

    file: str
    stream: str
    method: str
    weight: float
    last: Accuracy


class Fused(Evaluation):
    """Several results of one protocol and split, their class scores added up clip by clip."""

    last: Accuracy
    """Of the sum of the scores that the results kept: first seed, last epoch."""
    parts: tuple[FusedPart, ...]
    published: PublishedNumber | None = None

    @property
    def label(self) -> str:
        return f"fused {super().label}"

    @classmethod
    def name_of(cls, protocol: str, store: str, split: str, variant: str = "") -> str:
        return f"fused-{super().name_of(protocol, store, split, variant)}"


Classified = Result | Fused
"""Results by accuracy: a score for each class and test clip lies beside them."""

"""Results of evaluations: what is common to all, accuracies, and fusions.

A protocol with another type of result has that type in its own file.
"""

import hashlib
from typing import Any

from pydantic import Field, model_validator

from skelact.config import Config
from skelact.maths.accuracy import Accuracy
from skelact.system.printable import printable
from skelact.system.world import SEAL

OLD_RULES = {
    "views 1, 2 train; view 3 tests": "cameras 1, 2 train; camera 3 tests",
    "views 1, 2 train without clips whose joints are those of a test clip; view 3 tests": (
        "cameras 1, 2 train without clips whose joints are those of a test clip; camera 3 tests"
    ),
    "middle and right view train; the left one tests": "cameras 2 (M), 3 (R) train; camera 1 (L) tests",
}
"""Rules of splits as results of earlier versions word them, and their wording now."""
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
    """Fields of every result: what was evaluated, on which clips, when, and how long it took."""

    protocol: str
    variant: str = ""
    """Suffix for several results of one protocol, store and split: the share of labels, a stream."""
    recipe: dict[str, Any]
    """Settings of the protocol."""
    store: str
    store_hash: str
    """SHA-256 of the prepared clips."""
    content: str = ""
    """SHA-256 over the store's recordings and labels, whatever its name and preparations. Empty in
    results of earlier versions."""
    scale: float = 1.0
    """Factor from the units of the clips to those of the encoder."""
    notes: tuple[str, ...] = ()
    """Sentences about the clips: missing labels, long recordings, other units."""
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
    """Accuracy of always guessing the most frequent train class."""
    chance: float
    """Accuracy of uniform random guessing."""
    seeds: int
    """Number of trainings and of random encoders for the control; knn and retrieval: random encoders only."""
    seconds: float
    """Wall time, including features that were not cached."""
    date: str
    skelact: str
    machine: dict[str, Any]

    @model_validator(mode="before")
    @classmethod
    def _from_file(cls, values: Any) -> Any:
        """Values without the seal of their file; the rule of a split in today's words."""
        if not isinstance(values, dict):
            return values
        rule = values.get("rule")
        today = {"rule": OLD_RULES.get(rule, rule)} if isinstance(rule, str) else {}
        return {key: held for key, held in values.items() if key != SEAL} | today

    @property
    def file_name(self) -> str:
        """Name of the JSON file without its ending, also used for the files beside it."""
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
        """Hash that distinguishes stores of one name."""
        return self.content or self.store_hash


class Control(Config):
    """The same protocol on random encoders: means over them, in per cent, and the accuracies of each."""

    top1: float
    """Accuracy that a trained encoder has to beat: the better of plain and standardised features, last epoch."""
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
    """File in the folder of controls that it was read from; empty if it was computed for this result."""


class Accuracies(Config):
    """Accuracies of a classification protocol, in per cent; means over the seeds.

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

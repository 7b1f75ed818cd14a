"""A classification task: features and labels of the train and test clips of a split."""

from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Float, Int64
from torch import Tensor

from skelact.system.world import SkelactError


@dataclass(frozen=True)
class Task:
    """Classify the test clips after seeing the train clips. Classes count from 0; either side may lack some."""

    train: Float[Tensor, "clips d"]
    train_labels: Int64[Tensor, "clips"]
    test: Float[Tensor, "n d"]
    test_labels: Int64[Tensor, "n"]
    classes: int
    """Outputs of the classifier; larger than every label."""

    def to(self, device: torch.device) -> "Task":
        """The same task with its tensors on a device."""
        moved = {name: value.to(device) for name, value in vars(self).items() if isinstance(value, Tensor)}
        return replace(self, **moved)

    @property
    def present(self) -> int:
        """Number of different classes among the train and test clips."""
        return len(torch.cat([self.train_labels, self.test_labels]).unique())

    @property
    def majority(self) -> float:
        """Accuracy, in per cent, of always guessing the most frequent train class."""
        return 100 * float((self.test_labels == self.train_labels.bincount().argmax()).double().mean())


def task(
    features: Float[np.ndarray, "all d"],
    labels: Int64[np.ndarray, "all"],
    train: Int64[np.ndarray, "clips"],
    test: Int64[np.ndarray, "n"],
    classes: int = 0,
) -> Task:
    """Split the features and labels of a whole store into train and test rows.

    SkelactError: a side is empty, shares clips with the other, or has a clip without a label.
    """
    for side, rows in (("train", train), ("test", test)):
        if not len(rows):
            raise SkelactError(f"the split has no {side} clips; expected at least 1, found 0 of {len(labels)}")
        unknown = int((labels[rows] < 0).sum())
        if unknown:
            raise SkelactError(
                f"evaluation needs labels: {unknown} of the {len(rows)} {side} clips have none (their action is -1)"
            )
    both = len(np.intersect1d(train, test))
    if both:
        raise SkelactError(f"the split puts {both} clips on both sides; expected 0")
    rows = np.concatenate([train, test])
    return Task(
        train=torch.from_numpy(features[train]),
        train_labels=torch.from_numpy(labels[train]),
        test=torch.from_numpy(features[test]),
        test_labels=torch.from_numpy(labels[test]),
        classes=max(classes, int(labels[rows].max()) + 1),
    )


def standardised(raw: Task) -> Task:
    """Every feature with zero mean and unit variance over the train clips; a constant feature becomes zero."""
    train = raw.train.double()
    mean, std = train.mean(0), train.std(0, correction=0)
    # Rounding leaves a tiny spread in a constant feature; dividing by it would amplify noise.
    scale = torch.where(std > 1e-6 * train.abs().amax(0), 1 / std, 0.0)
    return replace(
        raw,
        train=((train - mean) * scale).to(raw.train.dtype),
        test=((raw.test.double() - mean) * scale).to(raw.test.dtype),
    )

"""Ridge regression onto the classes: a linear readout with one solution, found in seconds."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int64
from sklearn.linear_model import RidgeClassifier
from sklearn.model_selection import GroupKFold, StratifiedKFold, cross_val_score
from torch import Tensor

from skelact.maths.accuracy import Accuracy
from skelact.maths.hits import accuracy
from skelact.train.task import Task, standardised

FOLDS = 5


@dataclass(frozen=True)
class Ridge:
    """What ridge regression says about the test clips."""

    strength: float
    """Lambda, chosen on train clips alone."""
    accuracy: Accuracy
    scores: Float[Tensor, "n classes"]


def ridge(task: Task, strengths: Sequence[float], groups: Int64[np.ndarray, "clips"] | None = None) -> Ridge:
    """Fit one target a class (1 and -1) to standardised features and take the largest.

    Lambda is `strengths` times the number of features, the one that is best in cross-validation within the train clips:
    by `groups` (subjects), of which none is then on both sides, or by class without; of equal ones the largest.
    """
    scaled = standardised(task)
    train, labels = scaled.train.double().cpu().numpy(), scaled.train_labels.cpu().numpy()
    best = max(strengths) if len(strengths) == 1 else _chosen(train, labels, strengths, groups)
    model = _model(best, train).fit(train, labels)
    found = model.decision_function(scaled.test.double().cpu().numpy())
    found = found if found.ndim == 2 else np.stack([-found, found], 1)
    scores = torch.full((len(found), task.classes), found.min() - 1, dtype=torch.float64)  # classes without train clips
    scores[:, torch.from_numpy(model.classes_)] = torch.from_numpy(found)
    return Ridge(best, accuracy(scores, task.test_labels.cpu()), scores)


def _model(strength: float, train: Float[np.ndarray, "clips d"]) -> RidgeClassifier:
    return RidgeClassifier(alpha=strength * train.shape[1], solver="cholesky")


def _chosen(
    train: Float[np.ndarray, "clips d"],
    labels: Int64[np.ndarray, "clips"],
    strengths: Sequence[float],
    groups: Int64[np.ndarray, "clips"] | None,
) -> float:
    """The strength with the most clips right in cross-validation; the largest where nothing can be held out."""
    if groups is not None and len(np.unique(groups)) > 1:
        folds = GroupKFold(min(FOLDS, len(np.unique(groups))))
    elif (smallest := int(np.bincount(labels)[np.unique(labels)].min())) > 1:
        folds, groups = StratifiedKFold(min(FOLDS, smallest), shuffle=True, random_state=0), None
    else:
        return max(strengths)
    right = {
        strength: float(cross_val_score(_model(strength, train), train, labels, groups=groups, cv=folds).mean())
        for strength in sorted(strengths, reverse=True)
    }
    return max(right, key=lambda strength: right[strength])

"""Probing the features during training: kNN on a few clips, and whether the features collapse."""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn

from skelact.data.batches import Part, TrainingClips
from skelact.encoders.entrance import Entrance
from skelact.maths.neighbours import capped, knn_scores
from skelact.maths.spectrum import effective_rank, feature_std

MOST_TRAIN, MOST_TEST = 2000, 1000
"""Most clips of each store that are probed, evenly spaced."""
K = 20
"""Neighbours that vote; at most the probed train clips of the smallest class."""
SETTLED = 50
"""Steps after which BatchNorm's running statistics, of momentum 0.1, hold less than 1 % of their start."""
COLLAPSED_STD, COLLAPSED_RANK = 0.05, 2.0
"""Below either, every clip gets nearly the same features."""


@dataclass(frozen=True)
class _Labelled:
    name: str
    train: Float[Tensor, "n 3 t v m"]
    train_labels: Int64[Tensor, "n"]
    test: Float[Tensor, "k 3 t v m"]
    test_labels: Int64[Tensor, "k"]

    @property
    def k(self) -> int:
        """Neighbours that vote; 0 where there are no labelled clips on both sides."""
        known = self.train_labels[self.train_labels >= 0]
        return capped(K, known) if len(known) and len(self.test_labels) else 0


class Probe:
    """Probes the features of some clips. Labels serve the kNN curve only; training never sees them."""

    def __init__(self, clips: TrainingClips, device: torch.device):
        self._device = device
        self._parts = [_some(part, clips.persons) for part in clips.parts]

    @property
    def notes(self) -> list[str]:
        """Where fewer neighbours vote than K, and why."""
        return [
            f"kNN on {part.name}: k {part.k} instead of {K}: the smallest class has {part.k} clip{'s' * (part.k > 1)}"
            for part in self._parts
            if 0 < part.k < K
        ]

    @torch.no_grad()
    def look(self, encoder: nn.Module, entrance: Entrance) -> dict[str, float]:
        """knn (top-1 in percent, mean over stores; one more entry a store where there are several), feature_std,
        effective_rank. Clips without labels, and stores without labelled train and test clips, count for the last two
        only."""
        training = encoder.training
        encoder.eval()
        try:
            values: dict[str, float] = {}
            features = []
            for part in self._parts:
                train = self._features(encoder, entrance, part.train)
                features.append(train)
                if not part.k:
                    continue
                known = part.train_labels >= 0
                test, labels = self._features(encoder, entrance, part.test), part.train_labels[known]
                classes = int(max(labels.max(), part.test_labels.max())) + 1
                found = knn_scores(test, train[known], labels, classes, part.k).argmax(1)
                values[f"knn/{part.name}"] = 100 * (found == part.test_labels).float().mean().item()
            everything = torch.cat(features)
        finally:
            encoder.train(training)
        if values:
            values["knn"] = sum(values.values()) / len(values)
        if len(values) == 2:
            values = {"knn": values["knn"]}
        return {**values, "feature_std": feature_std(everything), "effective_rank": effective_rank(everything)}

    def _features(
        self, encoder: nn.Module, entrance: Entrance, clips: Float[Tensor, "n 3 t v m"]
    ) -> Float[Tensor, "n d"]:
        pieces = [encoder(entrance.in_stream(piece.to(self._device))).float().cpu() for piece in clips.split(256)]
        return torch.cat(pieces)


def collapse_warning(values: dict[str, float], recipe: str = "", step: int = SETTLED) -> str | None:
    """A sentence where the features have collapsed, else None. `recipe` is the name of the one that is trained.

    Before step SETTLED they may only seem so, which the sentence then says.
    """
    std, rank = values["feature_std"], values["effective_rank"]
    if std >= COLLAPSED_STD and rank >= COLLAPSED_RANK:
        return None
    if step < SETTLED:
        return (
            f"the features look alike (standard deviation {std:.3f}, effective rank {rank:.1f}). Too few "
            f"steps may be the cause: BatchNorm's running statistics, which evaluation uses, take {SETTLED} of them "
            f"to settle, and this run made {step}; take more --epochs or a smaller --batch"
        )
    other = "a higher --method.temperature" if recipe.endswith("-small") else "a recipe for small data"
    return (
        f"the features have collapsed: standard deviation {std:.3f} (1 is spread out; limit {COLLAPSED_STD}),"
        f" effective rank {rank:.1f}; try a longer --optimiser.warmup, lower --optimiser.lr or {other}"
    )


def _some(part: Part, persons: int) -> _Labelled:
    labels = torch.from_numpy(part.labels.astype("int64"))
    test = part.test[part.labels[part.test] >= 0]
    train, test = _spread(part.train, MOST_TRAIN), _spread(test, MOST_TEST)
    return _Labelled(part.name, part.take(train, persons), labels[train], part.take(test, persons), labels[test])


def _spread(rows, most: int):
    return rows[:: max(1, -(-len(rows) // most))]

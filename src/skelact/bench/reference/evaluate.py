"""Evaluation as in the published programs: features are encoded again at every step, neighbours found row by row."""

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn

from skelact.bench.reference.encoder import PlainSTGCN


class PlainLinear:
    """Trains a linear layer on a frozen encoder, which encodes every clip in every epoch."""

    def __init__(self, encoder: PlainSTGCN, features: int, classes: int, device: torch.device):
        self.encoder = encoder.eval().requires_grad_(False)
        self.classifier = nn.Linear(features, classes, device=device)
        self.optimiser = torch.optim.SGD(self.classifier.parameters(), lr=3, momentum=0.9)

    def step(self, x: Float[Tensor, "n c t v m"], labels: Int64[Tensor, "n"]) -> None:
        """One batch of one epoch."""
        loss = nn.functional.cross_entropy(self.classifier(self.encoder(x)), labels)
        self.optimiser.zero_grad()
        loss.backward()
        self.optimiser.step()


def plain_knn(
    queries: Float[Tensor, "n d"], train: Float[Tensor, "clips d"], labels: Int64[Tensor, "clips"], classes: int, k: int
) -> tuple[Int64[Tensor, "n k"], Float[Tensor, "n classes"]]:
    """Neighbours and class scores of each query, one query after another."""
    train = nn.functional.normalize(train, dim=1)
    found, scores = [], []
    for query in queries:
        similarity, rows = torch.topk(train @ (query / query.norm()), k)
        score = torch.zeros(classes, device=query.device)
        for value, label in zip((similarity / 0.1).exp(), labels[rows], strict=True):
            score[label] += value
        found.append(rows)
        scores.append(score)
    return torch.stack(found), torch.stack(scores)

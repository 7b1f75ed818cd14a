"""How much of its space a set of features fills: a collapsed encoder gives every clip the same ones."""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional


def feature_std(features: Float[Tensor, "n d"]) -> float:
    """Mean over dimensions of the standard deviation of the L2-normalised features, times sqrt(d).

    1 when the features point everywhere alike, 0 when they all point one way (Chen & He 2021, section 4.1).
    """
    unit = functional.normalize(features.detach().cpu().double(), dim=1)
    return float(unit.std(dim=0, correction=0).mean() * unit.shape[1] ** 0.5)


def effective_rank(features: Float[Tensor, "n d"]) -> float:
    """exp of the entropy of the singular values taken as a distribution (Roy & Vetterli 2007): from 1 to min(n, d).

    The matrix is taken as it is, its mean included, so that rounding noise around one common vector counts for
    nothing. 0 for a matrix of zeros, nan where a feature is not finite.
    """
    matrix = features.detach().cpu().double()
    if not bool(matrix.isfinite().all()):
        return float("nan")
    values = torch.linalg.svdvals(matrix)
    total = values.sum()
    if total == 0:
        return 0.0
    share = values / total
    return float(torch.special.entr(share).sum().exp())

"""Signs of collapse: how many dimensions the features use. A collapsed encoder gives every clip the same features."""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional


def feature_std(features: Float[Tensor, "n d"]) -> float:
    """Mean over dimensions of the standard deviation of the L2-normalised features, times sqrt(d).

    1 for features spread evenly over all directions, 0 if all are equal (Chen & He 2021, section 4.1).
    """
    unit = functional.normalize(features.detach().cpu().double(), dim=1)
    return float(unit.std(dim=0, correction=0).mean() * unit.shape[1] ** 0.5)


def effective_rank(features: Float[Tensor, "n d"]) -> float:
    """exp of the entropy of the normalised singular values (Roy & Vetterli 2007): from 1 to min(n, d).

    The mean is not subtracted, so rounding noise around one common vector does not count. Returns 0 for a matrix of
    zeros, nan if a feature is not finite.
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

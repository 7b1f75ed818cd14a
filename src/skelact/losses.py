"""Contrastive losses over similarities to one key and a bank (AimCLR, section 3; MoCo v2). All in log-softmax."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor


def similarities(
    z: Float[Tensor, "n d"], key: Float[Tensor, "n d"], bank: Float[Tensor, "k d"], temperature: float
) -> Float[Tensor, "n k1"]:
    """[z.key, z.bank] / tau: the positive stands in column 0, the k bank entries after it. Inputs are unit vectors.

    Never in less than the precision of the inputs: autocast would round the product with the bank to bf16.
    """
    with torch.autocast(z.device.type, enabled=False):
        return torch.cat([(z * key).sum(1, keepdim=True), z @ bank.T], dim=1) / temperature


def info_nce(logits: Float[Tensor, "n k1"]) -> Float[Tensor, ""]:
    """-log of the positive's probability, mean over clips (Eq. 1)."""
    return -logits.log_softmax(1)[:, 0].mean()


def divergence(logits: Float[Tensor, "n k1"], teacher: Float[Tensor, "n k1"]) -> Float[Tensor, ""]:
    """Cross entropy of the student's distribution under the teacher's (Eq. 7, 8); no gradient to the teacher."""
    return -(teacher.detach().softmax(1) * logits.log_softmax(1)).sum(1).mean()


def nearest(logits: Float[Tensor, "n k1"], top_k: int) -> Bool[Tensor, "n k1"]:
    """The positive and the `top_k` most similar bank entries (N+ of section 3.5)."""
    positives = torch.zeros_like(logits, dtype=torch.bool)
    positives[:, 0] = True
    return positives.scatter(1, logits[:, 1:].topk(top_k, dim=1).indices + 1, True)


def multi_positive_sum(logits: Float[Tensor, "n k1"], positives: Bool[Tensor, "n k1"]) -> Float[Tensor, ""]:
    """-log of the SUM of the positives' probabilities, mean over clips (Eq. 9 as printed)."""
    chosen = logits.log_softmax(1).masked_fill(~positives, -torch.inf)
    return -chosen.logsumexp(1).mean()


def multi_positive_mean(logits: Float[Tensor, "n k1"], positives: Bool[Tensor, "n k1"]) -> Float[Tensor, ""]:
    """MEAN over the positives of -log probability, mean over clips (Eq. 9 as released)."""
    chosen = logits.log_softmax(1).masked_fill(~positives, 0.0)
    return -(chosen.sum(1) / positives.sum(1)).mean()

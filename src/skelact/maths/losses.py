"""Contrastive losses from similarities to one key and a bank (AimCLR, section 3; MoCo v2; CrosSCLR).

All use log-softmax, which does not underflow. `info_nce` asks each query to find its key among the bank; `divergence`
(d1, d2) asks an extreme view for the distribution of the normal view; the `multi_positive` losses (nnm) also count the
nearest neighbours in the bank as positives.
"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor


def similarities(
    z: Float[Tensor, "n d"], key: Float[Tensor, "n d"], bank: Float[Tensor, "k d"], temperature: float
) -> Float[Tensor, "n k1"]:
    """[z.key, z.bank] / tau: the positive in column 0, then the k bank entries. Inputs are unit vectors.

    Autocast is off here: it would round the product with the bank to bf16.
    """
    with torch.autocast(z.device.type, enabled=False):
        return torch.cat([(z * key).sum(1, keepdim=True), z @ bank.T], dim=1) / temperature


def with_negative(
    logits: Float[Tensor, "n k1"], z: Float[Tensor, "n d"], negative: Float[Tensor, "n d"], temperature: float
) -> Float[Tensor, "n k2"]:
    """The logits of `z` with one more negative for each clip as the last column. That negative gets no gradient."""
    own = (z * negative.detach()).sum(1, keepdim=True) / temperature
    return torch.cat([logits, own], dim=1)


def info_nce(logits: Float[Tensor, "n k1"]) -> Float[Tensor, ""]:
    """InfoNCE: -log of the positive's probability, mean over clips (Eq. 1)."""
    return -logits.log_softmax(1)[:, 0].mean()


def nt_xent(one: Float[Tensor, "n d"], other: Float[Tensor, "n d"], temperature: float) -> Float[Tensor, ""]:
    """Normalised temperature-scaled cross entropy of two views of each clip (SimCLR, Eq. 1): each of the 2n unit
    vectors is told from the 2n - 2 of the other clips by the one of its own; the mean over all."""
    z = torch.cat([one, other])
    similar = z @ z.T / temperature
    similar = similar.masked_fill(torch.eye(len(z), dtype=torch.bool, device=z.device), -torch.inf)
    own = torch.arange(len(z), device=z.device).roll(len(one))
    return -similar.log_softmax(1).gather(1, own[:, None]).mean()


def divergence(logits: Float[Tensor, "n k1"], teacher: Float[Tensor, "n k1"]) -> Float[Tensor, ""]:
    """D3M: cross entropy of the student's distribution under the teacher's (Eq. 7, 8). The teacher gets no gradient."""
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


def cross_stream(
    logits: Float[Tensor, "n k1"], teacher: Float[Tensor, "n k1"], top_k: int, temperature: float, context: bool = True
) -> Float[Tensor, ""]:
    """The loss of one stream with the neighbours that another stream, the teacher, finds (CrosSCLR).

    Both inputs are `similarities` of the same clips, each to the bank of its own stream. Both banks hold the same clips
    in the same order. Positives are the key and the teacher's `top_k` nearest bank entries. The loss is the mean over
    positives of -log probability, mean over clips. The context adds one candidate for every bank entry: the product of
    both streams' cosines over tau, positive where the entry is. As in the released program, the teacher gets a gradient
    through the context.
    """
    positives = nearest(teacher, top_k)
    if context:
        both = temperature * logits[:, 1:] * teacher[:, 1:]  # cosine * cosine / tau
        logits = torch.cat([logits, both], dim=1)
        positives = torch.cat([positives, positives[:, 1:]], dim=1)
    return multi_positive_mean(logits, positives)

"""EADM, InfoNCE, both divergences and nearest neighbours: one operation for each step of a formula."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor


def energy_drop(x: Float[Tensor, "n d t v"], margin: float) -> Float[Tensor, "n d t v"]:
    """EADM. As published, the masks stay in the autograd graph: their gradient is zero, but is computed."""
    _, _, t, v = x.shape
    squares = (x - x.mean(dim=(2, 3), keepdim=True)).pow(2)
    variance = squares.sum(dim=(2, 3), keepdim=True) / (t * v - 1)
    alpha = torch.sigmoid(squares / (4 * (variance + 1e-4)) + 0.5)
    return _masked(_masked(x, alpha.mean(dim=1, keepdim=True).mean(dim=2, keepdim=True), margin), alpha, margin)


def _masked(x: Tensor, alpha: Tensor, margin: float) -> Tensor:
    """x where alpha is below the margin, times count / count_ones."""
    dropped = alpha >= margin
    mask = alpha.masked_fill(dropped, 0.0).masked_fill(~dropped, 1.0)
    return x * mask * mask.numel() / mask.sum()


def logits_of(
    z: Float[Tensor, "n d"], key: Float[Tensor, "n d"], queue: Float[Tensor, "d k"], temperature: float
) -> Float[Tensor, "n k1"]:
    """[z.key, z.queue] / tau."""
    positive = torch.einsum("nd,nd->n", z, key).unsqueeze(1)
    negative = torch.einsum("nd,dk->nk", z, queue)
    return torch.cat([positive, negative], dim=1) / temperature


def info_nce(logits: Float[Tensor, "n k1"]) -> Float[Tensor, ""]:
    """Cross entropy where the right answer is column 0."""
    return torch.nn.functional.cross_entropy(logits, torch.zeros(len(logits), dtype=torch.long, device=logits.device))


def divergence(student: Float[Tensor, "n k1"], teacher: Float[Tensor, "n k1"]) -> Float[Tensor, ""]:
    """CE(softmax(teacher), softmax(student)); by log-softmax, for log(softmax) underflows."""
    target = torch.softmax(teacher.detach(), dim=1)
    return -torch.mean(torch.sum(target * torch.log_softmax(student, dim=1), dim=1))


def neighbours_mask(logits: Float[Tensor, "n k1"], k: int) -> Bool[Tensor, "n k1"]:
    """True for column 0 and the k highest of the others."""
    mask = torch.zeros_like(logits)
    mask[:, 0] = 1
    _, indices = torch.topk(logits[:, 1:], k, dim=1)
    return mask.scatter(1, indices + 1, 1).bool()


def neighbours_loss(logits: Float[Tensor, "n k1"], mask: Bool[Tensor, "n k1"]) -> Float[Tensor, ""]:
    """The released form: mean over the positives of -log probability."""
    logs = torch.log_softmax(logits, dim=1)
    return -((logs * mask).sum(1) / mask.sum(1)).mean()

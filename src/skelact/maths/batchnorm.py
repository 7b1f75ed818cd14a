"""BatchNorm with statistics over the batches of all processes, so that training does not depend on their number.

On GPUs this is `torch.nn.SyncBatchNorm`. It refuses CPU tensors; for those there is `WholeBatchNorm`.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from skelact.system import processes


class WholeBatchNorm(nn.BatchNorm2d):
    """y = (x - mean) / sqrt(variance + eps) * weight + bias, mean and variance over the clips of all processes.

    Takes any number of axes after the channels. Processes may have batches of different sizes. Gradients flow through
    the exchange, so they equal those of one process. In evaluation mode it is plain BatchNorm with running statistics.
    """

    def forward(self, input: Float[Tensor, "n c *axes"]) -> Float[Tensor, "n c *axes"]:
        if not self.training and self.running_mean is not None:
            args = (self.running_mean, self.running_var, self.weight, self.bias)
            return functional.batch_norm(input, *args, training=False, eps=self.eps)
        x = input.to(torch.promote_types(input.dtype, torch.float32))
        others, column = (0, *range(2, x.dim())), (-1, *(1,) * (x.dim() - 2))
        variances, means = torch.var_mean(x, others, correction=0)
        row = torch.cat([x.new_full((1,), x.numel() / x.shape[1]), means, variances])
        counts, means, variances = processes.gathered(row[None]).split([1, len(means), len(means)], dim=1)
        count = counts.sum().detach()
        shares = counts / count
        mean = (shares * means).sum(0)
        variance = (shares * (variances + (means - mean).square())).sum(0)
        self.follow(mean, variance, count)
        y = (x - mean.view(column)) * (variance + self.eps).rsqrt().view(column)
        if self.weight is not None:
            y = y * self.weight.view(column) + self.bias.view(column)
        return y.to(input.dtype)

    @torch.no_grad()
    def follow(self, mean: Float[Tensor, "c"], variance: Float[Tensor, "c"], count: Float[Tensor, ""]) -> None:
        """Update the running statistics, if there are any, with those of a batch of `count` values a channel."""
        if self.running_mean is None or self.running_var is None or self.num_batches_tracked is None:
            return
        self.num_batches_tracked.add_(1)
        rate = 1 / float(self.num_batches_tracked) if self.momentum is None else self.momentum
        self.running_mean.lerp_(mean.to(self.running_mean.dtype), rate)
        self.running_var.lerp_((variance * (count / (count - 1))).to(self.running_var.dtype), rate)


def over_whole_batches(module: nn.Module, device: torch.device) -> nn.Module:
    """Make every BatchNorm synchronise across processes; does nothing with one."""
    if processes.count() == 1:
        return module
    if device.type != "cpu":
        return nn.SyncBatchNorm.convert_sync_batchnorm(module)
    for part in module.modules():
        if isinstance(part, nn.BatchNorm1d | nn.BatchNorm2d | nn.BatchNorm3d):
            # Same state, different forward pass.
            part.__class__ = WholeBatchNorm  # pyright: ignore[reportAttributeAccessIssue]
    return module

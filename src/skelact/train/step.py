"""One step of training, from a batch of clips to changed weights: the same for a run and for the bench."""

import torch
from jaxtyping import Float, Int64
from torch import Tensor

from skelact.config import Precision
from skelact.encoders.encoder import there
from skelact.maths.augment import Augmentation
from skelact.maths.draw import Draw
from skelact.maths.streams import apply_stream
from skelact.methods.method import Losses, Method, Moment
from skelact.skeleton import Skeleton
from skelact.system import processes
from skelact.train.config import TrainConfig
from skelact.train.optimise import ScheduledOptimiser

Views = dict[str, Float[Tensor, "n c t v m"]]


class TrainingStep:
    """Draws the views of a batch, computes the losses, and lets the optimiser change the weights."""

    def __init__(self, config: TrainConfig, method: Method, optimiser: ScheduledOptimiser, skeleton: Skeleton):
        self._config, self._method, self._optimiser, self._skeleton = config, method, optimiser, skeleton

    def __call__(
        self,
        views: dict[str, Augmentation],
        numbers: Int64[Tensor, "n"],
        x: Float[Tensor, "n 3 t v m"],
        step: int,
        total: int,
        epoch: int,
    ) -> Losses:
        """The losses, detached and averaged over the processes, of step `step` of `total`, counted from 0.

        `views` are the method's. `numbers` are those of the clips `x`: their random numbers are drawn by them.
        """
        c, method = self._config, self._method
        torch.manual_seed(_seed_of(c.seed, step))  # dropout, too, is a function of the step, and of the process
        moment = Moment(step, total, epoch, c.epochs, Draw(numbers, c.seed, epoch, "of the method"))
        losses = losses_of(method, self._drawn(views, numbers, x, epoch), moment, c.precision)
        self._optimiser.zero_grad()
        losses["loss"].backward()
        processes.average_gradients(method.parameters())
        self._optimiser.step(step)
        method.after_step(moment)
        return processes.averaged({name: value.detach() for name, value in losses.items()})

    def _drawn(
        self, views: dict[str, Augmentation], numbers: Int64[Tensor, "n"], x: Float[Tensor, "n 3 t v m"], epoch: int
    ) -> Views:
        c = self._config
        made = {name: view(x, Draw(numbers, c.seed, epoch, name)) for name, view in views.items()}
        if self._method.encoder.leaves_out_absent and x.shape[4] > 1:  # noise would put someone where nobody is
            mask = there(x)[:, None, None, None]
            made = {name: view * mask for name, view in made.items()}
        return {name: apply_stream(view, c.stream, self._skeleton) for name, view in made.items()}


def losses_of(method: Method, views: Views, moment: Moment, precision: Precision) -> Losses:
    """The losses of a batch; with bf16 the networks run under autocast."""
    device = moment.draw.clips.device.type
    with torch.autocast(device, torch.bfloat16, enabled=precision == "bf16"):
        return method(views, moment)


def _seed_of(seed: int, step: int) -> int:
    return int(Draw(torch.tensor([step]), seed, processes.rank(), "dropout").bits().item())

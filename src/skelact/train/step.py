"""One step of training, from a batch of clips to changed weights: the same for a run and for the bench."""

import torch
from jaxtyping import Float
from torch import Tensor

from skelact.config import Precision
from skelact.encoders.encoder import there
from skelact.encoders.entrance import Entrance
from skelact.maths.augment import Augmentation
from skelact.methods.method import Losses, Method, Moment
from skelact.system import processes
from skelact.train.config import TrainConfig
from skelact.train.optimise import ScheduledOptimiser


def training_step(
    config: TrainConfig,
    method: Method,
    optimiser: ScheduledOptimiser,
    entrance: Entrance,
    views: dict[str, Augmentation],
    x: Float[Tensor, "n 3 t v m"],
    moment: Moment,
) -> Losses:
    """Draw the views of the clips `x`, compute the losses, and let the optimiser change the weights.

    `views` are the method's; their random numbers are those of `moment.draw`, by the name of the view. The losses are
    detached, and averaged over the processes.
    """
    made = {name: view(x, moment.draw.view(name)) for name, view in views.items()}
    if method.encoder.leaves_out_absent and x.shape[4] > 1:  # noise would put someone where nobody is
        mask = there(x)[:, None, None, None]
        made = {name: view * mask for name, view in made.items()}
    made = {name: entrance.in_stream(view) for name, view in made.items()}
    losses = losses_of(method, made, moment, config.precision)
    optimiser.zero_grad()
    losses["loss"].backward()
    processes.average_gradients(method.parameters())
    optimiser.step(moment.step)
    method.after_step(moment)
    return processes.averaged({name: value.detach() for name, value in losses.items()})


def losses_of(
    method: Method, views: dict[str, Float[Tensor, "n c t v m"]], moment: Moment, precision: Precision
) -> Losses:
    """The losses of a batch; with bf16 the networks run under autocast."""
    device = moment.draw.clips.device.type
    with torch.autocast(device, torch.bfloat16, enabled=precision == "bf16"):
        return method(views, moment)

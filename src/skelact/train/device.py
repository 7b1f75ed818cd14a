"""Where a training is computed."""

import torch

from skelact.system import processes
from skelact.system.world import SkelactError


def device_of(name: str) -> torch.device:
    """The device of that name; auto is a GPU where there is one. Of several processes each takes its own GPU.

    SkelactError for a device that is not there.
    """
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    if processes.count() > 1 and name.startswith("cuda"):
        if name != "cuda":
            raise SkelactError(f"of several processes each takes a GPU of its own: give --device cuda, not {name}")
        name = processes.own_gpu()
    try:
        torch.empty(0, device=name)
    except (RuntimeError, AssertionError) as error:
        raise SkelactError(f"device {name!r} cannot be used: {str(error).splitlines()[0]}") from error
    if processes.count() > 1 and name != "cpu":
        torch.cuda.set_device(name)  # nccl asks for it
    return torch.device(name)

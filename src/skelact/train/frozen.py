"""Parts of an encoder that do not learn."""

import re
from collections.abc import Sequence
from fnmatch import fnmatchcase

from torch import nn

from skelact.encoders.encoder import Encoder
from skelact.system.world import SkelactError

SHOWN = 6
"""Parameter names listed in the error for a pattern that matches none."""


def freeze(method: nn.Module, frozen: Sequence[str]) -> list[nn.Module]:
    """Freeze these parts of every encoder in `method`. Gives the modules that are frozen whole: keep them in evaluation
    mode.

    A part is a layer's number, a range of them (0-4), or a pattern of parameters' names. SkelactError for a part that
    the encoder does not have, or if nothing is left to learn.
    """
    kept: list[nn.Module] = []
    for network in method.modules():
        if isinstance(network, Encoder) and frozen:
            chosen = {id(parameter) for part in frozen for parameter in _parameters(network, part)}
            for parameter in network.parameters():
                if id(parameter) in chosen:
                    parameter.requires_grad_(False)
            kept += [module for module in network.modules() if _is_within(module, chosen)]
    if frozen and not any(parameter.requires_grad for parameter in method.parameters()):
        raise SkelactError(f"--frozen {' '.join(frozen)}: nothing is left to learn; freeze less")
    return kept


def _parameters(network: Encoder, part: str) -> list[nn.Parameter]:
    layers = network.layers()
    numbers = re.fullmatch(r"(\d+)(?:-(\d+))?", part)
    if numbers:
        first, last = int(numbers[1]), int(numbers[2] or numbers[1])
        if not first <= last < len(layers):
            raise SkelactError(
                f"--frozen {part}: expected layers from 0 to {len(layers) - 1} of the encoder {network.name}"
            )
        return [parameter for layer in layers[first : last + 1] for parameter in layer.parameters()]
    names = [name for name, _ in network.named_parameters()]
    found = [parameter for name, parameter in network.named_parameters() if fnmatchcase(name, part)]
    if not found:
        raise SkelactError(
            f"--frozen {part}: no parameter of the encoder {network.name} has such a name; there are "
            f"{', '.join(names[:SHOWN])}{', ...' if len(names) > SHOWN else ''}"
        )
    return found


def _is_within(module: nn.Module, chosen: set[int]) -> bool:
    """Whether a module has parameters, and all of them are chosen."""
    parameters = [id(parameter) for parameter in module.parameters()]
    return bool(parameters) and chosen.issuperset(parameters)

"""Steps of an optimiser: parameter groups, the schedule of their learning rates, and clipping."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from skelact.methods.method import ParameterGroup
from skelact.train.config import Optimiser, SGDNumbers
from skelact.train.schedule import learning_rate


class ScheduledOptimiser:
    """An optimiser whose learning rates are a function of the step. Its state is that of PyTorch's optimiser alone."""

    def __init__(
        self,
        config: Optimiser | SGDNumbers,
        groups: Sequence[ParameterGroup],
        per_epoch: int,
        epochs: int,
        clip: float | None = None,
        fused: bool | None = None,
    ):
        """`per_epoch` is in steps; `clip`, if given, is the longest gradient that is not scaled down."""
        self.config = config
        self.clip = clip
        self.rate = config.lr
        """Learning rate of the last step, of a group with rate 1."""
        self._length = per_epoch, epochs
        self._optimiser = config.build(groups, fused)
        self._parameters = [parameter for group in groups for parameter in group.parameters]
        rates = {parameter: group.rate for group in groups for parameter in group.parameters}
        # Apart from PyTorch's groups, whose entries a checkpoint replaces.
        self._rates = [rates[group["params"][0]] for group in self._optimiser.param_groups]

    def zero_grad(self) -> None:
        """Clear the gradients."""
        self._optimiser.zero_grad()

    def step(self, step: int) -> None:
        """Change the parameters by their gradients, at the rates of step `step` (from 0)."""
        self.rate = learning_rate(self.config, step, *self._length)
        for group, rate in zip(self._optimiser.param_groups, self._rates, strict=True):
            group["lr"] = self.rate * rate
        if self.clip is not None:
            nn.utils.clip_grad_norm_(self._parameters, self.clip)
        self._optimiser.step()

    def state_dict(self) -> dict[str, Any]:
        """The state of PyTorch's optimiser."""
        return self._optimiser.state_dict()

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Load what `state_dict` gave. ValueError where it is of other groups or another optimiser.

        Settings of the groups, such as weight decay, are not loaded: they come from the configuration.
        """
        groups = self._optimiser.state_dict()["param_groups"]
        if [group["params"] for group in state["param_groups"]] != [group["params"] for group in groups]:
            raise ValueError("expected the groups of this optimiser's parameters, found others")
        parameters = dict(enumerate(each for group in self._optimiser.param_groups for each in group["params"]))
        pattern = self._kept_of_one()
        for number, kept in state["state"].items():
            if number not in parameters:
                raise ValueError(f"expected a parameter up to {len(parameters) - 1}, found {number}")
            for name, one in pattern.items():
                whole = isinstance(one, Tensor) and one.ndim > 0
                shape = parameters[number].shape if whole else torch.Size()
                if name not in kept or (isinstance(one, Tensor) and _shape(kept[name]) != shape):
                    raise ValueError(f"expected {name} of parameter {number} with axes {tuple(shape)}, found another")
        self._optimiser.load_state_dict({"state": state["state"], "param_groups": groups})

    def _kept_of_one(self) -> dict[str, Any]:
        """State that this optimiser keeps for a parameter with one axis."""
        parameter = nn.Parameter(torch.zeros(1))
        parameter.grad = torch.zeros(1)
        optimiser = self.config.build([ParameterGroup([parameter])])
        optimiser.step()
        return dict(optimiser.state[parameter])


def _shape(value: Any) -> torch.Size | None:
    return value.shape if isinstance(value, Tensor) else None


def as_torch(groups: Iterable[ParameterGroup]) -> list[dict[str, Any]]:
    """The groups in the form of PyTorch's optimisers. Groups without parameters are left out."""
    return [
        {"params": list(group.parameters), **({} if group.decays else {"weight_decay": 0.0})}
        for group in groups
        if len(group.parameters)
    ]


def norms_apart(groups: Iterable[ParameterGroup]) -> list[ParameterGroup]:
    """Each group in two: parameters of several axes, and those of one axis (norms, biases), which do not decay."""
    apart = []
    for group in groups:
        several = [parameter for parameter in group.parameters if parameter.ndim > 1]
        one = [parameter for parameter in group.parameters if parameter.ndim <= 1]
        apart += [replace(group, parameters=several), replace(group, parameters=one, decays=False)]
    return apart


def decayed_by_layer(layers: Sequence[nn.Module], decay: float) -> list[ParameterGroup]:
    """A group a layer: the last layer at the full rate, each one before it at `decay` times the rate of the next."""
    last = len(layers) - 1
    return [
        ParameterGroup(list(layer.parameters()), rate=decay ** (last - depth)) for depth, layer in enumerate(layers)
    ]

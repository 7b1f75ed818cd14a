"""Configuration: frozen, validated values without unknown keys, which go to JSON and back unchanged.

This module and every `config.py` import nothing that computes, so that a command line is parsed without PyTorch.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, ClassVar, Literal, get_args

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

Stream = Literal["joint", "bone", "motion"]
STREAMS: tuple[Stream, ...] = get_args(Stream)
Precision = Literal["float32", "bf16"]
Preparation = Literal["released", "robust", "body"]
"""How clips are prepared."""
Readout = Literal["pooled", "tokens"]
"""What is read out of a frozen encoder: h, or its feature map in a few bins of time."""
Third = Literal["score", "depth"]
"""Meaning of the third channel of an array of joints."""
Axis = Literal["+x", "-x", "+y", "-y", "+z", "-z"]


def faults(error: ValidationError, named: Callable[[str], str] = str) -> str:
    """One line for each invalid value, with its first fault.

    `named` turns the name of a field, such as `method.bank`, into the user's name for it.
    """
    lines: dict[str, str] = {}
    for one in error.errors():
        name = named(".".join(part for part in one["loc"] if isinstance(part, str)))
        got = f", got {one['input']!r}" if one["loc"] else ""  # a rule between values has its own text
        lines.setdefault(name, f"{name.rstrip('.')}: {one['msg'].removeprefix('Value error, ')}{got}")
    return "\n".join(lines.values())


OLD_NAMES: Mapping[str, str] = MappingProxyType({"view": "preparation"})
"""Old and new name of a field of runs, encoders' cards and prepared clips."""


class Config(BaseModel):
    """Base of every configuration. Errors name the field, its range and the bad value."""

    # Defaults are validated too, so that a float with default 6 becomes 6.0.
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, validate_default=True)
    old_names: ClassVar[Mapping[str, str]] = {}
    """Names of fields in files of earlier versions, and their names now."""

    @model_validator(mode="before")
    @classmethod
    def _under_new_names(cls, values: Any) -> Any:
        if not isinstance(values, Mapping) or not any(old in values for old in cls.old_names):
            return values
        renamed = {cls.old_names.get(name, name): held for name, held in values.items()}
        if len(renamed) < len(values):
            both = next(new for old, new in cls.old_names.items() if old in values and new in values)
            raise ValueError(f"{both} is given twice, once by its old name")
        return renamed

"""Configuration: frozen values that are checked, refuse unknown keys, and go to JSON and back unchanged.

Here and in every `config.py` nothing is imported that computes: a command line is read, and answered, without PyTorch.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, ClassVar, Literal, get_args

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

Stream = Literal["joint", "bone", "motion"]
STREAMS: tuple[Stream, ...] = get_args(Stream)
Precision = Literal["float32", "bf16"]
Preparation = Literal["released", "robust"]
"""How clips are prepared."""
Third = Literal["score", "depth"]
"""What the third channel of an array of joints is."""
Axis = Literal["+x", "-x", "+y", "-y", "+z", "-z"]


def faults(error: ValidationError, named: Callable[[str], str] = str) -> str:
    """Each value that is out of range, a line each, the first fault of each. `named` makes of a field's name, such as
    `method.bank`, what the user calls it."""
    lines: dict[str, str] = {}
    for one in error.errors():
        name = named(".".join(part for part in one["loc"] if isinstance(part, str)))
        got = f", got {one['input']!r}" if one["loc"] else ""  # a rule between values names them itself
        lines.setdefault(name, f"{name.rstrip('.')}: {one['msg'].removeprefix('Value error, ')}{got}")
    return "\n".join(lines.values())


OLD_NAMES: Mapping[str, str] = MappingProxyType({"view": "preparation"})
"""What earlier versions called a field of a run, an encoder's card or prepared clips, and its name now."""


class Config(BaseModel):
    """Base of every configuration. Fields carry their ranges; a bad value names the field, the range and the value."""

    # Defaults are validated too, so that a float written as 6 is one.
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, validate_default=True)
    old_names: ClassVar[Mapping[str, str]] = {}
    """Fields as files of earlier versions call them, and their names now."""

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

"""Configuration: frozen values that are checked, refuse unknown keys, and go to JSON and back unchanged.

Here and in every `config.py` nothing is imported that computes: a command line is read, and answered, without PyTorch.
"""

from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict

Stream = Literal["joint", "bone", "motion"]
STREAMS: tuple[Stream, ...] = get_args(Stream)
Precision = Literal["float32", "bf16"]
View = Literal["released", "robust"]
"""How clips are prepared."""
Third = Literal["score", "depth"]
"""What the third channel of an array of joints is."""
Axis = Literal["+x", "-x", "+y", "-y", "+z", "-z"]


class Config(BaseModel):
    """Base of every configuration. Fields carry their ranges; a bad value names the field, the range and the value."""

    # Defaults are validated too, so that a float written as 6 is one.
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, validate_default=True)

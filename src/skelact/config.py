"""Configuration: frozen values that are checked, refuse unknown keys, and go to JSON and back unchanged."""

from pydantic import BaseModel, ConfigDict


class Config(BaseModel):
    """Base of every configuration. Fields carry their ranges; a bad value names the field, the range and the value."""

    # Defaults are validated too, so that a float written as 6 is one.
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, validate_default=True)

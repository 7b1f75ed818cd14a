import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field, ValidationError

from skelact.config import Config


class Inner(Config):
    rates: tuple[float, ...] = ()


class Outer(Config):
    temperature: float = Field(default=0.07, gt=0)
    steps: int = Field(default=10, ge=1)
    stream: str | None = None
    inner: Inner = Inner()


def test_an_unknown_key_is_refused_by_name_at_any_depth():
    with pytest.raises(ValidationError, match=r"temprature\n.*[Ee]xtra"):
        Outer.model_validate({"temprature": 0.1})
    with pytest.raises(ValidationError, match=r"inner\.rate\n.*[Ee]xtra"):
        Outer.model_validate({"inner": {"rate": [0.1]}})


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, "nan", "inf"])
def test_nan_and_infinity_are_refused_by_name_at_any_depth(value):
    with pytest.raises(ValidationError, match=r"temperature\n.*finite"):
        Outer.model_validate({"temperature": value})
    with pytest.raises(ValidationError, match=r"inner\.rates\.1\n.*finite"):
        Outer.model_validate({"inner": {"rates": [0.1, value]}})


def test_a_value_out_of_range_is_answered_with_field_range_and_value():
    with pytest.raises(ValidationError, match=r"temperature\n.*greater than 0.*input_value=-0\.5"):
        Outer(temperature=-0.5)
    with pytest.raises(ValidationError, match=r"steps\n.*greater than or equal to 1.*input_value=0"):
        Outer(steps=0)


def test_a_configuration_cannot_be_changed():
    with pytest.raises(ValidationError, match="frozen"):
        Outer().steps = 3


@given(
    temperature=st.floats(min_value=0, exclude_min=True, allow_infinity=False),
    steps=st.integers(1, 10**12),
    stream=st.none() | st.text(),
    rates=st.lists(st.floats(allow_nan=False, allow_infinity=False)),
)
def test_a_configuration_goes_to_json_and_back_unchanged(temperature, steps, stream, rates):
    config = Outer(temperature=temperature, steps=steps, stream=stream, inner=Inner(rates=tuple(rates)))
    assert Outer.model_validate_json(config.model_dump_json()) == config
    assert Outer.model_validate(config.model_dump(mode="json")) == config

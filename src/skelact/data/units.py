"""Units of lengths: what can be compared, and what a store's numbers are multiplied by to be in another's units."""

from skelact.layouts import LAYOUTS
from skelact.skeleton import Skeleton
from skelact.system.world import SkelactError

METRES = {
    "metres": 1.0,
    "centimetres": 0.01,
    "millimetres": 0.001,
    "inches": 0.0254,
    "feet": 0.3048,
}
"""Length in metres of each unit that can be converted, by the name that stores use."""
UNKNOWN_UNITS = "as in the files"
"""Units of a store that are unknown: neither its files nor the user named them."""

_OTHER_NAMES = {
    **dict.fromkeys(("m", "meter", "meters", "metre"), "metres"),
    **dict.fromkeys(("cm", "centimeter", "centimeters", "centimetre"), "centimetres"),
    **dict.fromkeys(("mm", "millimeter", "millimeters", "millimetre"), "millimetres"),
    **dict.fromkeys(("in", "inch"), "inches"),
    **dict.fromkeys(("ft", "foot"), "feet"),
    **dict.fromkeys(("px", "pixel"), "pixels"),
}


def unit(name: str) -> str:
    """The one name of a unit: `mm` and `Millimeters` are `millimetres`; a name that is not known stays as it is."""
    plain = " ".join(name.split())
    return _OTHER_NAMES.get(plain.lower(), plain.lower() if plain.lower() in (*METRES, "pixels") else plain)


def common_unit(name: str) -> str:
    """The unit that coordinates are brought to for a network: metres for every length, any other unit as it is.

    The noise that clips are augmented with is meant in metres.
    """
    return "metres" if unit(name) in METRES else unit(name)


def factor(found: str, wanted: str, what: str, whose: str) -> float:
    """What numbers in units `found` (of `what`) are multiplied by to be in units `wanted` (of `whose`).

    1 for the same unit, known or not. SkelactError where they differ and either is not a known length.
    """
    one, other = unit(found), unit(wanted)
    if one == other:
        return 1.0
    if one in METRES and other in METRES:
        return METRES[one] / METRES[other]
    raise SkelactError(
        f"{what} is in {found!r}, {whose} in {wanted!r}: units that cannot be converted are never mixed\n"
        f"  lengths are {', '.join(METRES)}; --units names those of bvh and of array formats, when they are read"
    )


def check_space(one: Skeleton, its: str | None, what: str, other: Skeleton, theirs: str | None, whose: str) -> None:
    """SkelactError where joints of layout `one` in units `its` (of `what`) are in a picture and the others in a room,
    or the other way round."""
    first, second = _in_picture(one, its), _in_picture(other, theirs)
    if first != second:
        flat, deep = ((what, one), (whose, other)) if first else ((whose, other), (what, one))
        raise SkelactError(
            f"{flat[0]} holds positions in a picture ({flat[1].name}), {deep[0]} positions in a room ({deep[1].name}): "
            "the two are never mixed\n  if they are in a room, name their length: `skelact prepare --units metres`"
        )


def _in_picture(skeleton: Skeleton, units: str | None) -> bool:
    """Whether places are in a picture: its layouts are, unless the unit is a length. Files of earlier versions do not
    tell it of their layout, but the name does."""
    named = any(made.picture and (made.name, made.joints) == (skeleton.name, skeleton.joints) for made in LAYOUTS)
    return (skeleton.picture or named) and unit(units or "") not in METRES

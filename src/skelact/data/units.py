"""Units of coordinates: which can be compared, and the factors between them."""

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
"""Length in metres of each convertible unit, by its name in stores."""
UNKNOWN_UNITS = "as in the files"
"""Units of a store where neither the files nor the user named any."""

_OTHER_NAMES = {
    **dict.fromkeys(("m", "meter", "meters", "metre"), "metres"),
    **dict.fromkeys(("cm", "centimeter", "centimeters", "centimetre"), "centimetres"),
    **dict.fromkeys(("mm", "millimeter", "millimeters", "millimetre"), "millimetres"),
    **dict.fromkeys(("in", "inch"), "inches"),
    **dict.fromkeys(("ft", "foot"), "feet"),
    **dict.fromkeys(("px", "pixel"), "pixels"),
}


def unit(name: str) -> str:
    """The standard name of a unit, such as `millimetres` of `mm` and `Millimeters`; unknown names stay unchanged."""
    plain = " ".join(name.split())
    return _OTHER_NAMES.get(plain.lower(), plain.lower() if plain.lower() in (*METRES, "pixels") else plain)


def common_unit(name: str) -> str:
    """The unit of a network's input: metres for every length, any other unit unchanged.

    Augmentation adds noise in metres.
    """
    return "metres" if unit(name) in METRES else unit(name)


def factor(found: str, wanted: str, what: str, whose: str) -> float:
    """Factor from units `found` (of `what`) to units `wanted` (of `whose`).

    1 for equal units, known or not. SkelactError if they differ and either is not a known length.
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
    """SkelactError if one of two sets of joints is in a picture and the other in a room.

    `one`, `its`, `what`: layout, units and name of the first set; `other`, `theirs`, `whose`: of the second.
    """
    first, second = _in_picture(one, its), _in_picture(other, theirs)
    if first != second:
        flat, deep = ((what, one), (whose, other)) if first else ((whose, other), (what, one))
        raise SkelactError(
            f"{flat[0]} holds positions in a picture ({flat[1].name}), {deep[0]} positions in a room ({deep[1].name}): "
            "the two are never mixed\n  if they are in a room, name their length: `skelact prepare --units metres`"
        )


def _in_picture(skeleton: Skeleton, units: str | None) -> bool:
    """Whether positions are in a picture: those of picture layouts are, unless the unit is a length.

    Files of earlier versions lack the layout's `picture` field, so built-in layouts are recognised by name and joints.
    """
    named = any(made.picture and (made.name, made.joints) == (skeleton.name, skeleton.joints) for made in LAYOUTS)
    return (skeleton.picture or named) and unit(units or "") not in METRES

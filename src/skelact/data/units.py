"""Units of lengths: what can be compared, and what a store's numbers are multiplied by to be in another's units."""

from skelact.world import SkelactError

METRES = {
    "metres": 1.0,
    "centimetres": 0.01,
    "millimetres": 0.001,
    "inches": 0.0254,
    "feet": 0.3048,
}
"""Length in metres of each unit that can be converted, by the name that stores use."""
NOT_TOLD = "as in the files"
"""Units of a store whose files do not tell them, and neither did anybody else."""

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

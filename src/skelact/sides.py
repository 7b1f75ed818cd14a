"""Which side of the body a joint is on, told from two names that differ by nothing but the word for a side."""

import re
from typing import Literal

LEFT, RIGHT = -1, 1
Side = Literal[-1, 0, 1]
_WORDS = (
    *(("left", "right"), ("lft", "rgt"), ("左", "右"), ("왼", "오른"), ("лев", "прав"), ("gauche", "droite?")),
    *(("links", "rechts"), ("izquierd", "derech"), ("izq", "der"), ("sinistr", "destr"), ("esquerd", "direit")),
    *(("esq", "dir"), ("л", "п"), ("l", "r")),
)
"""Words for a side, the longer ones first; endings that follow the gender of a joint are the same on both sides."""
_MARK = re.compile(f"({'|'.join(word for words in _WORDS for word in words)})", re.IGNORECASE)


def stem(name: str) -> str:
    """The name without what may be words for a side: names of one stem may be mirror images."""
    return _MARK.sub("*", name.lower())


def side_of(name: str, other: str) -> Side:
    """LEFT or RIGHT: the side of `name`, where `other` is the same name of the other side; 0 where it is not.

    Letters count anywhere (`lshoulder`, `rHand`, `TLS`, `arm.L`), so a pair of names is a hint and no proof: `lump` and
    `rump` differ by one letter too.
    """
    return _compare(name, other)[0]


def is_word(name: str, other: str) -> bool:
    """Whether two such names say it by a word or by a letter that stands alone (Left, arm.L, lHand), not by `l` in
    `lhand`."""
    return _compare(name, other)[1]


def _compare(name: str, other: str) -> tuple[Side, bool]:
    ours, theirs = _MARK.split(name), _MARK.split(other)
    if len(ours) != len(theirs):
        return 0, False
    side: Side = 0
    word, at = False, 0
    for index, (mine, yours) in enumerate(zip(ours, theirs, strict=True)):
        if mine.lower() != yours.lower():
            here = _side(mine, yours) if index % 2 else 0
            if not here or side not in (0, here):
                return 0, False
            side = here
            word = word or len(mine) > 1 or mine in "左右왼" or _alone(name, at)
        at += len(mine)
    return side, word


def _side(mine: str, yours: str) -> Side:
    """The side of one of two different words for sides, if they are of one kind."""
    for left, right in _WORDS:
        both = re.compile(f"({left}) ({right})|({right}) ({left})", re.IGNORECASE).fullmatch(f"{mine} {yours}")
        if both:
            return LEFT if both[1] else RIGHT
    return 0


def _alone(name: str, at: int) -> bool:
    """Whether the letter at this place is a word of its own: no letter beside it, or one of the other case begins."""
    before, letter, after = name[at - 1 : at] if at else "", name[at], name[at + 1 : at + 2]
    cases = not name.isupper()  # in LARM and RING nothing begins
    starts = not before.isalpha() or (cases and letter.isupper() and before.islower())
    return starts and (not after.isalpha() or (cases and after.isupper()))

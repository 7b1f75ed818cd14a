"""The side of the body of a joint, from a pair of names that differ only in the word for the side."""

import re
from typing import Literal

LEFT, RIGHT = -1, 1
Side = Literal[-1, 0, 1]
_WORDS = (
    *(("left", "right"), ("lft", "rgt"), ("左", "右"), ("왼", "오른"), ("лев", "прав"), ("gauche", "droite?")),
    *(("links", "rechts"), ("izquierd", "derech"), ("izq", "der"), ("sinistr", "destr"), ("esquerd", "direit")),
    *(("esq", "dir"), ("л", "п"), ("l", "r")),
)
"""Words for a side, longer ones first; grammatical endings are the same on both sides."""
_MARK = re.compile(f"({'|'.join(word for words in _WORDS for word in words)})", re.IGNORECASE)


def stem(name: str) -> str:
    """The name with possible words for a side replaced by `*`; joints with equal stems may be mirror images."""
    return _MARK.sub("*", name.lower())


def side_of(name: str, other: str) -> Side:
    """LEFT or RIGHT: the side of `name` if `other` is its counterpart; else 0.

    Letters count anywhere (`lshoulder`, `rHand`, `TLS`, `arm.L`), so the names are only a hint: `lump` and `rump`
    differ by such a letter too.
    """
    return _compare(name, other)[0]


def is_word(name: str, other: str) -> bool:
    """Whether the side is a word or a single letter (Left, arm.L, lHand), not a letter within a word (`lhand`)."""
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
    """The side of the word `mine` if both words belong to one pair of words, else 0."""
    for left, right in _WORDS:
        both = re.compile(f"({left}) ({right})|({right}) ({left})", re.IGNORECASE).fullmatch(f"{mine} {yours}")
        if both:
            return LEFT if both[1] else RIGHT
    return 0


def _alone(name: str, at: int) -> bool:
    """Whether the letter at index `at` is a word of its own: it has no letter beside it, or the case changes."""
    before, letter, after = name[at - 1 : at] if at else "", name[at], name[at + 1 : at + 2]
    cases = not name.isupper()  # in LARM and RING there is no change
    starts = not before.isalpha() or (cases and letter.isupper() and before.islower())
    return starts and (not after.isalpha() or (cases and after.isupper()))

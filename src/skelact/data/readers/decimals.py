"""Parses many short decimal numbers of a text at once, bit for bit as float() does.

-0.2181153 is -2181153 / 10^7. Float64 holds the whole number and the power of ten exactly, so their quotient is rounded
once, and correctly, as float() does.
"""

import numpy as np
from jaxtyping import Float64, Int64, UInt8

LONGEST = 15
"""Most letters of a number that is parsed this way: its digits stay below 2^53. Longer ones go to float()."""
PIECE = 3072
"""Numbers parsed in one step, so that temporary arrays stay in the processor's cache and reuse memory."""

EXACT = 7
_TENS = (10 ** np.arange(EXACT - 1, -1, -1)).astype(np.float32)
_POWERS = np.array([float(10**exponent) for exponent in range(LONGEST + 1)])
_POINT, _PLUS, _MINUS, _ZERO = b".+-0"


def decimals(text: bytes, starts: Int64[np.ndarray, " n"], stops: Int64[np.ndarray, " n"]) -> Float64[np.ndarray, " n"]:
    """The numbers in `text` from `starts` to before `stops`. ValueError where float() raises it."""
    values = np.empty(len(starts))
    for first in range(0, len(starts), PIECE):
        piece = slice(first, first + PIECE)
        values[piece] = _decimals(text, starts[piece], stops[piece])
    return values


def _decimals(
    text: bytes, starts: Int64[np.ndarray, " n"], stops: Int64[np.ndarray, " n"]
) -> Float64[np.ndarray, " n"]:
    lengths = np.minimum(stops - starts, LONGEST + 1).astype(np.uint8)
    letter = _columns(text, stops, min(LONGEST, int(lengths.max(initial=1))))
    letter *= np.arange(len(letter), 0, -1, dtype=np.uint8)[:, None] <= lengths  # drop letters of the word before
    digit = letter - _ZERO  # other letters come out above 9
    is_digit = digit < 10
    digit *= is_digit
    point = letter == _POINT
    points = _count(point)

    behind = np.empty_like(point)
    behind[0] = points == 0
    for row in range(1, len(point)):
        np.logical_or(behind[row - 1], point[row - 1], out=behind[row])
    # Digits before a point move by one, onto the point.
    digit[1:] = np.where(behind[1:], digit[1:], digit[:-1])
    digit[0] *= behind[0]
    # Seven digits at a time, which float32 holds exactly.
    whole = np.zeros(len(starts))
    for first_row in range(0, len(digit), EXACT):
        rows = digit[first_row : first_row + EXACT]
        whole *= 10.0 ** len(rows)
        whole += _TENS[EXACT - len(rows) :] @ rows.astype(np.float32)
    values = whole / _POWERS.take(np.where(points == 0, 0, _count(behind)))

    first = np.frombuffer(text, np.uint8)[starts]
    minus = first == _MINUS
    np.negative(values, where=minus, out=values)
    digits = _count(is_digit)
    plain = (digits + points + (minus | (first == _PLUS)) == lengths) & (digits > 0) & (points <= 1)
    for number in np.flatnonzero(~plain | (lengths > LONGEST)):
        values[number] = float(text[starts[number] : stops[number]])
    return values


def _columns(text: bytes, stops: Int64[np.ndarray, " n"], width: int) -> UInt8[np.ndarray, "{width} n"]:
    """The `width` letters before each stop, a word in each column."""
    padded = text if stops.min(initial=width) >= width else b" " * width + text
    # Every overlapping piece of `width` letters as one value: taking values is twice as fast as taking rows.
    pieces = np.ndarray(len(padded) - width + 1, f"V{width}", padded, strides=1)
    words = pieces[stops - width + len(padded) - len(text)]
    return np.ascontiguousarray(words.view(np.uint8).reshape(-1, width).T)


def _count(mask: np.ndarray) -> UInt8[np.ndarray, " n"]:
    return np.add.reduce(mask, axis=0, dtype=np.uint8)

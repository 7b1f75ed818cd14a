"""Text files with the same number of numbers in every line."""

from collections.abc import Sequence
from functools import partial

import numpy as np
from jaxtyping import Float64

from skelact.data.readers.source import SKIP_HINT, line_error, shown
from skelact.data.recording import Item, ReadError

_LETTERS = b"0123456789+-.eE \t\r"


def number_lines(item: Item, text: bytes, width: int) -> Float64[np.ndarray, "lines {width}"]:
    """Every line of a text as `width` numbers with spaces between; ReadError names the first that is otherwise."""
    return numbers_of(item, text.rstrip().splitlines(), width, whole=text.endswith(b"\n"))


def numbers_of(
    item: Item, lines: Sequence[bytes], width: int, whole: bool, first: int = 1
) -> Float64[np.ndarray, "lines {width}"]:
    """The same of lines that are part of a file from line `first` on; `whole`: the last one has its end."""
    rows: list[list[float]] = []
    for place, line in enumerate(lines):
        wrong = partial(line_error, item, first + place, cut_off=place == len(lines) - 1 and not whole)
        words = line.split()
        if len(words) != width:
            raise wrong(f"{width} numbers", len(words))
        if line.translate(None, _LETTERS):
            raise wrong("a number", next(shown(word) for word in words if word.translate(None, _LETTERS)))
        try:
            rows.append([float(word) for word in words])
        except ValueError as error:
            raise wrong(f"{width} numbers", shown(line)) from error
    if not rows:
        raise ReadError(f"{item}: expected at least 1 line of {width} numbers, found none\n  {SKIP_HINT}")
    return np.array(rows)

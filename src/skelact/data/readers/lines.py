"""Splits text files into lines and words; parses files with a fixed count of numbers a line."""

import re
from array import array
from collections.abc import Sequence
from functools import partial

import numpy as np
from jaxtyping import Float64

from skelact.data.readers.source import line_error, shown
from skelact.data.recording import Item, ReadError

_LETTERS = b"0123456789+-.eE \t"
_ODD_SPACE = re.compile(rb"[\r\x0b\x0c]")
_MARK = b"\xef\xbb\xbf"
"""Byte order mark that some editors put before UTF-8 text."""


def lines_of(text: bytes) -> list[bytes]:
    """The lines without their ends, as editors count them: \\n and \\r\\n, or \\r if there is no \\n.

    A single \\r in a file with \\n ends no line, and neither does a form feed.
    """
    text = text.removeprefix(_MARK).rstrip()
    if b"\n" not in text:
        return text.split(b"\r") if text else []
    return [line.removesuffix(b"\r") for line in text.split(b"\n")]


def words_of(line: bytes) -> list[bytes]:
    """Words separated by spaces and tabs only; other white space stays part of a word."""
    return re.split(rb"[ \t]+", line.strip(b" \t")) if _ODD_SPACE.search(line) else line.split()


def number_lines(item: Item, text: bytes, width: int) -> Float64[np.ndarray, "lines {width}"]:
    """Every line of a text as `width` numbers separated by spaces. ReadError names the first bad line."""
    return numbers_of(item, lines_of(text), width, whole=text.endswith((b"\n", b"\r")))


def numbers_of(
    item: Item, lines: Sequence[bytes], width: int, whole: bool, first: int = 1
) -> Float64[np.ndarray, "lines {width}"]:
    """The same for lines of a file from line `first` on; `whole`: the last one has its line end."""
    numbers = array("d")  # not a list, in which a number takes sixteen times the memory of the shortest one in the text
    for index, line in enumerate(lines):
        wrong = partial(line_error, item, first + index, cut_off=index == len(lines) - 1 and not whole)
        words = line.split()
        if len(words) != width and not _ODD_SPACE.search(line):
            raise wrong(f"{width} numbers", len(words))
        if line.translate(None, _LETTERS):
            raise wrong("a number", next(shown(word) for word in words_of(line) if word.translate(None, _LETTERS)))
        try:
            numbers.extend(map(float, words))
        except ValueError as error:
            raise wrong(f"{width} numbers", shown(line)) from error
    if not numbers:
        raise ReadError(f"{item}: expected at least 1 line of {width} numbers, found none")
    return np.array(numbers).reshape(-1, width)

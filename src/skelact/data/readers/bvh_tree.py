"""Parses the tree of joints at the start of a BVH file."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from skelact.data.readers.source import line_error, shown
from skelact.data.recording import Item, ReadError
from skelact.system.printable import printable

MOST_NODES = 1000
LONGEST_NAME = 200
CHANNELS = tuple(f"{axis}{kind}" for kind in ("position", "rotation") for axis in "XYZ")
NUMBER = re.compile(rb"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
IDLE = re.compile(rb"\s*(#.*)?", re.DOTALL)
"""An empty line or a comment."""
_COUNT = re.compile(rb"[0-9]{1,3}")


@dataclass(frozen=True)
class Node:
    """A joint or the end of a chain."""

    name: str
    parent: int
    """Index of the parent among the nodes, in the order of the file; -1 for the root."""
    offset: tuple[float, float, float]
    channels: tuple[str, ...]
    """In the order of their values in a line, which is the order in which rotations are applied."""
    end: bool
    """Whether this is an End Site."""


def ancestors(parents: Sequence[int], joint: int) -> list[int]:
    """Parent, grandparent and so on up to the root, in this order."""
    above = []
    while (joint := parents[joint]) >= 0:
        above.append(joint)
    return above


class Tree:
    """Parser of the tree, word by word."""

    def __init__(self, item: Item, lines: Sequence[bytes]):
        self.item = item
        self.words = _words(lines)
        self.line = 1
        self.nodes: list[Node] = []
        self.names: set[str] = set()

    def read(self) -> tuple[Node, ...]:
        self.take(b"HIERARCHY", "HIERARCHY")
        self.take(b"ROOT", "ROOT")
        open_nodes = [self.node(-1, self.name())]
        while open_nodes:
            word = self.word("JOINT, End Site or }")
            if word == b"}":
                open_nodes.pop()
            elif word.upper() == b"JOINT":
                open_nodes.append(self.node(open_nodes[-1], self.name()))
            elif word.upper() == b"END":
                self.take(b"SITE", "End Site")
                self.end_site(open_nodes[-1])
            else:
                raise self.wrong("JOINT, End Site or }", shown(word))
        rest = self.next()
        if rest is not None:
            second = rest.upper() == b"ROOT"
            expected = "one ROOT, as a clip has one skeleton" if second else "MOTION"
            raise self.wrong(expected, "a second one: give each figure a file of its own" if second else shown(rest))
        if not any(node.channels for node in self.nodes):
            raise self.wrong("at least 1 channel", 0)
        return tuple(self.nodes)

    def node(self, parent: int, name: str) -> int:
        if len(self.nodes) >= MOST_NODES:
            raise self.wrong(f"at most {MOST_NODES} joints", "more")
        if name in self.names:
            raise self.wrong("a joint's name that no other has", repr(name))
        offset = self.offset()
        self.take(b"CHANNELS", "CHANNELS")
        word = self.word("the number of channels")
        if not _COUNT.fullmatch(word) or int(word) > len(CHANNELS):
            raise self.wrong(f"a number of channels up to {len(CHANNELS)}", shown(word))
        channels: list[str] = []
        for _ in range(int(word)):
            channel = self.word("the name of a channel").decode("latin1")
            channel = channel[:1].upper() + channel[1:].lower()
            if channel not in CHANNELS or channel in channels:
                raise self.wrong(f"one of {', '.join(CHANNELS)}, each once", repr(channel))
            channels.append(channel)
        self.names.add(name)
        self.nodes.append(Node(name, parent, offset, tuple(channels), end=False))
        return len(self.nodes) - 1

    def end_site(self, parent: int) -> None:
        name = word = f"{self.nodes[parent].name}_end"
        number = 1
        while name in self.names:
            number += 1
            name = f"{word}_{number}"
        self.take(b"{", "{")
        if len(self.nodes) >= MOST_NODES:
            raise self.wrong(f"at most {MOST_NODES} joints", "more")
        self.names.add(name)
        self.nodes.append(Node(name, parent, self.offset(), (), end=True))
        self.take(b"}", "}")

    def name(self) -> str:
        """The words up to the brace that opens a joint."""
        words: list[bytes] = []
        while (word := self.word("the name of a joint and {")) != b"{":
            words.append(word)
            if sum(map(len, words)) > LONGEST_NAME:
                raise self.wrong(f"the name of a joint of at most {LONGEST_NAME} letters and {{", shown(words[0]))
        if not words:
            raise self.wrong("the name of a joint", "'{'")
        # Control characters are escaped; different names stay different.
        return printable(b" ".join(words).decode("utf-8", "backslashreplace"))

    def offset(self) -> tuple[float, float, float]:
        self.take(b"OFFSET", "OFFSET")
        numbers = []
        for _ in range(3):
            word = self.word("3 numbers of an offset")
            if not NUMBER.fullmatch(word):
                raise self.wrong("a number with a decimal point" if b"," in word else "a number", shown(word))
            numbers.append(float(word))
        if not np.isfinite(numbers).all():
            raise self.wrong("3 finite numbers of an offset", numbers)
        return numbers[0], numbers[1], numbers[2]

    def take(self, wanted: bytes, expected: str) -> None:
        word = self.word(expected)
        if word.upper() != wanted:
            raise self.wrong(expected, shown(word))

    def word(self, expected: str) -> bytes:
        word = self.next()
        if word is None:
            raise self.wrong(expected, "the end of the hierarchy")
        return word

    def next(self) -> bytes | None:
        """The next word; None after the last."""
        word, self.line = next(self.words, (None, self.line))
        return word

    def wrong(self, expected: str, found: object) -> ReadError:
        return line_error(self.item, self.line, expected, found, cut_off=False)


def _words(lines: Sequence[bytes]) -> Iterator[tuple[bytes, int]]:
    """Words and braces with their line numbers, as an iterator: a file may hold millions."""
    for number, line in enumerate(lines, start=1):
        if not IDLE.fullmatch(line):
            for word in line.replace(b"{", b" { ").replace(b"}", b" } ").split():
                yield word, number

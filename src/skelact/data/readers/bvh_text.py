"""The text of a BVH file: a tree of joints with offsets and channels, then a line of channel values a frame.

HIERARCHY
ROOT name { OFFSET x y z  CHANNELS n name ...  JOINT name { ... }  End Site { OFFSET x y z } }
MOTION
Frames: n
Frame Time: seconds
one line of numbers a frame, the channels in the order of the tree
"""

import re
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from skelact.data.readers.lines import numbers_of
from skelact.data.readers.source import line_error, shown
from skelact.data.recording import Item, ReadError

MOST_NODES = 1000
CHANNELS = tuple(f"{axis}{kind}" for kind in ("position", "rotation") for axis in "XYZ")
_COUNT = re.compile(rb"[0-9]{1,3}")
_NUMBER = re.compile(rb"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_FRAMES = re.compile(rb"\s*Frames\s*:\s*([0-9]{1,9})\s*", re.IGNORECASE)
_TIME = re.compile(rb"\s*Frame\s+Time\s*:\s*([0-9.eE+-]{1,30})\s*", re.IGNORECASE)


@dataclass(frozen=True)
class Node:
    """A joint or the end of a chain."""

    name: str
    parent: int
    """Place of the parent among the nodes, which stand in the order of the file; -1: none."""
    offset: tuple[float, float, float]
    channels: tuple[str, ...]
    """In the order in which their values stand in a line and in which rotations are applied."""
    end: bool
    """Whether this is an End Site."""


@dataclass(frozen=True)
class Motion:
    nodes: tuple[Node, ...]
    frame_time: float
    """Seconds."""
    values: Float64[np.ndarray, "t channels"]


def parse_tree(item: Item, text: bytes) -> tuple[tuple[Node, ...], float, int]:
    """The nodes, the seconds a frame, and the number of the line on which the values start; ReadError names a line."""
    lines = text.rstrip().splitlines()
    top = next((place for place, line in enumerate(lines) if line.strip().upper() == b"MOTION"), None)
    if top is None:
        raise line_error(item, max(1, len(lines)), "a line MOTION", "the end of the file", cut_off=True)
    nodes = _Tree(item, lines[:top]).read()
    for place, pattern, what in ((top + 1, _FRAMES, "Frames: n"), (top + 2, _TIME, "Frame Time: seconds")):
        line = lines[place] if place < len(lines) else b""
        if pattern.fullmatch(line) is None:
            found = shown(line) if place < len(lines) else "the end of the file"
            raise line_error(item, place + 1, what, found, cut_off=place >= len(lines) - 1)
    seconds = _TIME.fullmatch(lines[top + 2])
    assert seconds is not None  # matched above
    try:
        frame_time = float(seconds[1])
    except ValueError as error:
        raise line_error(item, top + 3, "Frame Time: seconds", shown(lines[top + 2]), cut_off=False) from error
    if not 1e-6 <= frame_time <= 1e6:
        raise line_error(item, top + 3, "1e-6 to 1e6 seconds a frame", frame_time, cut_off=False)
    return nodes, frame_time, top + 4


def parse(item: Item, text: bytes) -> Motion:
    """A whole file. ReadError names the file, the line, what was expected and what was found."""
    nodes, frame_time, first = parse_tree(item, text)
    lines = text.rstrip().splitlines()
    told = _FRAMES.fullmatch(lines[first - 3])
    assert told is not None  # parse_tree found it
    width = sum(len(node.channels) for node in nodes)
    values = numbers_of(item, lines[first - 1 :], width, text.endswith(b"\n"), first)
    if len(values) != int(told[1]):
        found = f"{len(values)} lines of values"
        raise line_error(item, len(lines), f"{int(told[1])} frames", found, cut_off=len(values) < int(told[1]))
    return Motion(nodes, frame_time, values)


class _Tree:
    """Reads the words of the tree one after another."""

    def __init__(self, item: Item, lines: list[bytes]):
        self.item = item
        self.words = [(word, number) for number, line in enumerate(lines, start=1) for word in _words(line)]
        self.at = 0
        self.nodes: list[Node] = []

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
        if self.at < len(self.words):
            self.at += 1
            raise self.wrong("MOTION, as there is one ROOT", shown(self.words[self.at - 1][0]))
        if not any(node.channels for node in self.nodes):
            raise self.wrong("at least 1 channel", 0)
        return tuple(self.nodes)

    def node(self, parent: int, name: str) -> int:
        if len(self.nodes) >= MOST_NODES:
            raise self.wrong(f"at most {MOST_NODES} joints", "more")
        if any(node.name == name for node in self.nodes):
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
        self.nodes.append(Node(name, parent, offset, tuple(channels), end=False))
        return len(self.nodes) - 1

    def end_site(self, parent: int) -> None:
        name = word = f"{self.nodes[parent].name}_end"
        number = 1
        while any(node.name == name for node in self.nodes):
            number += 1
            name = f"{word}_{number}"
        self.take(b"{", "{")
        self.nodes.append(Node(name, parent, self.offset(), (), end=True))
        self.take(b"}", "}")

    def name(self) -> str:
        """The words up to the brace that opens a joint."""
        words: list[bytes] = []
        while (word := self.word("the name of a joint and {")) != b"{":
            words.append(word)
        if not words:
            raise self.wrong("the name of a joint", "'{'")
        return b" ".join(words).decode("utf-8", "replace")

    def offset(self) -> tuple[float, float, float]:
        self.take(b"OFFSET", "OFFSET")
        numbers = []
        for _ in range(3):
            word = self.word("3 numbers of an offset")
            if not _NUMBER.fullmatch(word):
                raise self.wrong("a number", shown(word))
            numbers.append(float(word))
        if not np.isfinite(numbers).all():
            raise self.wrong("3 finite numbers of an offset", numbers)
        return numbers[0], numbers[1], numbers[2]

    def take(self, wanted: bytes, expected: str) -> None:
        word = self.word(expected)
        if word.upper() != wanted:
            raise self.wrong(expected, shown(word))

    def word(self, expected: str) -> bytes:
        if self.at == len(self.words):
            raise self.wrong(expected, "the end of the hierarchy")
        self.at += 1
        return self.words[self.at - 1][0]

    def wrong(self, expected: str, found: object) -> ReadError:
        line = self.words[max(0, self.at - 1)][1] if self.words else 1
        return line_error(self.item, line, expected, found, cut_off=False)


def _words(line: bytes) -> list[bytes]:
    return line.replace(b"{", b" { ").replace(b"}", b" } ").split()

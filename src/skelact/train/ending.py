"""Stopping a run by a signal: it is noted, and obeyed when the step is done."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any


@contextmanager
def noted_signals(again: bool = True) -> Iterator[list[signal.Signals]]:
    """SIGTERM and Ctrl-C are noted in the list, for the loop to end after its step; a second one acts at once.

    Unless `again` is false: a scheduler tells every process, and torchrun then tells its own once more.
    """
    noted: list[signal.Signals] = []
    if threading.current_thread() is not threading.main_thread():  # only it may set handlers
        yield noted
        return

    def note(number: int, frame: FrameType | None) -> None:
        noted.append(signal.Signals(number))
        if again:
            signal.signal(number, before[number])

    before: dict[int, Any] = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    for number in before:
        signal.signal(number, note)
    try:
        yield noted
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

"""Reading a result of any protocol, and printing it."""

import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table

from skelact.evaluation.protocols import kind_of, protocol_of
from skelact.evaluation.results.files import as_kind
from skelact.evaluation.results.outcome import Evaluation
from skelact.system.terminal import Terminal
from skelact.system.world import read_json


def read_result(path: Path) -> Evaluation:
    """A result as `write_result` wrote it, of this version or an earlier one. Unknown keys are ignored.
    SkelactError: no such file, not JSON, a key that is missing or wrong."""
    values = read_json(Path(path))
    return as_kind(values, kind_of(values), Path(path))


def show(result: Evaluation, console: Console | None = None) -> None:
    """Print the table of a result, by default to standard output."""
    (console or Terminal(width=None if sys.stdout.isatty() else 150, markup=False)).print(table(result))


def table(result: Evaluation) -> Table:
    """The table that its protocol makes of a result."""
    return protocol_of(result).table(result)

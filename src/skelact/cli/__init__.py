"""The command line. Each file has the commands of one subject; `flags` makes their options."""

import contextlib
import os
import sys
from io import TextIOWrapper

from rich.text import Text

from skelact import __version__
from skelact.cli.data import info, prepare, synthesize, verify
from skelact.cli.encoder import classify, embed, import_weights
from skelact.cli.errors import sentence
from skelact.cli.evaluation import evaluate, report
from skelact.cli.flags import Command, list_entries, run_command, under_new_names
from skelact.cli.fusion import fuse
from skelact.cli.shared import err
from skelact.cli.showing import bench, demo
from skelact.cli.tables import reproduce
from skelact.cli.training import pretrain
from skelact.system.terminal import Terminal
from skelact.system.world import SkelactError

COMMANDS: dict[str, Command] = {
    "demo": demo,
    "synthesize": synthesize,
    "prepare": prepare,
    "info": info,
    "verify": verify,
    "pretrain": pretrain,
    "evaluate": evaluate,
    "fuse": fuse,
    "reproduce": reproduce,
    "import-weights": import_weights,
    "classify": classify,
    "embed": embed,
    "report": report,
    "bench": bench,
}
_WITH_CHOICE: tuple[Command, ...] = (pretrain, evaluate)
"""Commands whose options depend on their first word."""


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit status. Expected errors are printed without a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # for names that the terminal cannot show
    try:
        try:
            return _run(sys.argv[1:] if arguments is None else arguments)
        except Exception as error:
            message = sentence(error)
            if message is None or isinstance(error, BrokenPipeError):
                raise
            error.__traceback__ = None  # its frames hold the memory
            err.print(Text.assemble(("error:", "red"), " ", message))  # one write: other processes print too
            return 1
        finally:
            if sys.stdout is not None:
                sys.stdout.flush()  # here, so that a closed pipe or a full disk is found before exit
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        _write_no_more()
        return 141
    except OSError as error:
        _write_no_more()
        err.print(f"error: standard output: {error.strerror}", markup=False)
        return 1


def _run(arguments: list[str]) -> int:
    if arguments[:1] == ["--version"]:
        print(f"skelact {__version__}")
        return 0
    if not arguments or arguments[0] in ("-h", "--help"):
        list_entries(Terminal(highlight=False), "skelact COMMAND --help lists a command's options.", COMMANDS)
        return 0 if arguments else 2
    command = COMMANDS.get(arguments[0])
    if command is None:
        raise SkelactError(f"no command {arguments[0]!r}; there are {', '.join(COMMANDS)}")
    rest = under_new_names(arguments[1:])
    if command in _WITH_CHOICE:
        command(rest)
    else:
        run_command(command, rest, arguments[0])
    return 0


def _write_no_more() -> None:
    """Drop buffered output, so that Python does not try to write it again at exit."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
            continue
        with contextlib.suppress(OSError, ValueError):
            os.dup2(nowhere, stream.fileno())

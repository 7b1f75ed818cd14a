"""The command line; each file here has the commands of one subject, `flags` makes their options."""

import os
import sys

from pydantic import ValidationError
from rich.console import Console

from skelact import __version__
from skelact.cli.data import info, prepare, synthesize, verify
from skelact.cli.encoder import classify, embed, import_weights
from skelact.cli.evaluation import evaluate, report
from skelact.cli.flags import Command, list_entries, out_of_range, run_command
from skelact.cli.fusion import fuse
from skelact.cli.shared import err
from skelact.cli.showing import bench, demo
from skelact.cli.tables import reproduce
from skelact.cli.training import pretrain
from skelact.world import SkelactError

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
    """Run one command; the exit status. Errors that a user can mend are printed without a traceback."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if arguments[:1] == ["--version"]:
        print(f"skelact {__version__}")
        return 0
    if not arguments or arguments[0] in ("-h", "--help"):
        list_entries(Console(highlight=False), "skelact COMMAND --help tells a command's options.", COMMANDS)
        return 0 if arguments else 2
    command = COMMANDS.get(arguments[0])
    try:
        if command is None:
            raise SkelactError(f"no command {arguments[0]!r}; there are {', '.join(COMMANDS)}")
        if command in _WITH_CHOICE:
            command(arguments[1:])
        else:
            run_command(command, arguments[1:], arguments[0])
    except (SkelactError, ValidationError) as error:
        err.print("[red]error:[/red] ", end="")
        err.print(out_of_range(error) if isinstance(error, ValidationError) else str(error), markup=False)
        return 1
    except KeyboardInterrupt:
        err.print("interrupted")
        return 130
    except BrokenPipeError:  # whoever read our output has gone; keep Python from complaining at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except OSError as error:  # a disk that is full, a folder that may not be written, a file that is not there
        err.print("[red]error:[/red] ", end="")
        err.print(f"{error.filename}: {error.strerror}" if error.filename else str(error), markup=False)
        return 1
    return 0

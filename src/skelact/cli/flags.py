"""Command-line options from configurations, choices by a first word, and errors that name options."""

from collections.abc import Callable, Iterable, Mapping
from itertools import pairwise
from typing import Annotated, Any, Literal, TypeVar

import tyro
from pydantic import ValidationError, create_model
from rich.console import Console
from tyro.conf import AvoidSubcommands, Fixed, FlagCreatePairsOff, Suppress, arg

from skelact.config import Config, faults
from skelact.system.terminal import Terminal
from skelact.system.world import SkelactError

Command = Callable[..., None]
Whole = TypeVar("Whole", bound=Config)


_NO_SETTINGS = ("recipe", "then")
"""Fields of runs and stages: a name for what is here, and stages, which have command lines of their own."""


def for_flags(recipe: Whole, choices: Mapping[str, Iterable[str]] | None = None, hidden: Iterable[str] = ()) -> Whole:
    """The same values, of a type that tyro makes flags of: each part of the recipe's own kind, where TrainConfig has a
    union, and naming the flag whose value is out of range.

    `choices` has, for a part that may be of another kind, the names of all kinds: those that help shows. `hidden` are
    fields that are no flags and keep their defaults.
    """
    whole = type(recipe)
    parts: dict[str, Any] = {
        name: (_telling(type(part), f"{name}.", tuple((choices or {}).get(name, ()))), ...)
        for name, part in recipe
        if isinstance(part, Config)
    }
    if not parts:
        return recipe
    for name, field in whole.model_fields.items():
        if name in (*_NO_SETTINGS, *hidden):
            kind: Any = Annotated[field.annotation, Fixed, Suppress]
            parts[name] = (kind, ... if field.is_required() else field.default)
    narrowed = create_model(whole.__name__, __base__=whole, __doc__=whole.__doc__, **parts)
    return narrowed.model_validate(recipe.model_dump())


OLD_OPTIONS = {"--view": "--preparation", "--views": "--cameras"}
"""Options of earlier versions and their present names."""


def under_new_names(arguments: list[str]) -> list[str]:
    """The arguments, with options of earlier versions renamed."""
    parts = [one.partition("=") for one in arguments]
    return [OLD_OPTIONS.get(name, name) + equals + value for name, equals, value in parts]


def last_value(arguments: list[str], flag: str) -> str:
    """The value of an option, the last one if it is repeated; empty if it is missing."""
    values = [one.partition("=")[2] for one in arguments if one.startswith(f"{flag}=")]
    values += [after for one, after in pairwise(arguments) if one == flag]
    return values[-1] if values else ""


def _telling(kind: type[Config], prefix: str, names: tuple[str, ...] = ()) -> type[Config]:
    """The configuration `kind`, whose errors name flags; of pydantic's own tyro makes a box that names a class.

    Its `name` is one of `names`, if there are any, so that help lists them.
    """

    def __init__(self: Config, **values: Any) -> None:
        try:
            kind.__init__(self, **values)
        except ValidationError as error:
            raise SkelactError(out_of_range(error, prefix)) from error

    space = {"__init__": __init__, "__doc__": kind.__doc__, "__module__": kind.__module__}
    telling = type(kind.__name__, (kind,), space)
    if not names:
        return telling
    hint = "With another name, --help shows the options of that one."
    name: Any = (Annotated[Literal[names], arg(help=hint)], kind.model_fields["name"].default)
    return create_model(kind.__name__, __base__=telling, __doc__=kind.__doc__, name=name)


def run_command(command: Command, arguments: list[str], name: str) -> None:
    """Parse the arguments by the signature of a command, and run it."""
    tyro.cli(command, args=arguments, prog=f"skelact {name}", config=(AvoidSubcommands, FlagCreatePairsOff))


def at_least_one(**numbers: int | None) -> None:
    """SkelactError for the first number below 1, naming its option, before a command imports anything slow."""
    for name, number in numbers.items():
        if number is not None and number < 1:
            raise SkelactError(f"--{name.replace('_', '-')} must be at least 1, got {number}")


def choice(command: str, word: str, arguments: list[str], choices: dict[str, str]) -> tuple[str, list[str]]:
    """The first word of a command's arguments, and the rest."""
    if arguments and arguments[0] in choices:
        return arguments[0], arguments[1:]
    if not arguments or arguments[0] in ("-h", "--help"):
        tail = f"skelact {command} {word} --help lists the options of one."
        list_entries(Terminal(highlight=False), tail, choices)
        raise SystemExit(0 if arguments else 2)
    raise SkelactError(f"no {word.lower()} {arguments[0]!r} to {command}; there are {', '.join(choices)}")


def list_entries(console: Console, tail: str, entries: dict[str, Any]) -> None:
    """Print each name with the first line about it, then `tail`."""
    longest = max(map(len, entries))
    for name, entry in entries.items():
        text = entry if isinstance(entry, str) else entry.__doc__ or ""
        console.print(f"  [bold]{name:<{longest}}[/bold]  {text.strip().splitlines()[0]}", soft_wrap=True)
    console.print(tail)


def out_of_range(error: ValidationError, prefix: str = "") -> str:
    """The values that are out of range, each with its option and its first fault."""
    return faults(error, lambda name: "--" + prefix + name.replace("_", "-"))

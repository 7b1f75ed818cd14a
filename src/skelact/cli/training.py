"""The command that pretrains an encoder."""

from pathlib import Path
from shlex import quote
from typing import Annotated, TypeVar

from tyro.conf import UseAppendAction, arg

from skelact.cli.flags import choice, for_flags, last_value, run_command
from skelact.cli.shared import err
from skelact.config import Stream
from skelact.recipes import RECIPES
from skelact.runs import RunFolder
from skelact.system.world import SkelactError
from skelact.train.config import OPTIMISERS, StageConfig, TrainConfig, another_optimiser


def _next(run: Path, store: Path, split: str, stream: Stream | None) -> str:
    """The next command for a run: evaluate on a store with labels, embed on one without."""
    from skelact.data.measurable import measurable
    from skelact.data.store import Store

    which = f" --stream {stream}" if stream else ""
    where = f"{quote(str(run))} --store {quote(str(store))}"
    opened = Store.open(store)
    name = measurable(opened, split)
    if name is None:
        out = run / f"features-{opened.name}{f'-{stream}' if stream else ''}.npz"
        why = "no labels to evaluate by" if (opened.table["action"] < 0).all() else "no split with labels on both sides"
        return f"({why})\n  skelact embed {where} --out {quote(str(out))}{which}"
    seen = "" if name == split else f"(split {split} leaves no labelled test clips)\n  "
    return f"{seen}skelact evaluate knn {where} --split {quote(name)}{which}"


Learned = TypeVar("Learned", TrainConfig, StageConfig)
THEN = "--then"
"""Before the recipe of a further stage and its options."""


def _with_optimiser(recipe: Learned, arguments: list[str]) -> Learned:
    """The recipe with the optimiser that `--optimiser.name` names: which options there are depends on it."""
    name = last_value(arguments, "--optimiser.name")
    if name not in OPTIMISERS:
        return recipe
    return recipe.model_copy(update={"optimiser": another_optimiser(recipe.optimiser, name)})


def _recipe(command: str, arguments: list[str]) -> tuple[str, list[str]]:
    """The recipe that a command line begins with, and the rest."""
    return choice(command, "RECIPE", arguments, {name: make.__doc__ or "" for name, make in RECIPES.items()})


def _by_stage(arguments: list[str]) -> list[list[str]]:
    """The words of the first stage, and of each further one those behind its --then."""
    stages: list[list[str]] = [[]]
    for word in arguments:
        name, equals, value = word.partition("=")
        if name == THEN:
            stages.append([value] if equals else [])
        else:
            stages[-1].append(word)
    return stages


def _further(arguments: list[str], before: str) -> StageConfig:
    """The stage that a recipe and its options ask for; `before` are the words in front of them."""
    recipe, rest = _recipe(before, arguments)
    made = RECIPES[recipe]()
    stage = StageConfig(recipe=recipe, method=made.method, optimiser=made.optimiser, epochs=made.epochs)
    default = for_flags(_with_optimiser(stage, rest), {"optimiser": OPTIMISERS})
    found = [stage]

    def command(config: Annotated[StageConfig, arg(name="")] = default) -> None:
        """Go on with the encoder that the stage before ended with, by another recipe."""
        found.append(StageConfig.model_validate(config.model_dump()))

    run_command(command, rest, f"{before} {recipe}")
    return found[-1]


def pretrain(arguments: list[str]) -> None:
    """Pretrain an encoder on the training clips of stores, without labels."""
    arguments, *further = _by_stage(arguments)
    recipe, rest = _recipe("pretrain", arguments)
    then = [_further(words, f"pretrain {recipe} ... {THEN}") for words in further]

    default = for_flags(_with_optimiser(RECIPES[recipe](), rest), {"optimiser": OPTIMISERS})

    def command(
        store: UseAppendAction[tuple[Path, ...]],
        run: Path,
        split: UseAppendAction[tuple[str, ...]] = (),
        config: Annotated[TrainConfig, arg(name="")] = default,
    ) -> None:
        """Pretrain an encoder without labels. The same command resumes a run that was stopped.

        --then RECIPE, after all other options, adds a stage that trains the encoder further. Options after it are those
        of the stage; --then RECIPE --help lists them.

        Args:
            store: Store to train on; repeat to pool several. Joints are mapped by name to one layout.
            run: Folder of the run.
            split: Split whose training clips are used: one for all stores, or one per store (default: all, which trains
                on every clip and leaves none to test).
        """
        if not store:
            raise SkelactError("expected at least one --store")
        split = split or ("all",)
        from skelact.system import processes
        from skelact.train import pretrain as train

        with processes.joined():
            done = train(
                TrainConfig.model_validate({**config.model_dump(), "then": then}),
                list(store),
                list(split),
                run,
                err,
                config.batch == default.batch,
            )
            first = processes.rank() == 0
        if done.finished and first:
            err.print(f"{run}: {done.total} step{'s' * (done.total > 1)} in {done.seconds:.0f} s; next:", markup=False)
            for one, name in zip(store, split if len(split) > 1 else split * len(store), strict=True):
                for stream in RunFolder(run).streams or (None,):
                    err.print(f"  {_next(run, one, name, stream)}", markup=False)

    run_command(command, rest, f"pretrain {recipe}")

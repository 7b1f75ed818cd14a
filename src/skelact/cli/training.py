"""Commands that learn an encoder."""

from pathlib import Path
from shlex import quote
from typing import Annotated

from tyro.conf import UseAppendAction, arg

from skelact.cli.flags import choice, for_flags, last_value, run_command
from skelact.cli.shared import err
from skelact.config import Stream
from skelact.recipes import RECIPES
from skelact.system.world import SkelactError
from skelact.train.config import OPTIMISERS, TrainConfig, another_optimiser


def _next(run: Path, store: Path, split: str, stream: Stream | None) -> str:
    """The command that shows what a run is worth on a store: with labels evaluation, without them its features."""
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


def _with_optimiser(recipe: TrainConfig, arguments: list[str]) -> TrainConfig:
    """The recipe with the optimiser that `--optimiser.name` names: which options there are depends on it."""
    name = last_value(arguments, "--optimiser.name")
    if name not in OPTIMISERS:
        return recipe
    return recipe.model_copy(update={"optimiser": another_optimiser(recipe.optimiser, name)})


def pretrain(arguments: list[str]) -> None:
    """Learn an encoder from the training clips of stores, without labels."""
    recipe, rest = choice("pretrain", "RECIPE", arguments, {name: make.__doc__ or "" for name, make in RECIPES.items()})

    default = for_flags(_with_optimiser(RECIPES[recipe](), rest), {"optimiser": OPTIMISERS})

    def command(
        store: UseAppendAction[tuple[Path, ...]],
        run: Path,
        split: UseAppendAction[tuple[str, ...]] = (),
        config: Annotated[TrainConfig, arg(name="")] = default,
    ) -> None:
        """Pretrain an encoder without labels; the same command goes on with a run that was stopped.

        Args:
            store: Store to train on; several times to pool several, mapped to one layout by joint name.
            run: Folder of the run.
            split: Split whose training clips are used: one for all stores, or one for each in their order. Left out,
                all: every clip trains and none is left to test.
        """
        if not store:
            raise SkelactError("expected at least one --store")
        split = split or ("all",)
        from skelact.encoders.file import streams_of
        from skelact.system import processes
        from skelact.train import pretrain as train

        with processes.joined():
            done = train(
                TrainConfig.model_validate(config.model_dump()),
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
                for stream in streams_of(run) or (None,):
                    err.print(f"  {_next(run, one, name, stream)}", markup=False)

    run_command(command, rest, f"pretrain {recipe}")

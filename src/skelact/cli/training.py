"""Commands that learn an encoder."""

from pathlib import Path
from typing import Annotated

from tyro.conf import UseAppendAction, arg

from skelact.cli.flags import choice, for_flags, run_command
from skelact.cli.shared import err
from skelact.recipes import RECIPES
from skelact.train.config import TrainConfig
from skelact.world import SkelactError


def pretrain(arguments: list[str]) -> None:
    """Learn an encoder from the training clips of stores, without labels."""
    recipe, rest = choice("pretrain", "RECIPE", arguments, {name: make.__doc__ or "" for name, make in RECIPES.items()})

    default = for_flags(RECIPES[recipe]())

    def command(
        store: UseAppendAction[tuple[Path, ...]],
        split: UseAppendAction[tuple[str, ...]],
        run: Path,
        config: Annotated[TrainConfig, arg(name="")] = default,
    ) -> None:
        """Pretrain an encoder without labels; the same command goes on with a run that was stopped.

        Args:
            store: Store to train on; several times to pool several, mapped to one layout by joint name.
            split: Split whose training clips are used: one for all stores, or one for each in their order.
            run: Folder of the run.
        """
        if not store or not split:
            raise SkelactError("expected at least one --store and one --split; skelact info STORE lists its splits")
        from skelact import processes
        from skelact.encoders.file import streams_of
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
            err.print(f"{run}: {done.total} steps in {done.seconds:.0f} s; next:", markup=False)
            for one, name in zip(store, split if len(split) > 1 else split * len(store), strict=True):
                for stream in streams_of(run) or (None,):
                    which = f" --stream {stream}" if stream else ""
                    err.print(f"  skelact evaluate knn {run} --store {one} --split {name}{which}", markup=False)

    run_command(command, rest, f"pretrain {recipe}")

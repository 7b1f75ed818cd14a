"""Commands that evaluate an encoder on labelled clips and report the results."""

from pathlib import Path
from typing import Annotated, Any

from tyro.conf import Positional, arg

from skelact.cli.flags import at_least_one, choice, for_flags, last_value, run_command
from skelact.cli.shared import check_kind
from skelact.config import Stream
from skelact.evaluation.protocols import all_options, choices
from skelact.system.terminal import Terminal, say
from skelact.train.config import OF_SGD, OPTIMISERS, Tuning, another_optimiser

ALL = "all"


def evaluations() -> dict[str, str]:
    """Choices of `skelact evaluate`, each with one line of help."""
    found = choices()
    left_out = ", ".join(name for name, choice in found.items() if not choice.protocol.in_all)
    words = f"All except {left_out} and the released ones, cheapest first; existing results are kept."
    return {name: choice.words for name, choice in found.items()} | {ALL: words}


def _with_optimiser(recipe: Any, arguments: list[str]) -> Any:
    """The recipe with the optimiser that `--optimiser.name` names: which options there are depends on it."""
    name = last_value(arguments, "--optimiser.name")
    if not isinstance(recipe, Tuning) or name not in OPTIMISERS or name == "sgd":
        return recipe
    return recipe.model_copy(update={"optimiser": another_optimiser(recipe, name)})


def evaluate(arguments: list[str]) -> None:
    """Evaluate a run's encoder on a labelled split, beside random weights."""
    name, rest = choice("evaluate", "PROTOCOL", arguments, evaluations())
    chosen = choices().get(name)
    start = _with_optimiser(chosen.options if chosen else all_options()(), rest)
    own = isinstance(start, Tuning) and start.optimiser
    default = for_flags(start, {"optimiser": ("adam", "adamw")}, OF_SGD if own else ())

    def command(
        run: Positional[Path],
        store: Path,
        split: str,
        seeds: int = 3,
        stream: Stream | None = None,
        controls: Path | None = None,
        config: Annotated[Any, arg(name="", constructor=type(default))] = default,
    ) -> None:
        """Evaluate an encoder. Prints a table and writes RUN/evaluate/PROTOCOL-STORE-SPLIT.json.

        finetune, semi and supervised learn by SGD; with --optimiser.name adam or adamw by that, and --help shows its
        options.

        Args:
            run: Run folder or encoder file.
            store: Labelled store.
            split: Split with test clips; unlabelled clips are left out.
            seeds: Number of trainings and of random encoders for the control.
            stream: Encoder of this stream, if the run learned several (default: the first); supervised: any stream.
            controls: Folder of controls shared by runs with the same network and data (optional).
        """
        at_least_one(seeds=seeds)
        from skelact.evaluation.everything import evaluate_all, summary
        from skelact.evaluation.reading import show
        from skelact.evaluation.run import evaluate_run

        options = type(start).model_validate(config.model_dump())
        if chosen is None:
            results = evaluate_all(run, store, split, seeds, options, stream=stream, controls=controls)
            Terminal(width=None if Terminal().is_terminal else 150, markup=False).print(summary(results))
        else:
            protocol = chosen.protocol.name
            show(evaluate_run(protocol, run, store, split, seeds, options, stream=stream, controls=controls))

    run_command(command, rest, f"evaluate {name}")


def report(runs: Positional[tuple[Path, ...]], out: Path | None = None, table: tuple[Path, ...] = ()) -> None:
    """Write a self-contained HTML report about one or several runs.

    Args:
        runs: Run folders.
        out: HTML file to write (default: RUN/report.html, or report.html beside the first of several runs).
        table: JSON files of tables by skelact reproduce to show too (optional).
    """
    from skelact.report import report as write_report

    if out is not None:
        check_kind(out, ".html")
    say(str(write_report(list(runs), out, table)))

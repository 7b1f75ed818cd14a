"""Commands that measure an encoder on labelled clips, and show what came out."""

from pathlib import Path
from typing import Annotated, Any

from tyro.conf import Positional, arg

from skelact.cli.flags import choice, run_command
from skelact.evaluate.knn import KnnConfig
from skelact.evaluate.linear import LinearConfig
from skelact.evaluate.result import show
from skelact.evaluate.run import evaluate_run
from skelact.report import report as write_report
from skelact.streams import Stream

PROTOCOLS: dict[str, KnnConfig | LinearConfig] = {"knn": KnnConfig(), "linear": LinearConfig()}


def evaluate(arguments: list[str]) -> None:
    """Measure a run's encoder on a labelled split, beside random weights."""
    protocol, rest = choice(
        "evaluate", "PROTOCOL", arguments, {"knn": "Nearest neighbours.", "linear": "A linear classifier."}
    )

    def command(
        run: Positional[Path],
        store: Path,
        split: str,
        seeds: int = 3,
        stream: Stream | None = None,
        config: Annotated[Any, arg(name="", constructor=type(PROTOCOLS[protocol]))] = PROTOCOLS[protocol],
    ) -> None:
        """Evaluate frozen features; prints a table and writes RUN/evaluate/PROTOCOL-STORE-SPLIT.json.

        Args:
            run: Run folder or encoder file.
            store: Labelled store.
            split: Split of the store.
            seeds: Classifiers, and random encoders of the control row.
            stream: Which encoder of a run that learned several streams together; its first one unless told.
        """
        show(evaluate_run(protocol, run, store, split, seeds, config, stream=stream))

    run_command(command, rest, f"evaluate {protocol}")


def report(runs: Positional[tuple[Path, ...]], out: Path | None = None) -> None:
    """Write one self-contained HTML page about one or several runs.

    Args:
        runs: Run folders.
        out: File to write; report.html in the first run unless told.
    """
    print(write_report(list(runs), out))

"""The base class of protocols: name, options, measurement, type of result, and how that is shown.

Files here import PyTorch only inside `measure`, so that the command line and its help do not need it. Types that do are
given by their full names below.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Generic, NamedTuple, TypeAlias, TypeVar

from rich.table import Table

from skelact.config import Config, Stream
from skelact.evaluation.results.outcome import Evaluation, Result
from skelact.evaluation.results.scored import Scored
from skelact.evaluation.results.table import (
    Figure,
    Row,
    accuracy_table,
    beside_control,
    figure_table,
)

if TYPE_CHECKING:
    import numpy
    import torch

    import skelact.data.store
    import skelact.encoders.loaded
    import skelact.evaluation.case
    import skelact.train.task

Case: TypeAlias = "skelact.evaluation.case.Case"
Task: TypeAlias = "skelact.train.task.Task"
LoadedEncoder: TypeAlias = "skelact.encoders.loaded.LoadedEncoder"
Store: TypeAlias = "skelact.data.store.Store"
Tensor: TypeAlias = "torch.Tensor"
Array: TypeAlias = "numpy.ndarray"

Options = TypeVar("Options", bound=Config)
Kind = TypeVar("Kind", bound=Evaluation)


class Preset(NamedTuple):
    """Options under a name of their own: `skelact evaluate PROTOCOL-PRESET`."""

    name: str
    words: str
    options: Config


class Protocol(Generic[Options, Kind]):
    """One way to measure an encoder on labelled clips. `PROTOCOLS` lists all of them, the cheapest first."""

    name: ClassVar[str]
    words: ClassVar[str]
    """One line for the list of protocols on the command line."""
    options: ClassVar[type[Config]]
    """Settings; the defaults are those of the protocol."""
    result: ClassVar[type[Evaluation]]
    """Type of its results."""
    presets: ClassVar[tuple[Preset, ...]] = ()
    in_all: ClassVar[bool] = True
    """Whether `skelact evaluate all` runs it."""
    uses_weights: ClassVar[bool] = True
    """Whether it uses the encoder's weights; False if it starts from random weights of the same shape."""
    paper_method: ClassVar[str] = ""
    """Method name under which papers publish its numbers, if it is not the encoder's."""
    reading: ClassVar[str] = ""
    """A sentence for the report about its figures or its control (optional)."""
    no_better: ClassVar[str] = "by this protocol the encoder is no better than random weights"
    """Meaning of a figure that is not above its control."""
    warning: ClassVar[str] = (
        "The encoder has learned nothing that this protocol can use, or its weights are not the ones that were trained."
    )
    """The same, for the report."""

    def measure(self, case: Case, options: Options, seeds: Sequence[int], name: str) -> Scored:
        """Measure the encoder of the case beside its control. `name` is that of the result's files."""
        raise NotImplementedError(f"{self.name} only shows results")

    def start(self, path: Path, store: Store, options: Options, stream: Stream | None) -> LoadedEncoder:
        """The encoder to measure. SkelactError where there is no such run, encoder file or stream."""
        from skelact.encoders.file import load_encoder
        from skelact.evaluation.results.identity import expect_run

        expect_run(path)
        return load_encoder(path, stream)

    def finish(self, path: Path, case: Case, split: str) -> None:
        """Called after the measurement, before the result is written."""

    def variant(self, recipe: Mapping[str, Any]) -> str:
        """Suffix of file names for results of different options; empty if a new result replaces the old one.

        `recipe` holds the options as a result does.
        """
        return ""

    def setting(self, recipe: Mapping[str, Any]) -> str:
        """The variant as `published.csv` writes it."""
        return ""

    def precision(self, options: Options) -> str:
        """Precision of its training."""
        return getattr(options, "precision", "float32")

    def all_options(self) -> dict[str, tuple[Any, Any]]:
        """Type and default of its options in `skelact evaluate all`, by name."""
        return {self.name: (self.options, self.options())}

    def planned(self, everything: Config, names: Array, labels: Array) -> Iterator[Options]:
        """The evaluations that `all` makes with its options; `names` and `labels` are those of the train clips."""
        yield getattr(everything, self.name)

    def figures(self, result: Kind) -> list[Figure]:
        """What `all` and the report list; the first one is compared with the control in words."""
        raise NotImplementedError

    def how(self, result: Kind) -> str:
        """How `last` was obtained, for the report; used for accuracies only."""
        return ""

    def verdict(self, result: Kind) -> str:
        """The result in one sentence."""
        name, last, _, _, control, _ = self.figures(result)[0]
        return f"{name}: {last:.1f}" if control is None else beside_control(name, last, control, self.no_better)

    def table(self, result: Kind) -> Table:
        """The result on the terminal."""
        return figure_table(result, self.figures(result), self.verdict(result))


class Classifying(Protocol[Options, Result]):
    """A protocol that gives every test clip a class, so that its results are accuracies."""

    result = Result

    def headline(self, result: Result) -> str:
        """Name of the accuracy in tables of all protocols."""
        return "top 1"

    def rows(self, result: Result) -> list[Row]:
        """Its accuracies on the terminal, each with how it was obtained."""
        raise NotImplementedError

    def figures(self, result: Result) -> list[Figure]:
        scaled = result.standardised and result.standardised.top1
        numbers = (result.last.top1, result.best.top1, scaled, result.control.top1, result.std)
        return [Figure(self.headline(result), *numbers)]

    def verdict(self, result: Result) -> str:
        return beside_control("last", result.last.top1, result.control.top1, self.no_better)

    def table(self, result: Result) -> Table:
        return accuracy_table(result, self.rows(result), self.verdict(result), result.std)

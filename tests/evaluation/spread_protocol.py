"""A throw-away protocol with a kind of result of its own, whole in one file: how far classes lie apart."""

from collections.abc import Sequence
from statistics import fmean

from skelact.config import Config
from skelact.evaluation.protocols.protocol import Case, Protocol, Task
from skelact.evaluation.results.outcome import Evaluation
from skelact.evaluation.results.scored import Scored
from skelact.evaluation.results.table import Figure


class SpreadConfig(Config):
    """Nothing to choose."""


class Spread(Evaluation):
    """One evaluation of how far classes lie apart."""

    apart: float
    """Per cent of the variance of test features that lies between the means of classes."""
    standardised: float
    control: float


class SpreadProtocol(Protocol[SpreadConfig, Spread]):
    """How much of the variance lies between classes."""

    name = "spread"
    words = "Variance between classes."
    options = SpreadConfig
    result = Spread
    reading = "Spread: share of the variance between classes."

    def measure(self, case: Case, options: SpreadConfig, seeds: Sequence[int], name: str) -> Scored:
        from skelact.evaluation.control import of_random
        from skelact.train.task import standardised

        trained = case.task(case.encoder)
        plain, scaled = of_random(case.encoder.card, seeds, case.task, lambda task, _: apart(task))
        fields = {
            "apart": apart(trained),
            "standardised": apart(standardised(trained)),
            "control": max(fmean(plain), fmean(scaled)),
        }
        return Scored(fields, (trained.test - trained.test.mean(0)).norm(dim=1).cpu(), "distance")

    def figures(self, result: Spread) -> list[Figure]:
        return [Figure("between classes", result.apart, None, result.standardised, result.control)]


def apart(task: Task) -> float:
    """Per cent of the variance that lies between the means of classes."""
    centred = task.test - task.test.mean(0)
    between = sum(
        float((task.test_labels == label).sum()) * float(centred[task.test_labels == label].mean(0).square().sum())
        for label in task.test_labels.unique()
    )
    return 100 * between / float(centred.square().sum())

"""Shared by classification protocols that train for some epochs and test after several of them."""

from collections.abc import Mapping
from typing import Any

from skelact.evaluation.protocols.protocol import Classifying, Options
from skelact.evaluation.results.outcome import Result
from skelact.evaluation.results.table import Row, control_rows, seeds_in_words


class Trained(Classifying[Options]):
    """A linear layer, or a whole network and a linear layer, learn labels."""

    def training(self, recipe: Mapping[str, Any]) -> Mapping[str, Any]:
        """The options of the training that gave `last` and `best`."""
        return recipe

    def rows(self, result: Result) -> list[Row]:
        training, seeds = self.training(result.recipe), seeds_in_words(result.seeds)
        learned = f"after epoch {training['epochs']}" + (", network and head" if result.standardised is None else "")
        tests = -(-training["epochs"] // training.get("test_every", 1))
        return [
            Row("last", result.last, f"{learned}, {seeds}"),
            Row("best", result.best, f"best of {tests} test epochs, chosen on the test clips, {seeds}"),
            *control_rows(result, result.seeds),
        ]

    def how(self, result: Result) -> str:
        training = self.training(result.recipe)
        epochs, lr = training.get("epochs", "?"), training.get("optimiser", training).get("lr", "?")
        what = "one linear layer on frozen features" if result.standardised else "network and linear layer trained"
        what += f" by {training['optimiser']['name']}" if "optimiser" in training else ""
        return f"{what}, {epochs} epoch{'s' * (epochs != 1)}, learning rate {lr}, {seeds_in_words(result.seeds)}"

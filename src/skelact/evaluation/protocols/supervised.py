"""Supervised: the same network learns all labels from random weights; `train/scratch.py` says which network."""

from collections.abc import Sequence
from pathlib import Path

from skelact.config import Stream
from skelact.evaluation.protocols.protocol import Case, LoadedEncoder, Store
from skelact.evaluation.protocols.trained import Trained
from skelact.evaluation.results.outcome import Control
from skelact.evaluation.results.scored import Scored
from skelact.train.labels import SupervisedConfig


class SupervisedProtocol(Trained[SupervisedConfig]):
    """What training from scratch gives, compared with a linear layer on random weights."""

    name = "supervised"
    words = "The same network from random weights; RUN may be a new folder."
    options = SupervisedConfig
    uses_weights = False
    paper_method = "st-gcn"
    reading = "Control of supervised: a linear layer on random weights."
    no_better = "training the network gave no more than a linear layer on its random weights"
    warning = "Training the network gave no more than a linear layer on its random weights."

    def start(self, path: Path, store: Store, options: SupervisedConfig, stream: Stream | None) -> LoadedEncoder:
        """A random network of the run's shape; without a run, of the default shape."""
        from skelact.train.scratch import scratch

        return scratch(path, store, options, stream)

    def finish(self, path: Path, case: Case, split: str) -> None:
        from skelact.train.scratch import claim

        if path == case.folder:  # not beside an encoder file
            claim(case.folder, case.store, case.prepared.hash, split)

    def measure(self, case: Case, options: SupervisedConfig, seeds: Sequence[int], name: str) -> Scored:
        from skelact.encoders.file import random_encoder
        from skelact.evaluation.control import control
        from skelact.evaluation.sharing import shared
        from skelact.evaluation.tuned import scored, trainings
        from skelact.train.linear import linear

        card = case.encoder.card
        starts, rows = {seed: random_encoder(card, seed) for seed in seeds}, dict.fromkeys(seeds, case.rows.train)
        found = trainings(case, options, starts, rows, self.name)

        def untrained() -> Control:
            made = control(card, seeds, case.task, lambda task, seed: linear(task, (seed,)).last[0])
            return made.model_copy(update={"how": "linear layer (100 epochs, lr 3) on a frozen random encoder"})

        return scored(found, shared(case, options, rows, untrained))

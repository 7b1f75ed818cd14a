"""Transfer: an encoder on a store that it was not pretrained on, another skeleton too: linear and fine-tuned."""

from collections.abc import Mapping, Sequence
from typing import Any

from skelact.config import Config
from skelact.evaluation.protocols.finetune import FinetuneConfig, FinetuneProtocol
from skelact.evaluation.protocols.linear import LinearProtocol
from skelact.evaluation.protocols.protocol import Case
from skelact.evaluation.protocols.trained import Trained
from skelact.evaluation.results.outcome import Accuracies, Result
from skelact.evaluation.results.scored import Scored
from skelact.evaluation.results.table import Row, control_rows, seeds_in_words
from skelact.system.world import SkelactError
from skelact.train.labels import LinearConfig


class TransferConfig(Config):
    """Settings of both protocols on the other store."""

    linear: LinearConfig = LinearConfig()
    finetune: FinetuneConfig = FinetuneConfig()


class TransferProtocol(Trained[TransferConfig]):
    """What an encoder is worth on another store: linear evaluation, then fine-tuning, each beside its control."""

    name = "transfer"
    words = "linear and finetune on another store than the run was pretrained on."
    options = TransferConfig
    in_all = False  # on a store new to the run it is linear and finetune

    def measure(self, case: Case, options: TransferConfig, seeds: Sequence[int], name: str) -> Scored:
        """SkelactError if the run was pretrained on this store: use `linear` and `finetune` then."""
        from skelact.evaluation.pretrained import pretrained_on

        if case.prepared.hash in pretrained_on(case):
            raise SkelactError(
                f"the run was pretrained on {case.store.name}, so this is no transfer; "
                "give another --store, or use evaluate linear and evaluate finetune"
            )
        layer = LinearProtocol().measure(case, options.linear, seeds, name)
        tuned = FinetuneProtocol().measure(case, options.finetune, seeds, name)
        return Scored({**tuned.fields, "frozen": Accuracies(**layer.fields)}, tuned.scores, network=tuned.network)

    def precision(self, options: TransferConfig) -> str:
        return options.finetune.precision

    def training(self, recipe: Mapping[str, Any]) -> Mapping[str, Any]:
        return recipe["finetune"]

    def rows(self, result: Result) -> list[Row]:
        rows, frozen, seeds = super().rows(result), result.frozen, seeds_in_words(result.seeds)
        if frozen:
            rows.append(Row("linear, last", frozen.last, f"linear layer on the frozen encoder, {seeds}"))
            rows.append(Row("linear, best", frozen.best, f"its best test epoch, {seeds}"))
            rows += [row._replace(name=f"linear, {row.name}") for row in control_rows(frozen, result.seeds)]
        return rows

    def how(self, result: Result) -> str:
        if not result.frozen:
            return super().how(result)
        last, control = result.frozen.last.top1, result.frozen.control.top1
        return f"{super().how(result)}; a linear layer on the frozen encoder gets {last:.1f} (control {control:.1f})"

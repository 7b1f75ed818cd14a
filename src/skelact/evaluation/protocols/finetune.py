"""Fine-tuning: the pretrained network and a new linear head learn all labels."""

from collections.abc import Sequence

from skelact.evaluation.protocols.protocol import Case, Preset
from skelact.evaluation.protocols.trained import Trained
from skelact.evaluation.results.scored import Scored
from skelact.train.labels import TuneConfig


class FinetuneConfig(TuneConfig):
    """The pretrained network and a new linear head learn all labels."""


def finetune_released() -> FinetuneConfig:
    """As SkeAttnCLR's program fine-tunes joints of NTU-60, cross-subject."""
    return FinetuneConfig(lr=0.008, weight_decay=0, network_mode="eval")


class FinetuneProtocol(Trained[FinetuneConfig]):
    """What all labels give, compared with the same training from random weights."""

    name = "finetune"
    words = "The whole network learns from all labels."
    options = FinetuneConfig
    presets = (
        Preset(
            "released",
            "finetune as in a published program: network in evaluation mode, no weight decay.",
            finetune_released(),
        ),
    )

    def measure(self, case: Case, options: FinetuneConfig, seeds: Sequence[int], name: str) -> Scored:
        from skelact.evaluation.tuned import tuned

        return tuned(case, options, dict.fromkeys(seeds, case.rows.train), "finetune")

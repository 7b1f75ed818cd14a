"""Every method at equal width and about equal steps, by four protocols, beside its control: part of docs/results.md."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from real import POOLED, SETS, pretrain, there

from skelact.data.splits import split as split_of
from skelact.data.store import Store
from skelact.encoders.file import load_encoder, random_encoder, save_encoder
from skelact.evaluation.protocols import protocol_named
from skelact.evaluation.protocols.knn import KnnConfig
from skelact.evaluation.reading import read_result
from skelact.evaluation.results.outcome import Result
from skelact.evaluation.run import evaluate_run, results_folder
from skelact.evaluation.subset import chosen
from skelact.train.labels import LinearConfig

METHODS = {
    "skeletonclr": "SkeletonCLR",
    "aimclr": "AimCLR",
    "skeattnclr": "SkeAttnCLR",
    "crossclr": "CrosSCLR",
    "aimclr-3s": "3s-AimCLR§",
}
TOGETHER = ("crossclr", "aimclr-3s")
"""Methods of one run for all three streams."""
STREAMS = ("joint", "motion", "bone")
FROZEN = ("knn", "linear")
TUNED = ("semi", "finetune")
PROTOCOLS = (*FROZEN, *TUNED)
EPOCHS = {"pooled": 20, "sbu": 60}
"""About 420 steps of batch 64 on the pooled sets, 360 to 420 of batch 32 on a fold."""
SEEDS = 3
"""Random encoders, and classifiers of the frozen protocols, on the pooled sets; elsewhere one a split."""
STEPS = {"semi": 120, "finetune": 390, "supervised": 390}
BATCH = {"semi": 16}
RATE = {"supervised": {"lr": 0.05}}
FALLS = {"supervised": ((1, 2), (4, 5))}
"""Shares of the epochs after which the rate falls, where they are not 2/5 and 2/3."""
SHARE = {"semi": 0.1}
"""Share of the labels that is learned."""
AS_IS = {"knn": KnnConfig(cap=False), "linear": LinearConfig()}
"""Protocols that train no network: k = 20 in every set and fold."""


class Trial(NamedTuple):
    """One pretraining: of a method and stream, on the pooled sets with a seed, or on a fold."""

    method: str
    stream: str
    where: str
    """pooled or sbu."""
    number: int
    """The seed, or the fold."""

    def run(self, work: Path) -> Path:
        """Its folder; methods of all three streams have one for them."""
        stream = "" if self.stream == "joint" or self.method in TOGETHER else f"-{self.stream}"
        name = f"{self.method}-{EPOCHS[self.where]}{stream}"
        return work / "folds" / f"{name}-fold{self.number}" if self.where == "sbu" else work / f"{name}-{self.number}"

    @property
    def tests(self) -> dict[str, str]:
        """Splits that its encoder is tested on, by set; their training clips were those of pretraining."""
        if self.where == "sbu":
            return {"sbu": SETS["sbu"].splits[self.number]}
        return {name: SETS[name].splits[0] for name in POOLED}


@dataclass(frozen=True)
class Bench:
    """Where everything is kept, and whether what is missing there is made."""

    stores: dict[str, Path]
    work: Path
    make: bool = True

    def pretrained(self, trial: Trial) -> None:
        """Pretrain it, or go on, unless nothing is to be made."""
        if self.make:
            options = ["--epochs", str(EPOCHS[trial.where])]
            options += ["--batch", "32"] if trial.where == "sbu" else ["--seed", str(trial.number)]
            options += [] if trial.method in TOGETHER else ["--stream", trial.stream]
            parts = {self.stores[name]: split for name, split in trial.tests.items()}
            pretrain(trial.run(self.work), trial.method, parts, *options)

    def results(self, trial: Trial, name: str, protocol: str) -> Result | None:
        """One evaluation of a trial's encoder on a set."""
        run = trial.run(self.work)
        if not there(run):
            return None
        seeds = SEEDS if protocol in FROZEN and trial.where == "pooled" else 1
        stream = trial.stream if trial.method in TOGETHER else None
        return self.scored(protocol, run, name, trial.tests[name], seeds, stream)

    def untrained(self, name: str, protocol: str, seed: int) -> Result | None:
        """The same training from random weights of another seed: the encoders' spread, as that of pretrainings is."""
        file = self.work / f"random-{seed}.safetensors"
        if not file.exists():
            if not self.make:
                return None
            card = load_encoder(Trial("skeletonclr", "joint", "pooled", 0).run(self.work)).card
            random = random_encoder(card, seed)
            save_encoder(file, random.network, random.card)
        return self.scored(protocol, file, name, SETS[name].splits[0], 1)

    def scored(self, protocol: str, run: Path, name: str, split: str, seeds: int, stream: Any = None) -> Result | None:
        """An evaluation by accuracy, with the numbers of this comparison; what is there is read.

        None: it is not there, and nothing is to be made.
        """
        store, given = self.stores[name], recipe(protocol, self.stores[name], split, SETS[name].batch)
        if not self.make:
            variant = "-".join(filter(None, (protocol_named(protocol).variant(given.model_dump()), stream)))
            file = results_folder(run) / "evaluate" / f"{Result.name_of(protocol, name, split, variant)}.json"
            found = read_result(file) if file.exists() else None
            same = found and (found.recipe, found.seeds) == (given.model_dump(mode="json"), seeds)
            return found if isinstance(found, Result) and same else None
        controls = self.work / "controls"
        found = evaluate_run(protocol, run, store, split, seeds, given, stream=stream, reuse=True, controls=controls)
        assert isinstance(found, Result)
        return found


def recipe(protocol: str, store: Path, split: str, batch: int) -> Any:
    """As many epochs as give the steps of this comparison; the rate falls at the same shares of them as published."""
    if protocol in AS_IS:
        return AS_IS[protocol]
    opened = Store.open(store)
    train = split_of(opened, split).train
    learned, batch = SHARE.get(protocol, 1.0), BATCH.get(protocol, batch)
    clips = len(chosen(opened.table["name"][train], opened.table["action"][train], learned, 0))
    epochs = round(STEPS[protocol] / max(1, clips // batch))
    milestones = tuple(epochs * part // whole for part, whole in FALLS.get(protocol, ((2, 5), (2, 3))))
    given = {"epochs": epochs, "batch": batch, "precision": "bf16", "milestones": milestones}
    return protocol_named(protocol).options.model_validate(given | RATE.get(protocol, {}))

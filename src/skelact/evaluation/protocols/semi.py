"""Semi-supervised: as fine-tuning, with the labels of a share of the train clips."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import Field

from skelact.config import Config
from skelact.evaluation.protocols.protocol import Array, Case, Preset
from skelact.evaluation.protocols.trained import Trained
from skelact.evaluation.results.scored import Scored
from skelact.runs import RunFolder
from skelact.system.terminal import tell
from skelact.train.labels import PerClass, TuneConfig


class SemiConfig(TuneConfig):
    """As finetune, with the labels of a share of the train clips."""

    share: float = Field(default=0.1, gt=0, le=1)
    """Share of the clips of every class that keep their labels."""
    per_class: PerClass = "at_least_one"
    """at_least_one: the share rounded half up, at least one clip per class; released: half to even, possibly none."""


def semi_released() -> SemiConfig:
    """As SkeAttnCLR's program learns a tenth of the labels of joints of NTU-60, cross-subject."""
    return SemiConfig(weight_decay=0, network_mode="eval", per_class="released")


class SemiProtocol(Trained[SemiConfig]):
    """What a few labels give, compared with the same training from random weights."""

    name = "semi"
    words = "The whole network learns from a share of the labels."
    options = SemiConfig
    presets = (
        Preset(
            "released",
            "semi as in a published program: network in evaluation mode, no weight decay.",
            semi_released(),
        ),
    )

    def measure(self, case: Case, options: SemiConfig, seeds: Sequence[int], name: str) -> Scored:
        """Each seed's subset is written as `<name>-seed<seed>.csv` among the results; an existing file is used."""
        from skelact.evaluation.subset import kept_or_chosen, label_files
        from skelact.evaluation.tuned import tuned

        train = case.rows.train
        files = {seed: RunFolder(case.folder).subset(name, seed) for seed in seeds}
        names, labels = case.names[train], case.labels[train]
        rows = {
            seed: train[kept_or_chosen(file, names, labels, options.share, seed, options.per_class)]
            for seed, file in files.items()
        }
        found = tuned(case, options, rows, f"semi {100 * options.share:g} %")
        found.fields.update(labels=label_files(files.values()), train_clips=len(rows[seeds[0]]))
        return found

    def variant(self, recipe: Mapping[str, Any]) -> str:
        """The choice of labels: 10pct, or 10pct-released, which are other clips."""
        released = recipe.get("per_class") == "released"
        return f"{100 * _share(recipe):g}pct" + ("-released" if released else "")

    def setting(self, recipe: Mapping[str, Any]) -> str:
        return f"{100 * _share(recipe):g}%"

    def all_options(self) -> dict[str, tuple[Any, Any]]:
        """Several shares, with the same training."""
        shares = Field(default=(0.01, 0.05, 0.1), min_length=1, description="Shares of the labels for semi.")
        return {"shares": (tuple[float, ...], shares), self.name: (TuneConfig, TuneConfig())}

    def planned(self, everything: Config, names: Array, labels: Array) -> Iterator[SemiConfig]:
        """A share that keeps the same clips as a smaller one is left out."""
        from skelact.evaluation.subset import chosen

        asked = everything.model_dump(include={"shares", self.name})
        known: dict[int, float] = {}  # subsets of a seed grow with the share: as many clips are the same clips
        for share in sorted(set(asked["shares"])):
            options = SemiConfig(**asked[self.name], share=share)
            clips = len(chosen(names, labels, share, 0))
            if clips in known:
                text = f"semi {100 * share:g} %: the same {clips} clips as {100 * known[clips]:g} %, left out"
                tell(text)
                continue
            known[clips] = share
            yield options


def _share(recipe: Mapping[str, Any]) -> float:
    return recipe.get("share", SemiConfig().share)

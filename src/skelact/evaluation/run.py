"""One evaluation from files to files: `skelact evaluate`."""

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from skelact import __version__
from skelact.data.rates import common_rate, median_seconds
from skelact.data.store import Store
from skelact.encoders.file import LoadedEncoder, load_encoder, save_encoder
from skelact.evaluation.case import Case, Scored
from skelact.evaluation.clustering import clustering
from skelact.evaluation.config import (
    RECIPES,
    AnyRecipe,
    ClusteringConfig,
    FinetuneConfig,
    RetrievalConfig,
    SemiConfig,
    SupervisedConfig,
    TransferConfig,
)
from skelact.evaluation.features import encoder_hash
from skelact.evaluation.finetune import finetune, label_files, semi, supervised
from skelact.evaluation.frozen import frozen
from skelact.evaluation.identity import content_hash, expect_run, free_variant
from skelact.evaluation.published import published, published_name
from skelact.evaluation.result import (
    AnyResult,
    PublishedNumber,
    Result,
    kind_of,
    read_result,
    without_idle_top5,
    write_result,
)
from skelact.evaluation.retrieval import retrieval
from skelact.evaluation.scratch import claim, has_no_run, scratch
from skelact.evaluation.transfer import seen_before, transfer
from skelact.maths.streams import Stream
from skelact.runs import RunFolder
from skelact.system import processor
from skelact.system.printable import printable
from skelact.system.terminal import tell
from skelact.system.world import SkelactError, check_writable, machine


def evaluate_run(
    protocol: str,
    run_or_encoder: Path,
    store: Path,
    split: str,
    seeds: int = 3,
    recipe: AnyRecipe | None = None,
    progress: bool = True,
    stream: Stream | None = None,
    reuse: bool = False,
    controls: Path | None = None,
) -> AnyResult:
    """Evaluate the encoder of a run folder, or an encoder file, on a split of a store, beside its control.

    Writes `evaluate/<protocol>-<store>-<split>.json` and `.npz` into the run (for an encoder file: into the folder
    `<its name>-evaluation` beside it); a result of another store of that name is left as it is, and the name ends in
    the first letters of the store's hash. It keeps features in `features/` there. A network that learned is written
    beside them as an encoder file with its head. A run that learned several streams together has an encoder each:
    `stream` says which, by default the first one, and ends the name of the files; supervised learns any stream.
    With `reuse` a result that is there already, of the same encoder, clips, split, recipe and seeds, is read and
    nothing is run. `controls` is a folder where controls by accuracy are kept and, if they are there already, of the
    same clips, labels, settings, seeds and shape of network, taken from.

    SkelactError: no such protocol, encoder, stream, store or split; a recipe of another protocol; no labelled clips to
    test; joints or units that do not map; a result that could not be written.
    """
    start = time.perf_counter()
    recipe = _recipe(protocol, recipe)
    if seeds < 1:
        raise SkelactError(f"seeds must be at least 1, got {seeds}")
    folder = results_folder(run_or_encoder)
    if isinstance(recipe, SupervisedConfig):
        opened = Store.open(store)
        alone = has_no_run(run_or_encoder)
        encoder = scratch(run_or_encoder, opened, recipe, stream)
        if alone:
            _tell_alone(run_or_encoder, encoder)
    else:
        expect_run(run_or_encoder)
        alone, encoder, opened = False, load_encoder(run_or_encoder, stream), Store.open(store)
    case = Case.open(encoder, opened, split, folder, progress, controls)
    same = _identity(protocol, recipe, case, split, seeds)
    named = encoder.card.stream if RunFolder(folder).streams or (stream and protocol == "supervised") else ""
    name_of = partial(kind_of(protocol).name_of, protocol, opened.name, split)
    told = (recipe.percent if isinstance(recipe, SemiConfig) else "", named)
    variant = free_variant(RunFolder(folder).results, name_of, told, same["content"], same["store_hash"])
    name = name_of(variant)
    if reuse and (kept := _kept(RunFolder(folder).results / f"{name}.json", same)):
        tell(f"{name}: there already, of the same encoder, clips, settings and seeds; not run again")
        return kept
    check_writable(RunFolder(folder).results, f"{name}.safetensors")
    tuned = recipe.finetune if isinstance(recipe, TransferConfig) else recipe
    if slow := processor.doubt(getattr(tuned, "precision", "float32"), case.device):
        tell(f"warning: {slow}")
    scored = measure(case, recipe, range(seeds), name)
    common = {
        **same,
        "variant": variant,
        "store": printable(opened.name),
        "notes": (*case.notes, *seen_before(case)),
        "dataset": opened.meta.dataset,
        "method": protocol if protocol == "supervised" else encoder.card.method,
        "stream": encoder.card.stream,
        "classes": case.answers.present,
        "train_clips": len(case.rows.train),
        "test_clips": len(case.rows.test),
        "majority": case.answers.majority,
        "chance": 100 / case.answers.present,
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "skelact": __version__,
        "machine": machine(),
        "seconds": time.perf_counter() - start,
    }
    if kind_of(protocol) is Result:
        common["published"] = _published(recipe, protocol, common["method"], encoder, opened, split)
    result = kind_of(protocol)(**{**common, **scored.fields})
    if isinstance(result, Result):
        result = without_idle_top5(result)
    test = case.rows.test
    if alone:
        claim(folder, opened, case.prepared.hash, split)
    if scored.network is not None:
        _save(RunFolder(folder).results / f"{name}.safetensors", scored.network, result, case)
    write_result(
        result, RunFolder(folder).results, case.names[test], case.labels[test], scored.scores.numpy(), scored.what
    )
    return result


def measure(case: Case, recipe: AnyRecipe, seeds: Sequence[int], name: str) -> Scored:
    """Run the protocol that a recipe belongs to; `name` is that of its result."""
    if isinstance(recipe, SemiConfig):
        return semi(case, recipe, seeds, name)
    if isinstance(recipe, FinetuneConfig):
        return finetune(case, recipe, seeds)
    if isinstance(recipe, SupervisedConfig):
        return supervised(case, recipe, seeds)
    if isinstance(recipe, TransferConfig):
        return transfer(case, recipe, seeds)
    if isinstance(recipe, RetrievalConfig):
        return retrieval(case, recipe, seeds)
    if isinstance(recipe, ClusteringConfig):
        return clustering(case, recipe, seeds)
    return frozen(case, recipe, seeds)


def results_folder(run_or_encoder: Path) -> Path:
    """Where results about an encoder go: its run folder, or `<name>-evaluation` beside an encoder file."""
    path = Path(run_or_encoder)
    if path.is_dir() or has_no_run(path):
        return path
    if RunFolder(path.parent).has_encoder(path):
        return path.parent
    return path.parent / f"{path.stem}-evaluation"


def _recipe(protocol: str, recipe: AnyRecipe | None) -> AnyRecipe:
    if protocol not in RECIPES:
        raise SkelactError(f"no protocol {protocol!r}; there are {', '.join(RECIPES)}")
    if recipe is not None and not isinstance(recipe, RECIPES[protocol]):
        raise SkelactError(f"{protocol} takes a {RECIPES[protocol].__name__}, got a {type(recipe).__name__}")
    return recipe or RECIPES[protocol]()


def _identity(protocol: str, recipe: AnyRecipe, case: Case, split: str, seeds: int) -> dict[str, Any]:
    """What makes two evaluations the same one."""
    return {
        "protocol": protocol,
        "recipe": recipe.model_dump(mode="json"),
        "store_hash": case.prepared.hash,
        "content": content_hash(case.store),
        "scale": case.scale,
        "split": split,
        "rule": case.rows.rule,
        "encoder_hash": encoder_hash(case.encoder),
        "seeds": seeds,
    }


def _kept(path: Path, same: dict[str, Any]) -> AnyResult | None:
    """The result at `path`, if it and what lies beside it are of this very evaluation."""
    if not path.exists() or not path.with_suffix(".npz").exists():
        return None
    kept = read_result(path)
    try:  # what an older skelact did not have has its default; a default is never changed
        recipe = RECIPES[kept.protocol].model_validate(kept.recipe).model_dump(mode="json")
    except (KeyError, ValidationError):
        return None
    if any(value != (recipe if key == "recipe" else getattr(kept, key)) for key, value in same.items()):
        return None
    if isinstance(kept, Result):
        files = [path.parent / name for name in kept.labels]
        if not all(file.exists() for file in files) or label_files(files) != kept.labels:
            return None
    return kept


def _save(path: Path, network: LoadedEncoder, result: AnyResult, case: Case) -> None:
    """The network of the first seed after its last epoch, with its head: an encoder file that `classify` takes."""
    origin = f"{result.protocol} on {result.store}, split {result.split}, seed 0; from {network.card.origin}"
    of_clips = {
        "classes": case.store.classes,
        "frame_rate": common_rate([case.store]),
        "seconds": median_seconds([case.store], [case.rows.train], case.prepared.preparation),
    }
    card = network.card.model_copy(update={"method": result.method, "origin": origin, **of_clips})
    save_encoder(path, network.network, card, network.head)


def _tell_alone(path: Path, encoder: LoadedEncoder) -> None:
    card = encoder.card
    tell(
        f"{path}: no run there; a network of {card.encoder.size} for {card.frames} frames, "
        f"preparation {card.preparation}, {card.stream} stream, is trained "
        "from random weights, and its results go there"
    )


def _published(
    recipe: AnyRecipe, protocol: str, method: str, encoder: LoadedEncoder, store: Store, split: str
) -> PublishedNumber | None:
    """The published number for exactly this, where there is one."""
    known = store.table["action"][store.table["action"] >= 0]
    dataset = published_name(store.meta.dataset, len(set(known.tolist())), len(known))
    setting = f"{100 * recipe.share:g}%" if isinstance(recipe, SemiConfig) else ""
    found = published(dataset, split, method, encoder.card.stream, protocol, setting)
    return found and PublishedNumber(top1=found.top1, source=found.source)

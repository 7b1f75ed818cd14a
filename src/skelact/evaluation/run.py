"""One evaluation from files to files: `skelact evaluate`."""

import time
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from skelact import __version__
from skelact.config import Config
from skelact.data.rates import common_rate, median_seconds
from skelact.data.store import Store
from skelact.encoders.file import save_encoder
from skelact.encoders.loaded import LoadedEncoder
from skelact.evaluation.case import Case
from skelact.evaluation.features import encoder_hash
from skelact.evaluation.pretrained import seen_before
from skelact.evaluation.protocols import AnyProtocol, protocol_named
from skelact.evaluation.reading import read_result
from skelact.evaluation.results.files import without_idle_top5, write_result
from skelact.evaluation.results.identity import content_hash, free_variant
from skelact.evaluation.results.outcome import Evaluation, PublishedNumber
from skelact.evaluation.results.published import published, published_name
from skelact.evaluation.results.scored import Scored
from skelact.evaluation.subset import label_files
from skelact.maths.streams import Stream
from skelact.runs import RunFolder
from skelact.system import processor
from skelact.system.printable import printable
from skelact.system.terminal import tell
from skelact.system.world import SkelactError, check_writable, machine
from skelact.train.scratch import has_no_run


def evaluate_run(
    protocol: str,
    run_or_encoder: Path,
    store: Path,
    split: str,
    seeds: int = 3,
    recipe: Config | None = None,
    progress: bool = True,
    stream: Stream | None = None,
    reuse: bool = False,
    controls: Path | None = None,
) -> Evaluation:
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
    start, path = time.perf_counter(), Path(run_or_encoder)
    asked = protocol_named(protocol)
    recipe = _recipe(asked, recipe)
    if seeds < 1:
        raise SkelactError(f"seeds must be at least 1, got {seeds}")
    folder, opened = results_folder(path), Store.open(store)
    encoder = asked.start(path, opened, recipe, stream)
    case = Case.open(encoder, opened, split, folder, progress, controls)
    same = _identity(asked, recipe, case, split, seeds)
    variant = _variant(asked, case, stream, same)
    name = asked.result.name_of(asked.name, opened.name, split, variant)
    if reuse and (kept := _kept(RunFolder(folder).results / f"{name}.json", asked, same)):
        tell(f"{name}: already evaluated with the same encoder, clips, settings and seeds; not run again")
        return kept
    check_writable(RunFolder(folder).results, f"{name}.safetensors")
    if slow := processor.doubt(asked.precision(recipe), case.device):
        tell(f"warning: {slow}")
    scored = measure(asked, case, recipe, seeds, name)
    seconds = time.perf_counter() - start
    result = _result(asked, case, {**same, "variant": variant, "seconds": seconds}, scored)
    asked.finish(path, case, split)
    if scored.network is not None:
        _save(RunFolder(folder).results / f"{name}.safetensors", scored.network, result, case)
    names, labels = case.names[case.rows.test], case.labels[case.rows.test]
    write_result(result, RunFolder(folder).results, names, labels, scored.scores.numpy(), scored.what)
    return result


def measure(protocol: AnyProtocol, case: Case, recipe: Config, seeds: int, name: str) -> Scored:
    """Run a protocol with seeds from 0; `name` is that of its result."""
    return protocol.measure(case, recipe, range(seeds), name)


def results_folder(run_or_encoder: Path) -> Path:
    """Where results about an encoder go: its run folder, or `<name>-evaluation` beside an encoder file."""
    path = Path(run_or_encoder)
    if path.is_dir() or has_no_run(path):
        return path
    if RunFolder(path.parent).has_encoder(path):
        return path.parent
    return path.parent / f"{path.stem}-evaluation"


def _recipe(protocol: AnyProtocol, recipe: Config | None) -> Config:
    if recipe is not None and not isinstance(recipe, protocol.options):
        raise SkelactError(f"{protocol.name} takes a {protocol.options.__name__}, got a {type(recipe).__name__}")
    return recipe or protocol.options()


def _identity(protocol: AnyProtocol, recipe: Config, case: Case, split: str, seeds: int) -> dict[str, Any]:
    """Everything that must be equal for two evaluations to be the same."""
    return {
        "protocol": protocol.name,
        "recipe": recipe.model_dump(mode="json"),
        "store_hash": case.prepared.hash,
        "content": content_hash(case.store),
        "scale": case.scale,
        "split": split,
        "rule": case.rows.rule,
        "encoder_hash": encoder_hash(case.encoder),
        "seeds": seeds,
    }


def _variant(protocol: AnyProtocol, case: Case, stream: Stream | None, same: dict[str, Any]) -> str:
    """Suffix of the file name that separates results of one protocol, store and split."""
    several = RunFolder(case.folder).streams or (stream and not protocol.uses_weights)
    parts = (protocol.variant(same["recipe"]), case.encoder.card.stream if several else "")
    name_of = partial(protocol.result.name_of, protocol.name, case.store.name, same["split"])
    return free_variant(RunFolder(case.folder).results, name_of, parts, same["content"], same["store_hash"])


def _kept(path: Path, protocol: AnyProtocol, same: dict[str, Any]) -> Evaluation | None:
    """The result at `path`, if it and the files beside it are of the same evaluation."""
    if not path.exists() or not path.with_suffix(".npz").exists():
        return None
    kept = read_result(path)
    try:  # settings that an older skelact did not have get their defaults, which never change
        recipe = protocol.options.model_validate(kept.recipe).model_dump(mode="json")
    except ValidationError:
        return None
    if any(value != (recipe if key == "recipe" else getattr(kept, key)) for key, value in same.items()):
        return None
    labels = getattr(kept, "labels", {})
    files = [path.parent / name for name in labels]
    return kept if all(file.exists() for file in files) and label_files(files) == labels else None


def _result(protocol: AnyProtocol, case: Case, known: dict[str, Any], scored: Scored) -> Evaluation:
    """The result, from what was known beforehand, the case and the scores."""
    card, store = case.encoder.card, case.store
    method = card.method if protocol.uses_weights else protocol.name
    common = {
        **known,
        "store": printable(store.name),
        "notes": (*case.notes, *seen_before(case)),
        "dataset": store.meta.dataset,
        "method": method,
        "stream": card.stream,
        "classes": case.answers.present,
        "train_clips": len(case.rows.train),
        "test_clips": len(case.rows.test),
        "majority": case.answers.majority,
        "chance": 100 / case.answers.present,
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "skelact": __version__,
        "machine": machine(),
    }
    if "published" in protocol.result.model_fields:
        common["published"] = _published(protocol, known["recipe"], method, case, known["split"])
    return without_idle_top5(protocol.result(**{**common, **scored.fields}))


def _save(path: Path, network: LoadedEncoder, result: Evaluation, case: Case) -> None:
    """The network of the first seed after its last epoch, with its head: an encoder file that `classify` takes."""
    origin = f"{result.protocol} on {result.store}, split {result.split}, seed 0; from {network.card.origin}"
    of_clips = {
        "classes": case.store.classes,
        "frame_rate": common_rate([case.store]),
        "seconds": median_seconds([case.store], [case.rows.train], case.prepared.preparation),
    }
    card = network.card.model_copy(update={"method": result.method, "origin": origin, **of_clips})
    save_encoder(path, network.network, card, network.head)


def _published(
    protocol: AnyProtocol, recipe: dict[str, Any], method: str, case: Case, split: str
) -> PublishedNumber | None:
    """The published number for the same evaluation, if there is one."""
    store, stream = case.store, case.encoder.card.stream
    known = store.table["action"][store.table["action"] >= 0]
    dataset = published_name(store.meta.dataset, len(set(known.tolist())), len(known))
    name = protocol.paper_method or method
    found = published(dataset, split, name, stream, protocol.name, protocol.setting(recipe))
    return found and PublishedNumber(top1=found.top1, source=found.source)

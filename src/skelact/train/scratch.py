"""The network that supervised training starts from: the shape of a run's, or the default without a run."""

from pathlib import Path

from skelact.data.store import Store
from skelact.data.units import common_unit
from skelact.encoders.config import DEFAULT
from skelact.encoders.file import EncoderCard, load_encoder, random_encoder
from skelact.encoders.loaded import LoadedEncoder
from skelact.maths.streams import Stream
from skelact.runs import RunFolder
from skelact.system.terminal import tell
from skelact.system.world import SkelactError
from skelact.train.labels import SupervisedConfig


def scratch(path: Path, store: Store, config: SupervisedConfig, stream: Stream | None = None) -> LoadedEncoder:
    """The network of the run or encoder file at `path` with random weights, in `stream`, changed as configured.

    Without a run there: ST-GCN of quarter width on the store's own skeleton, joint stream, preparation
    released, 50 frames.
    """
    if has_no_run(path):
        preparation, frames = config.preparation or "released", config.frames or 50
        card = EncoderCard(
            encoder=config.network(DEFAULT),
            skeleton=store.skeleton,
            stream=stream or "joint",
            preparation=preparation,
            frames=frames,
            persons=store.prepared(preparation, frames).meta.persons,
            units=common_unit(store.meta.units),
        )
        tell(
            f"{path}: no run there; a network of {card.encoder.size} for {frames} frames, preparation {preparation}, "
            f"{card.stream} stream, is trained from random weights; results are written there"
        )
        return random_encoder(card, 0)
    card = load_encoder(path).card
    wanted = {"stream": stream, "preparation": config.preparation, "frames": config.frames}
    asked = {key: value for key, value in wanted.items() if value is not None}
    return random_encoder(card.model_copy(update={**asked, "encoder": config.network(card.encoder)}), 0)


def has_no_run(path: Path) -> bool:
    """Whether `path` is free for a supervised training of its own: not there, or a folder of such trainings."""
    path = Path(path)
    if not path.exists():
        return path.suffix != ".safetensors"
    if not path.is_dir() or RunFolder(path).encoder().exists():
        return False
    if not RunFolder(path).config.exists():
        return not any(path.iterdir())
    try:
        return RunFolder(path).read_config()["config"]["recipe"] == "supervised"
    except (SkelactError, LookupError, TypeError):
        return False


def claim(folder: Path, store: Store, store_hash: str, split: str) -> None:
    """Write a config.json if the folder has none: the report can then read it, and no pretraining uses the folder."""
    run = RunFolder(folder)
    if run.config.exists() or run.encoder().exists() or run.streams:
        return
    origin = {"path": str(store.path), "name": store.name, "dataset": store.meta.dataset}
    values = {
        "config": {"recipe": "supervised", "method": {"name": "supervised"}},
        "stores": [{**origin, "hash": store_hash, "split": split}],
    }
    run.write_config(values)

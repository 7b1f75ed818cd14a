"""Identity of runs, stores and results: by content, because folders may be moved or share a name."""

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

from skelact.data.store import Store
from skelact.data.store.meta import PreparedMeta, read_sealed
from skelact.runs import RunFolder
from skelact.system.world import SkelactError, read_json

SHOWN = 10
"""Most runs listed in the error for a missing one."""
PROVENANCE = "sources.csv"
"""The file of a store that names the source files; no part of its content."""


def content_hash(store: Store) -> str:
    """SHA-256 over a store's recordings and labels, whatever it is called and whatever preparations it has."""
    marks = (f"{name} {mark.sha256}" for name, mark in sorted(store.meta.files.items()) if name != PROVENANCE)
    return hashlib.sha256("\n".join(marks).encode()).hexdigest()


def prepared_hashes(store: Store) -> set[str]:
    """SHA-256 of the clips of every preparation that a store has."""
    folders = (store.path / "prepared").glob("[!.]*/meta.json")
    return {read_sealed(path, PreparedMeta).files["clips.npy"].sha256 for path in folders}


def free_variant(
    folder: Path, name_of: Callable[[str], str], parts: Sequence[str], content: str, store_hash: str
) -> str:
    """The variant of a result in `folder`: its `parts`, joined, and the first letters of its store's `content`
    where a result of another store of the same name has that name already.

    Results of earlier versions know the hash of the prepared clips only.
    """
    plain, own = ("-".join(filter(None, some)) for some in (parts, (*parts, content[:8])))
    if (folder / f"{name_of(own)}.json").exists():
        return own
    path = folder / f"{name_of(plain)}.json"
    if not path.exists():
        return plain
    try:
        there = read_json(path)
    except SkelactError:
        return plain  # a damaged result may be replaced
    same = there["content"] == content if there.get("content") else there.get("store_hash") == store_hash
    return plain if same else own


def expect_run(path: Path) -> None:
    """SkelactError, listing the runs beside it, if there is neither a run folder nor an encoder file."""
    path = Path(path)
    if path.exists():
        return
    if not path.parent.is_dir():
        raise SkelactError(f"{path}: no such run, and no folder {path.parent}")
    if path.suffix == ".safetensors":
        beside = [one.name for one in path.parent.iterdir() if one.suffix == path.suffix]
        what, hint = "encoder file", "; skelact import-weights makes one of a published checkpoint"
    else:
        beside = [one.name for one in path.parent.iterdir() if RunFolder(one).is_run]
        what, hint = "run", "; skelact pretrain makes one"
    if beside:
        more = f" and {len(beside) - SHOWN} more" if len(beside) > SHOWN else ""
        hint = f"; in {path.parent} there are {', '.join(sorted(beside)[:SHOWN])}{more}"
    raise SkelactError(f"{path}: no such {what}{hint}")

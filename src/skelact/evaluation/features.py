"""Features of a frozen encoder for a whole store, cached by a hash of everything that they depend on."""

import hashlib
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float32

from skelact.config import Readout
from skelact.data.store import Prepared
from skelact.encoders.loaded import BATCH, LoadedEncoder
from skelact.evaluation.arrays import read_arrays, write_arrays
from skelact.skeleton import Skeleton
from skelact.system.terminal import tell
from skelact.system.world import SkelactError


def cached_features(
    encoder: LoadedEncoder,
    prepared: Prepared,
    skeleton: Skeleton,
    folder: Path,
    units: str | None = None,
    batch: int = BATCH,
    progress: bool = True,
    title: str = "features",
    readout: Readout = "pooled",
) -> Float32[np.ndarray, "n d"]:
    """Features h of all prepared clips of a store, cached in `folder`.

    `skeleton` and `units` are those of the clips. The cache depends on the weights, the card, the prepared clips,
    their joint names and the scale of their units. A damaged file is computed again.
    """
    if (prepared.preparation, prepared.frames) != (encoder.card.preparation, encoder.card.frames):
        raise SkelactError(
            f"the encoder expects clips prepared as {encoder.card.preparation}-{encoder.card.frames}, "
            f"found {prepared.preparation}-{prepared.frames}"
        )
    scale, _ = encoder.entrance.check(skeleton, units or encoder.card.units, "the store")
    key = features_key(encoder, prepared.hash, skeleton, scale, readout)
    file = folder / f"{key[:16]}.npz"
    kept = _kept(file, key, len(prepared.clips)) if file.exists() else None
    if kept is not None:
        return kept
    made = encoder.embed(prepared.clips, skeleton, units, batch=batch, progress=progress, title=title, readout=readout)
    write_arrays(file, {"features": made, "key": np.array(key)})
    return made


def features_key(
    encoder: LoadedEncoder, prepared_hash: str, skeleton: Skeleton, scale: float = 1.0, readout: Readout = "pooled"
) -> str:
    """SHA-256 over the encoder, the prepared clips, the names of its joints, the scale where it is not 1, and the
    readout where it is not pooled."""
    parts = [encoder_hash(encoder), prepared_hash, *skeleton.joints]
    parts += [f"scale {scale!r}"] if scale != 1 else []
    parts += [readout] if readout != "pooled" else []
    return hashlib.sha256("\n".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def encoder_hash(encoder: LoadedEncoder) -> str:
    """SHA-256 over the network's tensors (names, types, shapes, bytes) and the card; the same in every version."""
    digest = hashlib.sha256(encoder.card.as_hashed().encode())
    for name, tensor in sorted(encoder.network.state_dict().items()):
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        digest.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()


def best_device() -> torch.device:
    """The device of evaluation: a GPU if there is one."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def _kept(file: Path, key: str, clips: int) -> np.ndarray | None:
    """The features in a cache file; None, with a message, where it is not what was written."""
    try:
        kept, found = read_arrays(file, ("features", "key"))
    except SkelactError as error:
        tell(f"{error}; the features are computed again")
        return None
    fits = str(found) == key and kept.ndim == 2 and len(kept) == clips and kept.dtype == np.float32
    if not fits or not np.isfinite(kept).all():
        tell(f"{file}: not the features it should hold; they are computed again")
        return None
    return kept

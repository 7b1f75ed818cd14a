"""Features of a frozen encoder, computed once for a whole store and kept by what they were computed from."""

import hashlib
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float32

from skelact.data.progress import progress_bar
from skelact.data.store import Prepared
from skelact.encoders.file import LoadedEncoder
from skelact.evaluation.arrays import read_arrays, write_arrays
from skelact.evaluation.prepared import check_clips, check_values
from skelact.maths.streams import apply_stream
from skelact.skeleton import Skeleton
from skelact.system.allocator import kept_memory
from skelact.system.terminal import tell
from skelact.system.world import SkelactError

BATCH = 128
"""Clips that go through the encoder at once."""


def features(
    encoder: LoadedEncoder,
    clips: np.ndarray,
    skeleton: Skeleton | None = None,
    batch: int = BATCH,
    progress: bool = True,
    title: str = "features",
    scale: float = 1.0,
) -> Float32[np.ndarray, "n d"]:
    """h of every clip, not augmented, in the stream of the encoder's card. Runs where the network's weights are.

    `clips` (n, 3, t, v, m) are float32, prepared as the card says; any array may be given, for it is checked.
    `skeleton` is theirs where it is not the card's: joints are then mapped by name. Fewer persons than on the card are
    filled up with absent ones (zeros), as in training; more are pooled over like any other. `scale` is what coordinates
    are multiplied by to be in the unit of the card.
    SkelactError, naming the axis: another type, axes in another order, other frames than on the card, joints that the
    encoder needs are missing, clips that are plainly not prepared, coordinates or features that are not finite.
    """
    skeleton = skeleton or encoder.card.skeleton
    check_clips(encoder.card, clips, skeleton)
    order = encoder.card.skeleton.order_in(skeleton.joints)
    weight = next(encoder.network.parameters())
    out = np.empty((len(clips), encoder.network.features), np.float32)
    with torch.inference_mode(), kept_memory(weight.device.type == "cpu"), progress_bar(progress) as bar:
        line = bar.add_task(title, total=len(clips))
        for start in range(0, len(clips), batch):
            piece = clips[start : start + batch]
            check_values(encoder.card, piece, skeleton, start)
            # A copy: the file is mapped read-only, and torch wants memory that it may write.
            joints = torch.from_numpy(np.array(piece[:, :, :, order])).to(weight.device)
            if scale != 1:
                joints *= scale
            absent = max(0, encoder.card.persons - joints.shape[4])
            joints = torch.nn.functional.pad(joints, (0, absent))
            h = encoder.network(apply_stream(joints, encoder.card.stream, encoder.card.skeleton))
            out[start : start + batch] = h.float().cpu().numpy()
            bar.advance(line, len(h))
    bad = int((~np.isfinite(out)).any(1).sum())
    if bad:
        raise SkelactError(f"the encoder gave features that are not finite for {bad} of {len(out)} clips; expected 0")
    return out


def cached_features(
    encoder: LoadedEncoder,
    prepared: Prepared,
    skeleton: Skeleton,
    folder: Path,
    batch: int = BATCH,
    progress: bool = True,
    title: str = "features",
    scale: float = 1.0,
) -> Float32[np.ndarray, "n d"]:
    """`features` of all prepared clips of a store, kept in `folder` and taken from there when nothing has changed.

    Changed is: any weight, the card, the prepared clips, its joints, or `scale`. A damaged file is made anew.
    """
    if (prepared.preparation, prepared.frames) != (encoder.card.preparation, encoder.card.frames):
        raise SkelactError(
            f"the encoder expects clips prepared as {encoder.card.preparation}-{encoder.card.frames}, "
            f"found {prepared.preparation}-{prepared.frames}"
        )
    key = features_key(encoder, prepared.hash, skeleton, scale)
    file = folder / f"{key[:16]}.npz"
    kept = _kept(file, key, (len(prepared.clips), encoder.network.features)) if file.exists() else None
    if kept is not None:
        return kept
    made = features(encoder, prepared.clips, skeleton, batch, progress, title, scale)
    write_arrays(file, {"features": made, "key": np.array(key)})
    return made


def features_key(encoder: LoadedEncoder, prepared_hash: str, skeleton: Skeleton, scale: float = 1.0) -> str:
    """SHA-256 over the encoder, the prepared clips, the names of its joints, and the scale where it is not 1."""
    parts = (encoder_hash(encoder), prepared_hash, *skeleton.joints, *((f"scale {scale!r}",) if scale != 1 else ()))
    return hashlib.sha256("\n".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def encoder_hash(encoder: LoadedEncoder) -> str:
    """SHA-256 over the network's tensors (names, types, shapes, bytes) and the card."""
    digest = hashlib.sha256(encoder.card.model_dump_json().encode())
    for name, tensor in sorted(encoder.network.state_dict().items()):
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        digest.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()


def best_device() -> torch.device:
    """Where evaluation runs: the graphics card where there is one."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def _kept(file: Path, key: str, shape: tuple[int, int]) -> np.ndarray | None:
    """The features in a cache file; None, with a message, where it is not what was written."""
    try:
        kept, found = read_arrays(file, ("features", "key"))
    except SkelactError as error:
        tell(f"{error}; the features are computed again")
        return None
    if str(found) != key or kept.shape != shape or kept.dtype != np.float32 or not np.isfinite(kept).all():
        tell(f"{file}: not the features it should hold; they are computed again")
        return None
    return kept

"""Batches for training: the training clips of one or several stores, pooled in one layout."""

import queue
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from jaxtyping import Float, Float32, Int64
from torch import Tensor

from skelact.data.preparations import IN_BODY_SIZES
from skelact.data.rates import common_rate, median_seconds
from skelact.data.splits import split
from skelact.data.squeezed import squeezed_in
from skelact.data.store import Store
from skelact.data.units import UNKNOWN_UNITS, check_space, common_unit, factor, unit
from skelact.skeleton import Skeleton
from skelact.system.world import SkelactError

RESIDENT_BYTES = 4 * 2**30
"""A training set up to this size is copied to the training device; a larger one stays memory-mapped."""


def laid_out(
    clips: Float32[np.ndarray, "n 3 t j m"], joints: Int64[np.ndarray, "v"], scale: float, persons: int
) -> Float[Tensor, "n 3 t v p"]:
    """A copy of clips in another layout, unit and number of persons.

    Takes the joints `joints`, multiplies by `scale`, and pads with absent persons (zeros) up to `persons`.
    """
    copied = np.ascontiguousarray(clips[:, :, :, joints])
    if scale != 1:
        copied *= np.float32(scale)
    missing = persons - copied.shape[4]
    return torch.from_numpy(np.pad(copied, [(0, 0)] * 4 + [(0, missing)]) if missing else copied)


@dataclass(frozen=True)
class Part:
    """The clips of one store, and how its joints map to the common layout."""

    name: str
    clips: np.ndarray
    """(n, 3, t, v, m) of the whole store, memory-mapped."""
    train: Int64[np.ndarray, "rows"]
    test: Int64[np.ndarray, "others"]
    labels: Int64[np.ndarray, "n"]
    joints: Int64[np.ndarray, "v"]
    """For each joint of the common layout its index among the store's joints."""
    hash: str
    scale: float = 1.0
    """Factor that brings its coordinates to the common unit."""

    def take(self, rows: np.ndarray, persons: int) -> Float[Tensor, "n 3 t v m"]:
        """The clips `rows` in the common layout, padded with absent persons (zeros) up to `persons`."""
        return laid_out(self.clips[rows], self.joints, self.scale, persons)


@dataclass(frozen=True)
class TrainingClips:
    """Training clips numbered from 0, store after store."""

    skeleton: Skeleton
    persons: int
    frames: int
    parts: tuple[Part, ...]
    units: str = ""
    """Unit of all coordinates; empty where unknown."""
    notes: tuple[str, ...] = ()
    """Messages about how the stores were pooled."""
    frame_rate: float | None = None
    """Frames a second of all recordings; None where unknown or where stores differ."""
    seconds: float | None = None
    """Median seconds of recording in one clip; None where unknown."""

    @cached_property
    def _starts(self) -> np.ndarray:
        return np.cumsum([0, *(len(part.train) for part in self.parts)])

    def __len__(self) -> int:
        return int(self._starts[-1])

    @property
    def bytes(self) -> int:
        """Size of all training clips in memory."""
        return len(self) * 3 * self.frames * len(self.skeleton) * self.persons * 4

    def take(self, ids: Int64[Tensor, "n"]) -> Float[Tensor, "n 3 t v m"]:
        """The clips with these numbers, in this order, on the CPU."""
        numbers = ids.cpu().numpy()
        out = torch.empty(len(numbers), 3, self.frames, len(self.skeleton), self.persons)
        for start, part in zip(self._starts, self.parts, strict=False):
            mine = np.flatnonzero((numbers >= start) & (numbers < start + len(part.train)))
            if len(mine):
                # Ascending rows read a memory map forwards.
                forwards = mine[np.argsort(numbers[mine])]
                out[forwards] = part.take(part.train[numbers[forwards] - start], self.persons)
        return out


def training_clips(stores: list[Store], splits: list[str], preparation: str, frames: int) -> TrainingClips:
    """The training clips of `stores`, each under its split, mapped by joint name to the first layout that all contain.

    One split may be given for all stores. Lengths are converted to metres. SkelactError: the numbers of stores and
    splits differ, no layout is contained in all the others, units cannot be converted, or some positions are in a
    picture and others in a room.
    """
    if len(splits) == 1:
        splits = splits * len(stores)
    if len(splits) != len(stores):
        raise SkelactError(f"expected one split or one for each of the {len(stores)} stores, found {len(splits)}")
    skeleton = common_skeleton([store.skeleton for store in stores])
    units, scales, notes = _common_units(stores, preparation)
    parts = []
    persons = 1
    for store, name, scale in zip(stores, splits, scales, strict=True):
        chosen, prepared = split(store, name), store.prepared(preparation, frames)
        persons = max(persons, prepared.clips.shape[4])
        joints = skeleton.order_in(store.skeleton.joints)
        labels = store.table["action"]
        parts.append(Part(store.name, prepared.clips, chosen.train, chosen.test, labels, joints, prepared.hash, scale))
    for store in stores:
        long = squeezed_in(store, preparation, frames)
        notes += [f"{store.name}: {long}"] if long else []
    seconds = median_seconds(stores, [part.train for part in parts], preparation)
    return TrainingClips(skeleton, persons, frames, tuple(parts), units, tuple(notes), common_rate(stores), seconds)


def _common_units(stores: list[Store], preparation: str) -> tuple[str, list[float], list[str]]:
    """The unit that all are brought to, what each store's coordinates are multiplied by, and what to say of it.

    Clips in sizes of the body are multiplied by nothing, whatever the units of their recordings.
    """
    first = stores[0]
    common = common_unit(first.meta.units)
    scales, notes = list[float](), list[str]()
    for store in stores:
        own = unit(store.meta.units)
        whose = f"store {first.path}"
        check_space(store.skeleton, own, f"store {store.path}", first.skeleton, first.meta.units, whose)
        if preparation in IN_BODY_SIZES:
            scales.append(1.0)
            continue
        scales.append(factor(own, common, f"store {store.path}", f"store {first.path}"))
        if own != common:
            notes.append(f"units: {store.name} is converted from {own} to {common}")
    if len(stores) > 1 and common == UNKNOWN_UNITS and preparation not in IN_BODY_SIZES:
        notes.append(
            f"units: those of {' and '.join(store.name for store in stores)} are unknown and assumed to be the same; "
            "`skelact prepare --units` names them"
        )
    return common, scales, notes


def common_skeleton(skeletons: list[Skeleton]) -> Skeleton:
    """The first layout whose joints all others have too, by name. SkelactError if there is none."""
    for candidate in skeletons:
        if all(set(candidate.joints) <= set(other.joints) for other in skeletons):
            return candidate
    names = ", ".join(skeleton.name for skeleton in skeletons)
    smallest = min(skeletons, key=len)
    lacking = {joint for other in skeletons for joint in smallest.joints if joint not in other.joints}
    raise SkelactError(
        f"cannot pool the layouts {names}: none has only joints that all the others have; "
        f"of {smallest.name}'s joints another lacks {', '.join(sorted(lacking))}"
    )


Batch = tuple[Int64[Tensor, "n"], Float[Tensor, "n 3 t v m"]]


def batches(
    clips: TrainingClips, ids: Iterable[Tensor], device: torch.device, resident_bytes: int = RESIDENT_BYTES
) -> Iterator[Batch]:
    """(numbers, clips) of every batch of `ids`, on `device`.

    A set of at most `resident_bytes` is copied to the device once; otherwise a thread reads the next batch ahead.
    """
    if clips.bytes > resident_bytes:
        yield from _ahead(clips, ids, device)
        return
    everything = clips.take(torch.arange(len(clips))).to(device)
    for numbers in ids:
        numbers = numbers.to(device)
        yield numbers, everything[numbers]


def _ahead(clips: TrainingClips, ids: Iterable[Tensor], device: torch.device) -> Iterator[Batch]:
    """As `batches`, from the memory map: the next batch is read while the last one is used."""
    ready: queue.Queue[Batch | BaseException | None] = queue.Queue(maxsize=2)
    stop = threading.Event()

    def put(item: Batch | BaseException | None) -> None:
        while not stop.is_set():
            try:
                return ready.put(item, timeout=0.1)
            except queue.Full:
                continue

    def read() -> None:
        try:
            for numbers in ids:
                put((numbers, clips.take(numbers)))
                if stop.is_set():
                    return
            put(None)
        except BaseException as error:  # handed to the training thread, which raises it
            put(error)

    thread = threading.Thread(target=read, name="read ahead", daemon=True)
    thread.start()
    try:
        while (item := ready.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item[0].to(device), item[1].to(device)
    finally:
        stop.set()
        thread.join()

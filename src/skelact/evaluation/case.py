"""The input of every protocol: an encoder, a labelled store and a split of it."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Int64

from skelact.config import Readout
from skelact.data.batches import TrainingClips
from skelact.data.measurable import check_measurable, labelled
from skelact.data.splits import Split
from skelact.data.splits import split as split_of
from skelact.data.squeezed import squeezed_in
from skelact.data.store import Prepared, Store
from skelact.encoders.loaded import LoadedEncoder
from skelact.evaluation.features import best_device, cached_features
from skelact.runs import RunFolder
from skelact.system.printable import printable
from skelact.train.task import Task, task


@dataclass(frozen=True)
class Case:
    """An encoder on the clips of a split, prepared as its card says. Results go into `folder`."""

    encoder: LoadedEncoder
    store: Store
    prepared: Prepared
    rows: Split
    folder: Path
    progress: bool
    device: torch.device
    controls: Path | None = None
    """Folder of controls shared with other runs; None: not shared."""
    scale: float = 1.0
    """Factor from the units of the clips to those of the encoder."""
    notes: tuple[str, ...] = ()
    """Notes about the clips, for the result."""

    @classmethod
    def open(
        cls,
        encoder: LoadedEncoder,
        store: Store,
        split: str,
        folder: Path,
        progress: bool,
        controls: Path | None = None,
    ) -> "Case":
        """Clips without a label are left out, and `notes` says how many.

        SkelactError: no such split, no labelled train or test clips, joints or units that do not map.
        """
        rows = split_of(store, split)
        check_measurable(store, rows)
        # Before a preparation is made that could not be used.
        scale, of_units = encoder.entrance.check(store.skeleton, store.meta.units, store.name)
        kept = labelled(rows, store.table["action"])
        notes = (_left_out(rows, kept), of_units, squeezed_in(store, encoder.card.preparation, encoder.card.frames))
        prepared = store.prepared(encoder.card.preparation, encoder.card.frames)
        given = (encoder, store, prepared, kept, folder, progress, best_device(), controls, scale)
        made = cls(*given, tuple(printable(note) for note in notes if note))
        _ = made.answers  # raises before anything is computed
        return made

    @property
    def labels(self) -> Int64[np.ndarray, "all"]:
        """Class of every clip of the store."""
        return self.store.table["action"]

    @property
    def names(self) -> np.ndarray:
        """Name of every clip of the store."""
        return self.store.table["name"]

    @cached_property
    def answers(self) -> Task:
        """The labels of both sides, with features that are all zero."""
        nothing = np.zeros((len(self.labels), 1), np.float32)
        return task(nothing, self.labels, self.rows.train, self.rows.test, len(self.store.classes))

    def task(self, encoder: LoadedEncoder, readout: Readout = "pooled") -> Task:
        """Features of an encoder for the split, on the device; kept in the run's folder."""
        encoder.to(self.device)
        title = "features" if encoder is self.encoder else encoder.card.origin
        folder = RunFolder(self.folder).features
        skeleton, units = self.store.skeleton, self.store.meta.units
        found = cached_features(
            encoder, self.prepared, skeleton, folder, units, progress=self.progress, title=title, readout=readout
        )
        classes = len(self.store.classes)
        return task(found, self.labels, self.rows.train, self.rows.test, classes).to(self.device)

    def clips(self, rows: Int64[np.ndarray, "n"]) -> TrainingClips:
        """These clips of the store in the layout of the card, for training; joints are mapped by name."""
        return self.encoder.entrance.clips_of(self.store, self.prepared, rows)


def _left_out(rows: Split, kept: Split) -> str:
    """A sentence with the number of unlabelled clips; empty if there are none."""
    sides = (("train", rows.train, kept.train), ("test", rows.test, kept.test))
    counts = [
        f"{len(there) - len(used)} of {len(there)} {side} clips"
        for side, there, used in sides
        if len(there) > len(used)
    ]
    return f"{' and '.join(counts)} have no label and are left out" if counts else ""

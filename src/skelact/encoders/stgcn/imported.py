"""Imports published checkpoints of the ST-GCN family: strict, and without running code."""

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from skelact.data.readers.ntu_classes import NTU_CLASSES
from skelact.data.units import unit
from skelact.encoders.config import STGCNConfig
from skelact.encoders.file import EncoderCard, LoadedEncoder, head_shapes, mismatch, shapes_of, without_memory
from skelact.encoders.finding import Found, find_encoder
from skelact.encoders.stgcn.network import GRAPHS, STGCN
from skelact.encoders.stored import Contents
from skelact.encoders.torchfile import opened_torch
from skelact.layouts import KINECT_V2, LAYOUTS
from skelact.maths.streams import Stream
from skelact.skeleton import Skeleton
from skelact.system.pickles.makes import RefusedPickle
from skelact.system.printable import printable
from skelact.system.world import SkelactError, file_hash

_PUBLISHED = ("", "encoder_q", "encoder_q.backbone")
"""Prefixes of the encoder's names in the files of the published programs."""


@dataclass(frozen=True)
class Import:
    """An imported encoder, and what was done with each tensor of the checkpoint."""

    encoder: LoadedEncoder
    loaded: tuple[str, ...]
    left_out: tuple[str, ...]
    """Tensors outside the encoder: key networks, banks, projection heads."""
    layout: str
    """The layout, and why it was chosen."""
    where: str = ""
    """Prefix of the encoder's names in the file."""
    passed_over: tuple[str, ...] = ()
    """Classes and functions of other objects in the file; none was created or called."""

    def report(self) -> str:
        """Text for the user: what was loaded, where it was found, and what was left out."""
        head = self.encoder.head
        lines = [
            f"loaded: {len(self.loaded)} tensors, {self.encoder.card.encoder.size}, "
            f"{self.encoder.card.skeleton.name}, "
            + (f"with a head of {head.out_features} classes" if head else "no classifier head"),
            f"layout: {self.layout}",
            *([] if self.where in _PUBLISHED else [f"found under: {self.where}"]),
        ]
        if self.left_out:
            first = sorted({".".join(name.split(".")[:2]) for name in self.left_out})
            lines.append(
                f"left out, not part of an encoder: {len(self.left_out)} tensors: {', '.join(first[:8])}"
                + (", ..." if len(first) > 8 else "")
            )
        if self.passed_over:
            lines.append(
                f"other objects, ignored and not run: {', '.join(self.passed_over[:8])}"
                + (", ..." if len(self.passed_over) > 8 else "")
            )
        return printable("\n".join(lines), keep="\n")


def import_weights(
    file: Path,
    stream: Stream = "joint",
    preparation: str = "released",
    frames: int = 50,
    persons: int = 2,
    skeleton: Skeleton | None = None,
    classes: tuple[str, ...] | None = None,
    units: str | None = None,
    prefix: str | None = None,
) -> Import:
    """Read a published checkpoint.

    `skeleton` is the layout. Default: the built-in layout whose graph is in the file, else the first one with as many
    joints; the report says which. `classes` are the names of the classifier's outputs. Default on Kinect v2 for 60 or
    120 outputs: those of NTU RGB+D. `units` are those of the training clips (default: metres on Kinect v2, else
    unknown). The encoder is found by its tensor names, with any prefix; `prefix` chooses one if several are possible.
    SkelactError: no checkpoint, not of this family, several encoders, tensors missing, unexpected or misshaped.
    """
    file = Path(file)
    found, tensors, head_tensors, contents = _read(file, stream, prefix)
    config, adjacency = _size(file, tensors), tensors["adjacency"]
    skeleton, layout = (skeleton, f"{skeleton.name}, as given") if skeleton else _layout(file, adjacency)
    config = config.model_copy(update={"graph": _graph(adjacency, skeleton) or config.graph})
    shapes = shapes_of(without_memory(config, skeleton, frames, persons))
    _without_counters(shapes, tensors)
    problems = mismatch(shapes, {name: tuple(held.shape) for name, held in {**tensors, **found.unexpected}.items()})
    if problems:
        raise SkelactError(f"{file}: these weights are not an ST-GCN encoder of width {config.width}\n{problems}")
    network = STGCN(config, skeleton)
    network.load_state_dict(tensors)
    head = _head(file, head_tensors, config.features)
    card = EncoderCard(
        encoder=config,
        skeleton=skeleton,
        stream=stream,
        preparation=preparation,
        frames=frames,
        persons=persons,
        classes=_class_names(file, head, skeleton, classes),
        units=unit(units) if units else "metres" if skeleton == KINECT_V2 else None,
        origin=f"imported from {Path(file).name}, sha256 {file_hash(file)}",
    )
    loaded = (*tensors, *(f"head.{name}" for name in head_tensors))
    return Import(LoadedEncoder(network, card, head), loaded, found.left_out, layout, found.where, contents.unmade)


def _read(
    file: Path, stream: Stream, prefix: str | None
) -> tuple[Found, dict[str, Tensor], dict[str, Tensor], Contents]:
    """The encoder found in a checkpoint, its tensors under our names, those of its head, and the whole content."""
    if not file.is_file():
        raise SkelactError(f"{file}: no such file")
    try:
        with opened_torch(file) as contents:
            if not contents.tables:
                raise SkelactError(f"{file}: expected a dictionary of tensors (a state dict), found none in it")
            try:
                found = find_encoder(contents.tables, stream, prefix)
            except SkelactError as error:
                raise SkelactError(f"{file}: {error}") from error
            parts = (*found.tensors.values(), *found.head.values())
            if sum(part.bytes for part in parts) > contents.size:
                raise SkelactError(f"{file}: expected tensors that do not overlap, found some that do")
            tensors = {name: part.tensor() for name, part in found.tensors.items()}
            head = {name: part.tensor() for name, part in found.head.items()}
    except (RefusedPickle, OSError) as error:
        raise SkelactError(
            f"{file}: not a file of PyTorch weights ({error}); files that run code when read are refused"
        ) from error
    return found, tensors, head, contents


def _size(file: Path, tensors: dict[str, Tensor]) -> STGCNConfig:
    """Configuration (width, features, channels) from the shapes."""
    needed = ("adjacency", "blocks.0.spatial.weight", "blocks.9.temporal.weight", "input_norm.weight")
    absent = [name for name in needed if name not in tensors]
    if absent:
        raise SkelactError(
            f"{file}: not a checkpoint of the ST-GCN family: found {len(tensors)} tensors with names of that family, "
            f"none that give {', '.join(absent)}"
        )
    adjacency, first, last = tensors["adjacency"], tensors["blocks.0.spatial.weight"], tensors[needed[2]]
    square = adjacency.ndim == 3 and adjacency.shape[1] == adjacency.shape[2]
    if not square or first.ndim != 4 or last.ndim != 4 or not 0 < len(adjacency) <= len(first) or not last.numel():
        raise SkelactError(
            f"{file}: expected an adjacency (k, v, v) and weights (k w, c, 1, 1) and (d, 4 w, 9, 1), "
            f"found {tuple(adjacency.shape)}, {tuple(first.shape)} and {tuple(last.shape)}"
        )
    return STGCNConfig(
        width=first.shape[0] // adjacency.shape[0],
        features=last.shape[0],
        channels=first.shape[1],
    )


def _layout(file: Path, adjacency: Tensor) -> tuple[Skeleton, str]:
    """The built-in layout for the file's adjacency matrices, and why it was chosen."""
    joints = adjacency.shape[1]
    fitting = [skeleton for skeleton in LAYOUTS if len(skeleton) == joints]
    if not fitting:
        raise SkelactError(f"{file}: no built-in layout has {joints} joints; give one with --skeleton FILE.json")
    alike = [skeleton for skeleton in fitting if _graph(adjacency, skeleton)]
    first, *others = alike or fitting
    if not alike:
        why = f"it has {joints} joints; the file's graph is not a built-in one and is kept"
    else:
        why = f"the file has its {_graph(adjacency, first)} graph"
    if others:
        why += f"; {', '.join(other.name for other in others)} would fit too: choose with --skeleton FILE.json"
    return first, f"{first.name}: {why}"


def _graph(adjacency: Tensor, skeleton: Skeleton) -> str | None:
    """Name of our graph that equals the file's matrices; None if no graph does.

    The matrices are loaded unchanged. Only controls are built from the name (the default one if None).
    """
    for name, graph in GRAPHS.items():
        ours = torch.tensor(graph(skeleton), dtype=adjacency.dtype)
        if ours.shape == adjacency.shape and torch.allclose(ours, adjacency, atol=1e-5):
            return name
    return None


def _without_counters(shapes: dict[str, tuple[int, ...]], tensors: dict[str, Tensor]) -> None:
    """Set missing batch counters of BatchNorm to 0. Old checkpoints have none, and evaluation does not use them."""
    counters = {name: torch.tensor(0) for name in shapes if name.endswith("num_batches_tracked")}
    if not tensors.keys() & counters.keys():
        tensors |= counters


def _head(file: Path, tensors: dict[str, Tensor], features: int) -> nn.Linear | None:
    """The classifier, stored as a linear layer or as a 1 x 1 convolution; None without one."""
    if not tensors:
        return None
    if set(tensors) != {"weight", "bias"}:
        raise SkelactError(f"{file}: expected a head with weight and bias, found only {', '.join(tensors)}")
    weight = tensors["weight"]
    if weight.ndim not in (2, 4) or not weight.numel():
        raise SkelactError(
            f"{file}: expected a head (classes, {features}) or (classes, {features}, 1, 1), found {tuple(weight.shape)}"
        )
    weight = weight.reshape(len(weight), -1)
    problems = mismatch(
        head_shapes(features, len(weight)), {"weight": tuple(weight.shape), "bias": tuple(tensors["bias"].shape)}
    )
    if problems:
        raise SkelactError(f"{file}: the classifier head does not fit\n{problems}")
    head = nn.Linear(features, len(weight))
    head.load_state_dict({"weight": weight, "bias": tensors["bias"]})
    return head


def _class_names(
    file: Path, head: nn.Linear | None, skeleton: Skeleton, classes: tuple[str, ...] | None
) -> tuple[str, ...]:
    if head is None:
        return ()
    count = head.out_features
    if classes is not None:
        if len(classes) != count:
            raise SkelactError(
                f"{file}: the head has {count} outputs, expected as many class names (--classes), found {len(classes)}"
            )
        return classes
    if skeleton.name == "kinect_v2" and count in (60, 120):
        return NTU_CLASSES[:count]
    return tuple(f"class {number}" for number in range(count))
